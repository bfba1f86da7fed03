// The little of Node-API that this addon needs, with every status checked.
#pragma once
#include <node_api.h>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "utf16.h"
#include "word-key.h"

namespace octavo::text {

// A JavaScript error is already waiting to be thrown.
struct Pending {};

inline void check(napi_env env, napi_status status) {
  if (status == napi_ok) return;
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  if (!pending) {
    const napi_extended_error_info* info = nullptr;
    napi_get_last_error_info(env, &info);
    napi_throw_error(env, "INTERNAL", info && info->error_message ? info->error_message : "Node-API call failed");
  }
  throw Pending{};
}

// Runs `body`, turning C++ exceptions into JavaScript ones.
template <typename Body>
napi_value guarded(napi_env env, Body body) {
  try {
    return body();
  } catch (const Pending&) {
  } catch (const std::bad_alloc&) {
    napi_throw_error(env, "OUT_OF_MEMORY", "not enough memory");
  } catch (const std::exception& error) {
    napi_throw_error(env, "INVALID", error.what());
  }
  return nullptr;
}

template <size_t count>
struct Arguments {
  napi_value values[count];
  Arguments(napi_env env, napi_callback_info info) {
    size_t given = count;
    check(env, napi_get_cb_info(env, info, &given, values, nullptr, nullptr));
    if (given < count) throw std::invalid_argument("too few arguments");
  }
  napi_value operator[](size_t at) const { return values[at]; }
};

inline uint32_t toUint32(napi_env env, napi_value value) {
  uint32_t number;
  check(env, napi_get_value_uint32(env, value, &number));
  return number;
}

struct View {
  uint8_t* data;
  size_t count;
};

// A typed array of exactly this type.
inline View toTyped(napi_env env, napi_value value, napi_typedarray_type expected) {
  bool typed = false;
  check(env, napi_is_typedarray(env, value, &typed));
  if (!typed) throw std::invalid_argument("a typed array is expected");
  napi_typedarray_type type;
  void* data;
  size_t count;
  check(env, napi_get_typedarray_info(env, value, &type, &count, &data, nullptr, nullptr));
  if (type != expected) throw std::invalid_argument("a typed array of another type is expected");
  return {static_cast<uint8_t*>(data), count};
}

inline bool isString(napi_env env, napi_value value) {
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  return type == napi_string;
}

// Appends the UTF-8 of a string, or the bytes of a Uint8Array, without padding; lone surrogates become U+FFFD.
inline size_t appendText(napi_env env, napi_value value, std::vector<uint8_t>& buffer, size_t used) {
  if (!isString(env, value)) {
    const View bytes = toTyped(env, value, napi_uint8_array);
    if (buffer.size() < used + bytes.count + kPadding) buffer.resize((used + bytes.count) * 5 / 4 + kPadding);
    if (bytes.count > 0) std::memcpy(buffer.data() + used, bytes.data, bytes.count);
    return used + bytes.count;
  }
  size_t units;
  check(env, napi_get_value_string_utf16(env, value, nullptr, 0, &units));
  const size_t needed = used + units * 3 + kPadding;
  if (buffer.size() < needed) buffer.resize(needed + needed / 4);
  static thread_local std::vector<char16_t> wide;
  if (wide.size() < units + 1) wide.resize(units + units / 4 + 64);
  check(env, napi_get_value_string_utf16(env, value, wide.data(), units + 1, &units));
  const size_t end = size_t(utf16ToUtf8(wide.data(), units, buffer.data() + used) - buffer.data());
  // What one huge text needed is not kept for ever.
  if (wide.size() > size_t(16) << 20) std::vector<char16_t>().swap(wide);
  return end;
}

inline napi_value uint32Array(napi_env env, const uint32_t* data, size_t count) {
  void* memory;
  napi_value buffer, array;
  check(env, napi_create_arraybuffer(env, count * sizeof(uint32_t), &memory, &buffer));
  if (count > 0) std::memcpy(memory, data, count * sizeof(uint32_t));
  check(env, napi_create_typedarray(env, napi_uint32_array, count, buffer, 0, &array));
  return array;
}

inline napi_value uint8Array(napi_env env, const uint8_t* data, size_t count) {
  void* memory;
  napi_value buffer, array;
  check(env, napi_create_arraybuffer(env, count, &memory, &buffer));
  if (count > 0) std::memcpy(memory, data, count);
  check(env, napi_create_typedarray(env, napi_uint8_array, count, buffer, 0, &array));
  return array;
}

// C++ objects behind JavaScript ones: tagged, so that nothing else is taken for one.
template <typename T>
napi_value wrap(napi_env env, T* object) {
  napi_value value;
  check(env, napi_create_object(env, &value));
  check(env, napi_type_tag_object(env, value, &T::kTag));
  check(env, napi_wrap(env, value, object, [](napi_env, void* data, void*) { T::release(static_cast<T*>(data)); }, nullptr, nullptr));
  return value;
}

template <typename T>
T& unwrap(napi_env env, napi_value value) {
  bool matches = false;
  napi_valuetype type;
  check(env, napi_typeof(env, value, &type));
  if (type == napi_object) check(env, napi_check_object_type_tag(env, value, &T::kTag, &matches));
  if (!matches) throw std::invalid_argument("an object of another kind is expected");
  void* object;
  check(env, napi_unwrap(env, value, &object));
  return *static_cast<T*>(object);
}

}  // namespace octavo::text
