// Learns BPE merges from word counts. Deterministic: the result depends on the counts alone.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "model.h"
#include "word-counts.h"

namespace octavo::text {

struct TrainOptions {
  uint32_t tokens;            // stop at this many tokens, the 256 bytes included
  uint64_t minimumFrequency;  // stop when the best pair is rarer
};

struct Trained {
  std::vector<uint8_t> bytes;    // of all tokens
  std::vector<uint64_t> starts;  // tokens + 1
  std::vector<Merge> merges;     // by rank
};

// `progress` is called now and then with the number of tokens so far; training stops early when it returns false.
Trained train(const std::vector<WordCounts::Word>& words, const TrainOptions& options,
              const std::function<bool(uint32_t)>& progress);

}  // namespace octavo::text
