// The parts that the addon is made of.
#pragma once
#include "napi.h"

namespace octavo::text {

inline void setFunction(napi_env env, napi_value exports, const char* name, napi_callback call) {
  napi_value function;
  check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, call, nullptr, &function));
  check(env, napi_set_named_property(env, exports, name, function));
}

void addTokenizer(napi_env env, napi_value exports);
void addTrainer(napi_env env, napi_value exports);
void addDuplicates(napi_env env, napi_value exports);
void addModel(napi_env env, napi_value exports);
void addRows(napi_env env, napi_value exports);

}  // namespace octavo::text
