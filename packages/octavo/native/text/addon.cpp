#include "addon.h"

#include "characters.h"

NAPI_MODULE_INIT() {
  return octavo::text::guarded(env, [&] {
    using namespace octavo::text;
    napi_value unicode;
    check(env, napi_create_string_utf8(env, kUnicodeVersion, NAPI_AUTO_LENGTH, &unicode));
    check(env, napi_set_named_property(env, exports, "unicodeVersion", unicode));
    addTokenizer(env, exports);
    addTrainer(env, exports);
    addDuplicates(env, exports);
    addModel(env, exports);
    addRows(env, exports);
    return exports;
  });
}
