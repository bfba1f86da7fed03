// createTokenizer, encode, encodeBatch, decode, scan: see native.ts for their types.
#include <algorithm>
#include <atomic>
#include <memory>

#include "addon.h"
#include "encode.h"
#include "napi.h"
#include "team.h"

namespace octavo::text {

namespace {

struct Tokenizer {
  static constexpr napi_type_tag kTag = {0x6f637461766f5458, 0x746f6b656e697a72};
  static void release(Tokenizer* tokenizer) { delete tokenizer; }

  const Model model;
  std::vector<std::unique_ptr<Encoder>> encoders;  // one a thread, made when first needed
  std::vector<uint8_t> text;                       // scratch of the JavaScript thread
  Ids ids;

  explicit Tokenizer(Model&& from) : model(std::move(from)) {}

  Encoder& encoder(size_t thread) {
    while (encoders.size() <= thread) encoders.push_back(std::make_unique<Encoder>(model));
    return *encoders[thread];
  }

  // What one huge text needed is not kept for ever.
  void shrink() {
    constexpr size_t kept = size_t(64) << 20;
    if (text.size() > kept) std::vector<uint8_t>().swap(text);
    if (ids.capacity() > kept / 4) ids.free();
  }
};

// (pattern, wholeWordsFirst, unknown, bytes: Uint8Array, starts: Uint32Array, special: Uint8Array,
//  merges: Uint32Array of left, right, id)
napi_value createTokenizer(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments<7> args(env, info);
    const uint32_t pattern = toUint32(env, args[0]);
    if (pattern >= kPatterns) throw std::invalid_argument("unknown pattern");
    bool whole;
    check(env, napi_get_value_bool(env, args[1], &whole));
    const View bytes = toTyped(env, args[3], napi_uint8_array);
    const View starts = toTyped(env, args[4], napi_uint32_array);
    const View special = toTyped(env, args[5], napi_uint8_array);
    const View merges = toTyped(env, args[6], napi_uint32_array);
    if (starts.count < 1 || special.count != starts.count - 1 || merges.count % 3 != 0)
      throw std::invalid_argument("the parts of the vocabulary do not fit each other");
    const auto* start = reinterpret_cast<const uint32_t*>(starts.data);
    const auto* merge = reinterpret_cast<const Merge*>(merges.data);
    return wrap(env, new Tokenizer(Model(Pattern(pattern), whole, toUint32(env, args[2]),
                                         std::vector<uint8_t>(bytes.data, bytes.data + bytes.count),
                                         std::vector<uint64_t>(start, start + starts.count),
                                         std::vector<uint8_t>(special.data, special.data + special.count),
                                         std::vector<Merge>(merge, merge + merges.count / 3))));
  });
}

// (tokenizer, text: string | Uint8Array) → Uint32Array
napi_value encode(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments<2> args(env, info);
    auto& tokenizer = unwrap<Tokenizer>(env, args[0]);
    const size_t length = appendText(env, args[1], tokenizer.text, 0);
    tokenizer.ids.clear();
    tokenizer.encoder(0).encode(tokenizer.text.data(), length, tokenizer.ids);
    const napi_value ids = uint32Array(env, tokenizer.ids.data(), tokenizer.ids.size());
    tokenizer.shrink();
    return ids;
  });
}

// (tokenizer, texts: (string | Uint8Array)[], threads) → [ids: Uint32Array of all, ends: Uint32Array, one a text]
napi_value encodeBatch(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments<3> args(env, info);
    auto& tokenizer = unwrap<Tokenizer>(env, args[0]);
    uint32_t count;
    check(env, napi_get_array_length(env, args[1], &count));
    std::vector<size_t> starts(size_t(count) + 1);
    for (uint32_t at = 0; at < count; ++at) {
      napi_handle_scope scope;
      check(env, napi_open_handle_scope(env, &scope));
      napi_value text;
      check(env, napi_get_element(env, args[1], at, &text));
      starts[at + 1] = appendText(env, text, tokenizer.text, starts[at]);
      check(env, napi_close_handle_scope(env, scope));
    }
    const size_t threads = std::max<size_t>(1, std::min<size_t>({toUint32(env, args[2]), count, 256}));
    tokenizer.encoder(threads - 1);

    // Texts are taken in order by whichever thread is free; each remembers what it made and where.
    struct Part {
      uint32_t text;
      size_t begin, end;
    };
    std::vector<Ids> ids(threads);
    std::vector<std::vector<Part>> parts(threads);
    std::atomic<uint32_t> taken{0};
    runTeam(threads, [&](size_t thread) {
      for (uint32_t at; (at = taken++) < count;) {
        const size_t begin = ids[thread].size();
        tokenizer.encoders[thread]->encode(tokenizer.text.data() + starts[at], starts[at + 1] - starts[at], ids[thread]);
        parts[thread].push_back({at, begin, ids[thread].size()});
      }
    });

    std::vector<uint32_t> ends(count);
    size_t total = 0;
    for (const auto& made : parts)
      for (const Part& part : made) ends[part.text] = uint32_t(part.end - part.begin);
    for (uint32_t& end : ends) {
      total += end;
      if (total > kNone) throw std::length_error("the batch is too large");
      end = uint32_t(total);
    }
    void* memory;
    napi_value buffer, all, result;
    check(env, napi_create_arraybuffer(env, total * sizeof(uint32_t), &memory, &buffer));
    auto* out = static_cast<uint32_t*>(memory);
    for (size_t thread = 0; thread < threads; ++thread)
      for (const Part& part : parts[thread])
        std::copy_n(ids[thread].data() + part.begin, part.end - part.begin, out + (part.text ? ends[part.text - 1] : 0));
    check(env, napi_create_typedarray(env, napi_uint32_array, total, buffer, 0, &all));
    check(env, napi_create_array_with_length(env, 2, &result));
    check(env, napi_set_element(env, result, 0, all));
    check(env, napi_set_element(env, result, 1, uint32Array(env, ends.data(), count)));
    tokenizer.shrink();
    return result;
  });
}

// (tokenizer, ids: Uint32Array) → Uint8Array; throws on an id outside the vocabulary.
napi_value decode(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments<2> args(env, info);
    const auto& tokenizer = unwrap<Tokenizer>(env, args[0]);
    const Model& model = tokenizer.model;
    const View view = toTyped(env, args[1], napi_uint32_array);
    const auto* ids = reinterpret_cast<const uint32_t*>(view.data);
    size_t length = 0;
    for (size_t at = 0; at < view.count; ++at) {
      if (ids[at] >= model.size()) throw std::out_of_range("token id " + std::to_string(ids[at]) + " is not in the vocabulary");
      length += model.length(ids[at]);
    }
    void* memory;
    napi_value buffer, array;
    check(env, napi_create_arraybuffer(env, length, &memory, &buffer));
    auto* out = static_cast<uint8_t*>(memory);
    for (size_t at = 0; at < view.count; ++at) out = std::copy_n(model.begin(ids[at]), model.length(ids[at]), out);
    check(env, napi_create_typedarray(env, napi_uint8_array, length, buffer, 0, &array));
    return array;
  });
}

template <Pattern pattern>
void scanAs(const uint8_t* text, size_t length, std::vector<uint32_t>& ends) {
  const uint8_t* const end = text + length;
  const Scanner scanner(classTable().of, end);
  for (const uint8_t* p = text; p < end;) {
    p = scanner.next<pattern>(p);
    ends.push_back(uint32_t(p - text));
  }
}

// (pattern, text: string | Uint8Array) → Uint32Array: where each piece ends, in bytes
napi_value scan(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments<2> args(env, info);
    std::vector<uint8_t> text;
    const size_t length = appendText(env, args[1], text, 0);
    std::vector<uint32_t> ends;
    switch (toUint32(env, args[0])) {
      case uint32_t(Pattern::gpt2): scanAs<Pattern::gpt2>(text.data(), length, ends); break;
      case uint32_t(Pattern::cl100k): scanAs<Pattern::cl100k>(text.data(), length, ends); break;
      case uint32_t(Pattern::o200k): scanAs<Pattern::o200k>(text.data(), length, ends); break;
      default: throw std::invalid_argument("unknown pattern");
    }
    return uint32Array(env, ends.data(), ends.size());
  });
}

}  // namespace

void addTokenizer(napi_env env, napi_value exports) {
  setFunction(env, exports, "createTokenizer", createTokenizer);
  setFunction(env, exports, "encode", encode);
  setFunction(env, exports, "encodeBatch", encodeBatch);
  setFunction(env, exports, "decode", decode);
  setFunction(env, exports, "scan", scan);
}

}  // namespace octavo::text
