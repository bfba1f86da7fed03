// minHash, repeatedSpans: see native.ts for their types.
#include <algorithm>

#include "addon.h"
#include "min-hash.h"
#include "napi.h"
#include "repeats.h"

namespace octavo::text {

namespace {

// (text: string in lower case) → Int32Array of the signature and behind it the hashes of runs, sorted, each once
napi_value minHashOf(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments<1> args(env, info);
    size_t units;
    check(env, napi_get_value_string_utf16(env, args[0], nullptr, 0, &units));
    static thread_local std::vector<char16_t> wide;
    static thread_local std::vector<uint32_t> runs;
    if (wide.size() < units + 1) wide.resize(units + units / 4 + 64);
    check(env, napi_get_value_string_utf16(env, args[0], wide.data(), units + 1, &units));
    int32_t signature[kHashes];
    minHash(wide.data(), units, runs, signature);
    void* memory;
    napi_value buffer, array;
    const size_t count = kHashes + runs.size();
    check(env, napi_create_arraybuffer(env, count * sizeof(int32_t), &memory, &buffer));
    std::copy_n(signature, kHashes, static_cast<int32_t*>(memory));
    std::copy(runs.begin(), runs.end(), static_cast<uint32_t*>(memory) + kHashes);
    check(env, napi_create_typedarray(env, napi_int32_array, count, buffer, 0, &array));
    // What one huge text needed is not kept for ever.
    if (wide.size() > size_t(16) << 20) std::vector<char16_t>().swap(wide);
    if (runs.capacity() > size_t(16) << 20) std::vector<uint32_t>().swap(runs);
    return array;
  });
}

// (bytes: Uint8Array, ends: Uint32Array, ascending, the last one their number; least) → Uint32Array of from, to, …
napi_value repeatedSpansOf(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments<3> args(env, info);
    const View bytes = toTyped(env, args[0], napi_uint8_array);
    const View given = toTyped(env, args[1], napi_uint32_array);
    const uint32_t least = toUint32(env, args[2]);
    const auto* first = reinterpret_cast<const uint32_t*>(given.data);
    const std::vector<uint32_t> ends(first, first + given.count);
    if (bytes.count > size_t(1) << 30) throw std::length_error("the block is too large");
    if (least == 0 || !std::is_sorted(ends.begin(), ends.end()) || (ends.empty() ? bytes.count > 0 : ends.back() != bytes.count))
      throw std::invalid_argument("the ends of documents do not fit the bytes");
    const auto spans = repeatedSpans(bytes.data, bytes.count, ends, least);
    return uint32Array(env, spans.data(), spans.size());
  });
}

}  // namespace

void addDuplicates(napi_env env, napi_value exports) {
  setFunction(env, exports, "minHash", minHashOf);
  setFunction(env, exports, "repeatedSpans", repeatedSpansOf);
}

}  // namespace octavo::text
