// Columns of texts where DuckDB holds them, as `duckdb_string_t` of its C API describes an item: short texts lie in the
// item, of others it has the address. Only what DuckDB wrote may come here.
#pragma once
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

// ({ items: Uint8Array }[]): all texts in order. They last until they are released; the array must not change before.
inline std::vector<Span> toTextVectors(napi_env env, napi_value vectors) {
  std::vector<Span> spans;
  uint32_t count;
  check(env, napi_get_array_length(env, vectors, &count));
  for (uint32_t at = 0; at < count; ++at) {
    napi_value vector, items;
    check(env, napi_get_element(env, vectors, at, &vector));
    check(env, napi_get_named_property(env, vector, "items", &items));
    const View view = toTyped(env, items, napi_uint8_array);
    if (view.count % sizeof(TextItem) != 0 || reinterpret_cast<uintptr_t>(view.data) % alignof(TextItem) != 0)
      throw std::invalid_argument("items of texts are expected");
    const auto* item = reinterpret_cast<const TextItem*>(view.data);
    for (const auto* const end = item + view.count / sizeof(TextItem); item < end; ++item) spans.push_back(item->span());
  }
  return spans;
}

}  // namespace octavo::text
