// A byte-level BPE vocabulary: the bytes of every token, and what two neighbours merge into. Immutable once built.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "scan.h"

namespace octavo::text {

constexpr uint32_t kNone = 0xFFFFFFFF;

struct Merge {
  uint32_t left, right, id;
};

struct Ranked {
  uint32_t rank, id;
};

struct Model {
  Pattern pattern;
  bool wholeWordsFirst;         // a piece that is a token is that token, whatever the merges say
  uint32_t unknown;             // stands for bytes that have no token, or kNone
  std::vector<uint8_t> bytes;   // of all tokens, one after another
  std::vector<uint64_t> starts; // size + 1; equal neighbours: an id without bytes
  uint32_t byteToken[256];

  // `special[id]` marks tokens that text can never become. Throws std::invalid_argument.
  Model(Pattern pattern, bool wholeWordsFirst, uint32_t unknown, std::vector<uint8_t> bytes,
        std::vector<uint64_t> starts, const std::vector<uint8_t>& special, const std::vector<Merge>& merges);

  uint32_t size() const { return uint32_t(starts.size() - 1); }
  const uint8_t* begin(uint32_t id) const { return bytes.data() + starts[id]; }
  size_t length(uint32_t id) const { return size_t(starts[id + 1] - starts[id]); }

  // What two neighbouring tokens merge into; rank kNone if they do not.
  Ranked merge(uint32_t left, uint32_t right) const {
    const uint64_t key = uint64_t(left) << 32 | right;
    for (size_t at = slotOf(key);; at = (at + 1) & pairMask_) {
      const Pair& pair = pairs_[at];
      if (pair.key == key) return pair.to;
      if (pair.to.rank == kNone) return pair.to;
    }
  }

  // The token with exactly these bytes, or kNone.
  uint32_t whole(const uint8_t* p, size_t length) const;

 private:
  struct Pair {
    uint64_t key;
    Ranked to;
  };
  std::vector<Pair> pairs_;
  size_t pairMask_;
  uint64_t seed_;
  std::vector<uint32_t> wholes_;
  size_t wholeMask_ = 0;

  size_t slotOf(uint64_t key) const {
    const uint64_t h = (key ^ seed_) * 0x9E3779B97F4A7C15ull;
    return size_t(h ^ h >> 32) & pairMask_;
  }
};

}  // namespace octavo::text
