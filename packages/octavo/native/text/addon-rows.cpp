// jsonRows: see native.ts for its type.
#include <algorithm>
#include <cstring>

#include "addon.h"
#include "json-rows.h"
#include "napi.h"

namespace octavo::text {

namespace {

napi_value stringOf(napi_env env, const JsonText& text) {
  napi_value value;
  if (text.isWide) check(env, napi_create_string_utf16(env, text.wide.data(), text.units, &value));
  else check(env, napi_create_string_latin1(env, reinterpret_cast<const char*>(text.narrow.data()), text.units, &value));
  return value;
}

// (lines: Uint8Array, name: Uint8Array) → of each line its text, its bytes, or null where it is blank
napi_value jsonRows(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments<2> args(env, info);
    const View lines = toTyped(env, args[0], napi_uint8_array);
    const View name = toTyped(env, args[1], napi_uint8_array);
    static thread_local JsonText text;
    napi_value rows, buffer;
    size_t offset;
    check(env, napi_get_typedarray_info(env, args[0], nullptr, nullptr, nullptr, &buffer, &offset));
    const uint8_t* const begin = lines.data;
    const uint8_t* const end = begin + lines.count;
    std::vector<napi_value> found;
    for (const uint8_t* from = begin; from < end;) {
      const uint8_t* stop = fieldOfRow(from, end, name.data, name.count, text);
      napi_value row;
      if (stop != nullptr) {
        row = stringOf(env, text);
      } else {
        const void* const newline = std::memchr(from, '\n', size_t(end - from));
        stop = newline == nullptr ? end : static_cast<const uint8_t*>(newline);
        const bool isBlank = std::all_of(from, stop, [](uint8_t byte) { return byte == ' ' || byte == '\t' || byte == '\r'; });
        if (isBlank) check(env, napi_get_null(env, &row));
        else check(env, napi_create_typedarray(env, napi_uint8_array, size_t(stop - from), buffer, offset + size_t(from - begin), &row));
      }
      found.push_back(row);
      from = stop + 1;
    }
    check(env, napi_create_array_with_length(env, found.size(), &rows));
    for (uint32_t number = 0; number < found.size(); ++number) check(env, napi_set_element(env, rows, number, found[number]));
    // What one huge text needed is not kept for ever.
    if (text.narrow.size() > size_t(16) << 20) text = {};
    return rows;
  });
}

}  // namespace

void addRows(napi_env env, napi_value exports) { setFunction(env, exports, "jsonRows", jsonRows); }

}  // namespace octavo::text
