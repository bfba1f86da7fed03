// learnCharacters, characterOdds: see native.ts for their types.
#include <algorithm>

#include "addon.h"
#include "character-model.h"
#include "napi.h"

namespace octavo::text {

namespace {

uint32_t* tableOf(napi_env env, napi_value value) {
  const View table = toTyped(env, value, napi_uint32_array);
  if (table.count != kModelWords) throw std::invalid_argument("the table of the model is of another size");
  return reinterpret_cast<uint32_t*>(table.data);
}

// What is looked at of a text, with room around it.
struct Beginning {
  char16_t padded[kModelPadding + kModelUnits + kModelPadding + 1] = {};
  size_t count;
  Beginning(napi_env env, napi_value text) {
    check(env, napi_get_value_string_utf16(env, text, padded + kModelPadding, kModelUnits + 1, &count));
  }
  const char16_t* units() const { return padded + kModelPadding; }
};

// (table, text)
napi_value learnCharacters(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    const Arguments<2> args(env, info);
    uint32_t* const table = tableOf(env, args[0]);
    const Beginning text(env, args[1]);
    learnUnits(table, text.units(), text.count);
    return nullptr;
  });
}

// (table, text) → Float64Array of fraction and exponent
napi_value characterOdds(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments<2> args(env, info);
    const uint32_t* const table = tableOf(env, args[0]);
    const Beginning text(env, args[1]);
    const Odds odds = oddsOfUnits(table, text.units(), text.count);
    void* memory;
    napi_value buffer, array;
    check(env, napi_create_arraybuffer(env, 2 * sizeof(double), &memory, &buffer));
    std::copy_n(&odds.fraction, 1, static_cast<double*>(memory));
    std::copy_n(&odds.exponent, 1, static_cast<double*>(memory) + 1);
    check(env, napi_create_typedarray(env, napi_float64_array, 2, buffer, 0, &array));
    return array;
  });
}

}  // namespace

void addModel(napi_env env, napi_value exports) {
  setFunction(env, exports, "learnCharacters", learnCharacters);
  setFunction(env, exports, "characterOdds", characterOdds);
}

}  // namespace octavo::text
