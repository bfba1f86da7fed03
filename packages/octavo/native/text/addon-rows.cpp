// jsonRows: see native.ts for its type.
#include <algorithm>
#include <cstring>

#include "addon.h"
#include "json-rows.h"
#include "napi.h"

namespace octavo::text {

namespace {

constexpr uint32_t kMostNames = 16;

napi_value stringOf(napi_env env, const JsonText& text) {
  napi_value value;
  if (text.isWide) check(env, napi_create_string_utf16(env, text.wide.data(), text.units, &value));
  else check(env, napi_create_string_latin1(env, reinterpret_cast<const char*>(text.narrow.data()), text.units, &value));
  return value;
}

// (lines: Uint8Array, names: Uint8Array[]) → of each line as many values as names: its texts; or its bytes, or null where it is
// blank, and nothing
napi_value jsonRows(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments<2> args(env, info);
    const View lines = toTyped(env, args[0], napi_uint8_array);
    uint32_t names;
    check(env, napi_get_array_length(env, args[1], &names));
    if (names == 0 || names > kMostNames) throw std::invalid_argument("1 to 16 names are expected");
    static thread_local std::vector<JsonField> fields;
    fields.resize(names);
    for (uint32_t at = 0; at < names; ++at) {
      napi_value name;
      check(env, napi_get_element(env, args[1], at, &name));
      const View view = toTyped(env, name, napi_uint8_array);
      fields[at].name = view.data;
      fields[at].nameBytes = view.count;
    }
    napi_value buffer, none, values;
    size_t offset;
    check(env, napi_get_typedarray_info(env, args[0], nullptr, nullptr, nullptr, &buffer, &offset));
    check(env, napi_get_undefined(env, &none));
    const uint8_t* const begin = lines.data;
    const uint8_t* const end = begin + lines.count;
    std::vector<napi_value> found;
    for (const uint8_t* from = begin; from < end;) {
      const uint8_t* stop = fieldsOfRow(from, end, fields);
      if (stop != nullptr) {
        for (const JsonField& field : fields) found.push_back(field.isFound ? stringOf(env, field.text) : none);
      } else {
        const void* const newline = std::memchr(from, '\n', size_t(end - from));
        stop = newline == nullptr ? end : static_cast<const uint8_t*>(newline);
        const bool isBlank = std::all_of(from, stop, [](uint8_t byte) { return byte == ' ' || byte == '\t' || byte == '\r'; });
        napi_value row;
        if (isBlank) check(env, napi_get_null(env, &row));
        else check(env, napi_create_typedarray(env, napi_uint8_array, size_t(stop - from), buffer, offset + size_t(from - begin), &row));
        found.push_back(row);
        found.resize(found.size() + names - 1, none);
      }
      from = stop + 1;
    }
    check(env, napi_create_array_with_length(env, found.size(), &values));
    for (uint32_t at = 0; at < found.size(); ++at) check(env, napi_set_element(env, values, at, found[at]));
    // What one huge text needed is not kept for ever.
    for (JsonField& field : fields)
      if (field.text.narrow.size() > size_t(16) << 20) field.text = {};
    return values;
  });
}

}  // namespace

void addRows(napi_env env, napi_value exports) { setFunction(env, exports, "jsonRows", jsonRows); }

}  // namespace octavo::text
