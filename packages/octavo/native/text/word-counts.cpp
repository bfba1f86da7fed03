#include "word-counts.h"

#include <algorithm>

namespace octavo::text {

WordCounts::WordCounts() : slots_(size_t(1) << 14), mask_(slots_.size() - 1), seed_(hashSeed()) {}

static uint64_t hashSlot(const WordKey& key, uint64_t seed) {
  return key.high >> 56 == 0xFF ? key.low : hashKey(key, seed);
}

bool WordCounts::same(const Slot& slot, const WordKey& key, const uint8_t* p, size_t length) const {
  if (length <= kShortWord) return slot.key == key;
  if (slot.key.low != key.low || slot.key.high >> 56 != 0xFF) return false;
  const Word known = word(slot);
  return known.length == length && std::memcmp(known.bytes, p, length) == 0;
}

void WordCounts::add(const uint8_t* p, size_t length, uint64_t count) {
  const bool isLong = length > kShortWord;
  WordKey key = isLong ? WordKey{hashBytes(p, length, seed_), kLong} : wordKey(p, length);
  size_t at = hashSlot(key, seed_) & mask_;
  for (; slots_[at].count != 0; at = (at + 1) & mask_) {
    if (!same(slots_[at], key, p, length)) continue;
    slots_[at].count += count;
    return;
  }
  if (isLong) {
    key.high |= long_.size();
    const uint64_t size = length;
    const auto* sizeBytes = reinterpret_cast<const uint8_t*>(&size);
    long_.insert(long_.end(), sizeBytes, sizeBytes + sizeof size);
    long_.insert(long_.end(), p, p + length);
  }
  slots_[at] = {key, count};
  if (++used_ * 2 > slots_.size()) grow();
}

void WordCounts::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  old.swap(slots_);
  mask_ = slots_.size() - 1;
  for (const Slot& slot : old) {
    if (slot.count == 0) continue;
    size_t at = hashSlot(slot.key, seed_) & mask_;
    while (slots_[at].count != 0) at = (at + 1) & mask_;
    slots_[at] = slot;
  }
}

WordCounts::Word WordCounts::word(const Slot& slot) const {
  if (slot.key.high >> 56 != 0xFF)
    return {reinterpret_cast<const uint8_t*>(&slot.key), size_t(slot.key.high >> 56), slot.count};
  const uint8_t* at = long_.data() + (slot.key.high & ~kLong);
  uint64_t length;
  std::memcpy(&length, at, sizeof length);
  return {at + sizeof length, size_t(length), slot.count};
}

void WordCounts::add(const WordCounts& other) {
  for (const Slot& slot : other.slots_) {
    if (slot.count == 0) continue;
    const Word w = other.word(slot);
    if (w.length <= kShortWord) {
      uint8_t padded[2 * kPadding] = {};
      std::memcpy(padded, w.bytes, w.length);
      add(padded, w.length, w.count);
    } else {
      add(w.bytes, w.length, w.count);
    }
  }
}

std::vector<WordCounts::Word> WordCounts::sorted() const {
  std::vector<const Slot*> order;
  order.reserve(used_);
  for (const Slot& slot : slots_)
    if (slot.count != 0) order.push_back(&slot);
  std::sort(order.begin(), order.end(), [&](const Slot* a, const Slot* b) {
    const bool aLong = a->key.high >> 56 == 0xFF, bLong = b->key.high >> 56 == 0xFF;
    if (aLong != bLong) return bLong;
    if (!aLong) return a->key.high != b->key.high ? a->key.high < b->key.high : a->key.low < b->key.low;
    const Word x = word(*a), y = word(*b);
    if (x.length != y.length) return x.length < y.length;
    return std::memcmp(x.bytes, y.bytes, x.length) < 0;
  });
  std::vector<Word> words;
  words.reserve(order.size());
  for (const Slot* slot : order) words.push_back(word(*slot));
  return words;
}

}  // namespace octavo::text
