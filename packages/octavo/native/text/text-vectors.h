// Columns of texts where DuckDB holds them, as `duckdb_string_t` of its C API describes an item: short texts lie in the
// item, of others it has the address. Only what DuckDB wrote may come here.
#pragma once
#include <memory>
#include <vector>

#include "napi.h"

namespace octavo::text {

struct Span {
  const uint8_t* data;
  size_t length;
};

struct TextItem {
  static constexpr uint32_t kInline = 12;
  uint32_t length;
  uint8_t start[4];
  const uint8_t* address;

  Span span() const { return {length <= kInline ? start : address, length}; }
};
static_assert(sizeof(TextItem) == 16, "addresses have 64 bits");

// Bytes that an object keeps and V8 does not know of: it is told, so that it collects the object before there are many.
inline void weigh(napi_env env, napi_value owner, int64_t bytes) {
  int64_t total;
  check(env, napi_adjust_external_memory(env, bytes, &total));
  auto held = std::make_unique<int64_t>(bytes);
  check(env, napi_add_finalizer(
                 env, owner, held.get(),
                 [](napi_env env, void* data, void*) {
                   const std::unique_ptr<int64_t> held(static_cast<int64_t*>(data));
                   int64_t total;
                   napi_adjust_external_memory(env, -*held, &total);
                 },
                 nullptr, nullptr));
  held.release();
}

// ({ items: Uint8Array, owner: object }[]): all texts in order. They last as long as the array that was given, which
// must not change.
inline std::vector<Span> toTextVectors(napi_env env, napi_value vectors) {
  std::vector<Span> spans;
  uint32_t count;
  check(env, napi_get_array_length(env, vectors, &count));
  for (uint32_t at = 0; at < count; ++at) {
    napi_value vector, items, owner;
    check(env, napi_get_element(env, vectors, at, &vector));
    check(env, napi_get_named_property(env, vector, "items", &items));
    check(env, napi_get_named_property(env, vector, "owner", &owner));
    const View view = toTyped(env, items, napi_uint8_array);
    if (view.count % sizeof(TextItem) != 0 || reinterpret_cast<uintptr_t>(view.data) % alignof(TextItem) != 0)
      throw std::invalid_argument("items of texts are expected");
    const auto* item = reinterpret_cast<const TextItem*>(view.data);
    int64_t bytes = 0;
    for (const auto* const end = item + view.count / sizeof(TextItem); item < end; ++item) {
      spans.push_back(item->span());
      bytes += item->length;
    }
    weigh(env, owner, bytes);
  }
  return spans;
}

}  // namespace octavo::text
