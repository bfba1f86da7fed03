#include "min-hash.h"

#include <algorithm>

namespace octavo::text {

namespace {

constexpr size_t kRunWords = 5;

inline uint32_t mix(uint32_t word) {
  word ^= word >> 16;
  word *= 0x85ebca6b;
  word ^= word >> 13;
  word *= 0xc2b2ae35;
  return word ^ (word >> 16);
}

struct Permutations {
  uint32_t multipliers[kHashes], offsets[kHashes];
  Permutations() {
    for (uint32_t n = 0; n < kHashes; ++n) {
      multipliers[n] = mix(2 * n + 1) | 1;
      offsets[n] = mix(2 * n + 0x5bd1e995);
    }
  }
};

inline bool isIdeograph(uint32_t code) {
  return (code >= 0x3040 && code <= 0x30ff) || (code >= 0x3400 && code <= 0x9fff);
}

inline bool isWordCharacter(uint32_t code) {
  if (code < 0x80) return (code >= '0' && code <= '9') || (code >= 'a' && code <= 'z');
  return code >= 0xc0 && !(code >= 0x2000 && code <= 0x206f) && !(code >= 0x3000 && code <= 0x303f) &&
         !(code >= 0xff00 && code <= 0xff0f);
}

void hashWords(const char16_t* units, size_t count, std::vector<uint32_t>& words) {
  uint32_t hash = 0, length = 0;
  const auto finish = [&] {
    if (length > 0) words.push_back(mix(hash ^ length));
    hash = length = 0;
  };
  for (size_t at = 0; at < count; ++at) {
    const uint32_t code = units[at];
    if (!isWordCharacter(code)) {
      finish();
      continue;
    }
    const bool alone = isIdeograph(code);
    if (alone) finish();
    hash = ((hash ^ code) * 0x01000193u) ^ (hash >> 15);
    ++length;
    if (alone) finish();
  }
  finish();
}

// The smallest value of each permutation over all runs. All permutations of a run at once, so that the compiler makes
// vectors of them; it does so once for every instruction set named below.
__attribute__((always_inline)) inline void leastOf(const std::vector<uint32_t>& runs, const Permutations& by, int32_t* out) {
  alignas(64) int32_t least[kHashes];
  std::fill_n(least, kHashes, 0x7fffffff);
  for (const uint32_t run : runs)
    for (size_t n = 0; n < kHashes; ++n) {
      const int32_t value = int32_t(by.multipliers[n] * run + by.offsets[n]);
      least[n] = value < least[n] ? value : least[n];
    }
  std::copy_n(least, kHashes, out);
}

void leastAnywhere(const std::vector<uint32_t>& runs, const Permutations& by, int32_t* out) { leastOf(runs, by, out); }

#if defined(__x86_64__)
__attribute__((target("avx2"))) void leastAvx2(const std::vector<uint32_t>& runs, const Permutations& by, int32_t* out) {
  leastOf(runs, by, out);
}
__attribute__((target("avx512f,prefer-vector-width=512"))) void leastAvx512(const std::vector<uint32_t>& runs,
                                                                            const Permutations& by, int32_t* out) {
  leastOf(runs, by, out);
}
#endif

using Least = void (*)(const std::vector<uint32_t>&, const Permutations&, int32_t*);

Least fastest() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f")) return leastAvx512;
  if (__builtin_cpu_supports("avx2")) return leastAvx2;
#endif
  return leastAnywhere;
}

}  // namespace

void minHash(const char16_t* units, size_t count, std::vector<uint32_t>& runs, int32_t* signature) {
  static const Permutations permutations;
  static const Least least = fastest();
  static thread_local std::vector<uint32_t> words;
  words.clear();
  hashWords(units, count, words);
  runs.clear();
  const size_t last = words.size() >= kRunWords ? words.size() - kRunWords + 1 : (words.empty() ? 0 : 1);
  for (size_t at = 0; at < last; ++at) {
    uint32_t hash = 0;
    for (size_t n = at; n < std::min(at + kRunWords, words.size()); ++n) hash = hash * 0x9e3779b1u + words[n];
    runs.push_back(mix(hash));
  }
  std::sort(runs.begin(), runs.end());
  runs.erase(std::unique(runs.begin(), runs.end()), runs.end());
  least(runs, permutations, signature);
}

}  // namespace octavo::text
