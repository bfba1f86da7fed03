// createTrainer, countWords, learnMerges, stopTraining: see native.ts for their types. The work runs off the JavaScript
// thread; a trainer is used by one call at a time, which native.ts sees to by awaiting each.
#include <atomic>
#include <memory>

#include "addon.h"
#include "job.h"
#include "scan.h"
#include "team.h"
#include "train.h"

namespace octavo::text {

namespace {

struct Training {
  Pattern pattern = Pattern::gpt2;
  std::vector<WordCounts> counts;  // one a thread
  std::atomic<bool> busy{false}, stopped{false};
};

struct TrainerHandle {
  static constexpr napi_type_tag kTag = {0x6f637461766f5458, 0x747261696e657221};
  static void release(TrainerHandle* handle) { delete handle; }
  std::shared_ptr<Training> training = std::make_shared<Training>();
};

struct TrainerJob : Job {
  std::shared_ptr<Training> training;
  napi_threadsafe_function progress = nullptr;

  std::vector<uint8_t> text;  // countWords
  std::vector<size_t> starts;
  TrainOptions options{};  // learnMerges
  Trained trained;

  void release(napi_env) override {
    training->busy = false;
    if (progress) napi_release_threadsafe_function(progress, napi_tsfn_release);
  }
};

template <Pattern pattern>
void count(const uint8_t* text, size_t length, WordCounts& counts) {
  const uint8_t* const end = text + length;
  const Scanner scanner(classTable().of, end);
  for (const uint8_t* p = text; p < end;) {
    const uint8_t* const q = scanner.next<pattern>(p);
    counts.add(p, size_t(q - p), 1);
    p = q;
  }
}

struct CountJob final : TrainerJob {
  void run() override {
    std::atomic<size_t> taken{0};
    runTeam(training->counts.size(), [&](size_t thread) {
      WordCounts& counts = training->counts[thread];
      for (size_t at; (at = taken++) + 1 < starts.size();) {
        const uint8_t* p = text.data() + starts[at];
        const size_t length = starts[at + 1] - starts[at];
        switch (training->pattern) {
          case Pattern::gpt2: count<Pattern::gpt2>(p, length, counts); break;
          case Pattern::cl100k: count<Pattern::cl100k>(p, length, counts); break;
          case Pattern::o200k: count<Pattern::o200k>(p, length, counts); break;
        }
      }
    });
  }
  napi_value result(napi_env env) override {
    napi_value nothing;
    check(env, napi_get_undefined(env, &nothing));
    return nothing;
  }
};

struct LearnJob final : TrainerJob {
  void run() override {
    auto& counts = training->counts;
    for (size_t thread = 1; thread < counts.size(); ++thread) {
      counts[0].add(counts[thread]);
      counts[thread] = WordCounts();
    }
    trained = train(counts[0].sorted(), options, [this](uint32_t tokens) {
      if (progress) napi_call_threadsafe_function(progress, reinterpret_cast<void*>(uintptr_t(tokens)), napi_tsfn_nonblocking);
      return !training->stopped;
    });
  }
  napi_value result(napi_env env) override {
    std::vector<uint32_t> starts(trained.starts.begin(), trained.starts.end());
    static_assert(sizeof(Merge) == 3 * sizeof(uint32_t));
    napi_value array;
    check(env, napi_create_array_with_length(env, 3, &array));
    check(env, napi_set_element(env, array, 0, uint8Array(env, trained.bytes.data(), trained.bytes.size())));
    check(env, napi_set_element(env, array, 1, uint32Array(env, starts.data(), starts.size())));
    check(env, napi_set_element(env, array, 2,
                                uint32Array(env, reinterpret_cast<const uint32_t*>(trained.merges.data()), trained.merges.size() * 3)));
    return array;
  }
};

napi_value start(napi_env env, std::unique_ptr<TrainerJob> job) {
  if (job->training->busy.exchange(true)) throw std::logic_error("the trainer is at work");
  return startJob(env, std::move(job));
}

// (pattern, threads) → trainer
napi_value createTrainer(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments<2> args(env, info);
    const uint32_t pattern = toUint32(env, args[0]);
    const uint32_t threads = toUint32(env, args[1]);
    if (pattern >= kPatterns || threads < 1 || threads > 256) throw std::invalid_argument("pattern or threads out of range");
    auto handle = std::make_unique<TrainerHandle>();
    handle->training->pattern = Pattern(pattern);
    handle->training->counts.resize(threads);
    return wrap(env, handle.release());
  });
}

// (trainer, texts: (string | Uint8Array)[]) → Promise<void>
napi_value countWords(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments<2> args(env, info);
    auto job = std::make_unique<CountJob>();
    job->training = unwrap<TrainerHandle>(env, args[0]).training;
    uint32_t count;
    check(env, napi_get_array_length(env, args[1], &count));
    job->starts.resize(size_t(count) + 1);
    for (uint32_t at = 0; at < count; ++at) {
      napi_handle_scope scope;
      check(env, napi_open_handle_scope(env, &scope));
      napi_value text;
      check(env, napi_get_element(env, args[1], at, &text));
      job->starts[at + 1] = appendText(env, text, job->text, job->starts[at]);
      check(env, napi_close_handle_scope(env, scope));
    }
    return start(env, std::move(job));
  });
}

// (trainer, tokens, minimumFrequency, progress: (tokens) => void) → Promise<[bytes, starts, merges]>
napi_value learnMerges(napi_env env, napi_callback_info info) {
  return guarded(env, [&] {
    const Arguments<4> args(env, info);
    auto job = std::make_unique<LearnJob>();
    job->training = unwrap<TrainerHandle>(env, args[0]).training;
    job->options = {toUint32(env, args[1]), toUint32(env, args[2])};
    napi_value name;
    check(env, napi_create_string_utf8(env, "octavo.text.progress", NAPI_AUTO_LENGTH, &name));
    check(env, napi_create_threadsafe_function(
                   env, args[3], nullptr, name, 0, 1, nullptr, nullptr, nullptr,
                   [](napi_env env, napi_value call, void*, void* data) {
                     if (!env) return;
                     napi_value tokens, nothing;
                     if (napi_create_uint32(env, uint32_t(reinterpret_cast<uintptr_t>(data)), &tokens) == napi_ok &&
                         napi_get_undefined(env, &nothing) == napi_ok)
                       napi_call_function(env, nothing, call, 1, &tokens, nullptr);
                   },
                   &job->progress));
    return start(env, std::move(job));
  });
}

// (trainer): ends learnMerges early with what it has
napi_value stopTraining(napi_env env, napi_callback_info info) {
  return guarded(env, [&]() -> napi_value {
    const Arguments<1> args(env, info);
    unwrap<TrainerHandle>(env, args[0]).training->stopped = true;
    return nullptr;
  });
}

}  // namespace

void addTrainer(napi_env env, napi_value exports) {
  setFunction(env, exports, "createTrainer", createTrainer);
  setFunction(env, exports, "countWords", countWords);
  setFunction(env, exports, "learnMerges", learnMerges);
  setFunction(env, exports, "stopTraining", stopTraining);
}

}  // namespace octavo::text
