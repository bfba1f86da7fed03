// How often each distinct piece of text (word) occurs. One instance a thread; `add` joins them.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "word-key.h"

namespace octavo::text {

class WordCounts {
 public:
  struct Word {
    const uint8_t* bytes;
    size_t length;
    uint64_t count;
  };

  WordCounts();

  // kPadding bytes beyond p + length are readable.
  void add(const uint8_t* p, size_t length, uint64_t count);
  void add(const WordCounts& other);
  size_t size() const { return used_; }

  // All words, in the order of their bytes' integer keys: the same whatever the threads and the order of texts.
  // Pointers hold until the next change.
  std::vector<Word> sorted() const;

 private:
  struct Slot {
    WordKey key;  // a long word: low = hash, high = kLong | where its length and bytes lie in `long_`
    uint64_t count;
  };
  static constexpr uint64_t kLong = uint64_t(0xFF) << 56;

  std::vector<Slot> slots_;
  std::vector<uint8_t> long_;
  size_t mask_, used_ = 0;
  uint64_t seed_;

  Word word(const Slot& slot) const;
  bool same(const Slot& slot, const WordKey& key, const uint8_t* p, size_t length) const;
  void grow();
};

}  // namespace octavo::text
