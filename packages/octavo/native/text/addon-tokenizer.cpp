// createTokenizer, encode, encodeBatch, encodeJoined, decode, scan: see native.ts for their types.
#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <type_traits>

#include "addon.h"
#include "encode.h"
#include "job.h"
#include "napi.h"
#include "team.h"
#include "text-vectors.h"

namespace octavo::text {

namespace {

// What one thread needs to encode: an encoder, and room for text and ids.
struct Scratch {
  Encoder encoder;
  std::vector<uint8_t> text;
  Ids ids;
  IdsOf<uint16_t> narrow;

  explicit Scratch(const Model& model) : encoder(model) {}

  template <typename Id>
  IdsOf<Id>& idsOf() {
    if constexpr (std::is_same_v<Id, uint16_t>) return narrow;
    else return ids;
  }

  // What one huge text needed is not kept for ever.
  void shrink() {
    constexpr size_t kept = size_t(64) << 20;
    if (text.size() > kept) std::vector<uint8_t>().swap(text);
    if (ids.capacity() > kept / 4) ids.free();
    if (narrow.capacity() > kept / 2) narrow.free();
  }
};

struct Tokenizer {
  static constexpr napi_type_tag kTag = {0x6f637461766f5458, 0x746f6b656e697a72};
  static void release(Tokenizer* tokenizer) { delete tokenizer; }

  const Model model;
  std::mutex mutex;  // of what is idle
  std::vector<std::unique_ptr<Scratch>> idle;
  std::mutex turn;  // of jobs: each takes all its threads, and finds what encoders remember in the caches

  explicit Tokenizer(Model&& from) : model(std::move(from)) {}

  std::unique_ptr<Scratch> take() {
    {
      const std::lock_guard<std::mutex> lock(mutex);
      if (!idle.empty()) {
        auto scratch = std::move(idle.back());
        idle.pop_back();
        return scratch;
      }
    }
    return std::make_unique<Scratch>(model);
  }
  void give(std::unique_ptr<Scratch> scratch) {
    scratch->shrink();
    const std::lock_guard<std::mutex> lock(mutex);
    idle.push_back(std::move(scratch));
  }
};

// Ids of many texts. Texts are taken in order by whichever thread is free; each remembers what it made and where.
template <typename Id>
class Encoded {
 public:
  explicit Encoded(Tokenizer& tokenizer) : tokenizer_(tokenizer) {}
  ~Encoded() { giveBack(); }
  void giveBack() {
    for (auto& member : team_)
      if (member.scratch) tokenizer_.give(std::move(member.scratch));
    team_.clear();
  }

  // textAt(text, scratch) → Span with kPadding readable bytes behind it; finish(ids) may add to those of a text.
  template <typename TextAt, typename Finish>
  void encode(size_t count, size_t threads, const TextAt& textAt, const Finish& finish) {
    threads = std::max<size_t>(1, std::min<size_t>({threads, count, 256}));
    ends_.resize(count);
    team_.resize(threads);
    std::atomic<size_t> taken{0};
    runTeam(threads, [&](size_t thread) {
      Member& own = team_[thread];
      own.scratch = tokenizer_.take();
      auto& ids = own.scratch->template idsOf<Id>();
      ids.clear();
      for (size_t at; (at = taken++) < count;) {
        const Span text = textAt(at, *own.scratch);
        const size_t begin = ids.size();
        Ids& wide = own.scratch->ids;
        if constexpr (sizeof(Id) < sizeof(uint32_t)) wide.clear();
        own.scratch->encoder.encode(text.data, text.length, wide);
        if constexpr (sizeof(Id) < sizeof(uint32_t)) {
          std::copy_n(wide.data(), wide.size(), ids.room(wide.size()));
          ids.grow(wide.size());
        }
        finish(ids);
        own.parts.push_back({at, begin, ids.size()});
      }
    });
    size_t total = 0;
    for (const auto& member : team_)
      for (const Part& part : member.parts) ends_[part.text] = uint32_t(part.end - part.begin);
    for (uint32_t& end : ends_) {
      total += end;
      if (total > kNone) throw std::length_error("the batch is too large");
      end = uint32_t(total);
    }
  }

  Tokenizer& tokenizer() const { return tokenizer_; }

  // Where the ids of each text end, all being one after another.
  const std::vector<uint32_t>& ends() const { return ends_; }

  napi_value toArray(napi_env env) const {
    const size_t total = ends_.empty() ? 0 : ends_.back();
    void* memory;
    napi_value buffer, all;
    check(env, napi_create_arraybuffer(env, total * sizeof(Id), &memory, &buffer));
    for (const auto& member : team_)
      for (const Part& part : member.parts)
        std::copy_n(member.scratch->template idsOf<Id>().data() + part.begin, part.end - part.begin,
                    static_cast<Id*>(memory) + (part.text ? ends_[part.text - 1] : 0));
    constexpr auto type = sizeof(Id) == 2 ? napi_uint16_array : napi_uint32_array;
    check(env, napi_create_typedarray(env, type, total, buffer, 0, &all));
    return all;
  }

 private:
  struct Part {
    size_t text, begin, end;
  };
  struct Member {
    std::unique_ptr<Scratch> scratch;
    std::vector<Part> parts;
  };
  Tokenizer& tokenizer_;
  std::vector<uint32_t> ends_;
  std::vector<Member> team_;
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
    auto scratch = tokenizer.take();
    const size_t length = appendText(env, args[1], scratch->text, 0);
    scratch->ids.clear();
    scratch->encoder.encode(scratch->text.data(), length, scratch->ids);
    const napi_value ids = uint32Array(env, scratch->ids.data(), scratch->ids.size());
    tokenizer.give(std::move(scratch));
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
    auto whole = tokenizer.take();
    std::vector<size_t> starts(size_t(count) + 1);
    for (uint32_t at = 0; at < count; ++at) {
      napi_handle_scope scope;
      check(env, napi_open_handle_scope(env, &scope));
      napi_value text;
      check(env, napi_get_element(env, args[1], at, &text));
      starts[at + 1] = appendText(env, text, whole->text, starts[at]);
      check(env, napi_close_handle_scope(env, scope));
    }
    Encoded<uint32_t> encoded(tokenizer);
    encoded.encode(
        count, toUint32(env, args[2]),
        [&](size_t at, Scratch&) { return Span{whole->text.data() + starts[at], starts[at + 1] - starts[at]}; },
        [](Ids&) {});
    tokenizer.give(std::move(whole));
    napi_value result;
    check(env, napi_create_array_with_length(env, 2, &result));
    check(env, napi_set_element(env, result, 0, encoded.toArray(env)));
    check(env, napi_set_element(env, result, 1, uint32Array(env, encoded.ends().data(), count)));
    return result;
  });
}

template <typename Id>
struct EncodeJob final : Job {
  const std::vector<Span> texts;
  const uint32_t after;
  const size_t threads;
  napi_ref used[2] = {};  // tokenizer and texts
  Encoded<Id> encoded;

  EncodeJob(Tokenizer& tokenizer, std::vector<Span>&& texts, uint32_t after, size_t threads)
      : texts(std::move(texts)), after(after), threads(threads), encoded(tokenizer) {}

  void run() override {
    const std::lock_guard<std::mutex> lock(encoded.tokenizer().turn);
    encoded.encode(
        texts.size(), threads,
        // Behind a text of another's memory nothing may be read.
        [&](size_t at, Scratch& scratch) {
          const Span text = texts[at];
          if (scratch.text.size() < text.length + kPadding) scratch.text.resize(text.length * 5 / 4 + kPadding);
          if (text.length > 0) std::memcpy(scratch.text.data(), text.data, text.length);
          return Span{scratch.text.data(), text.length};
        },
        [&](IdsOf<Id>& ids) {
          *ids.room(1) = Id(after);
          ids.grow(1);
        });
  }
  napi_value result(napi_env env) override { return encoded.toArray(env); }
  void release(napi_env env) override {
    encoded.giveBack();
    for (napi_ref one : used)
      if (one) napi_delete_reference(env, one);
  }
};

// (tokenizer, texts: { items }[], after, threads) → Promise of the ids of all texts, each with the id `after`
// behind it: Uint16Array where the vocabulary allows it, else Uint32Array
napi_value encodeJoined(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments<4> args(env, info);
    auto& tokenizer = unwrap<Tokenizer>(env, args[0]);
    const uint32_t after = toUint32(env, args[2]), threads = toUint32(env, args[3]);
    if (after >= tokenizer.model.size()) throw std::out_of_range("the id behind texts is not in the vocabulary");
    const auto begin = [&](auto job) {
      check(env, napi_create_reference(env, args[0], 1, &job->used[0]));
      check(env, napi_create_reference(env, args[1], 1, &job->used[1]));
      return startJob(env, std::move(job));
    };
    auto texts = toTextVectors(env, args[1]);
    if (tokenizer.model.size() <= 65536)
      return begin(std::make_unique<EncodeJob<uint16_t>>(tokenizer, std::move(texts), after, threads));
    return begin(std::make_unique<EncodeJob<uint32_t>>(tokenizer, std::move(texts), after, threads));
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
  setFunction(env, exports, "encodeJoined", encodeJoined);
  setFunction(env, exports, "decode", decode);
  setFunction(env, exports, "scan", scan);
}

}  // namespace octavo::text
