// Text to token ids. One encoder a thread: it remembers the ids of short words it has met.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "model.h"
#include "word-key.h"

namespace octavo::text {

// Ids one after another, in memory that is not cleared before it is written.
template <typename Id>
class IdsOf {
 public:
  const Id* data() const { return data_.get(); }
  size_t size() const { return size_; }
  size_t capacity() const { return capacity_; }
  void clear() { size_ = 0; }
  void free() {
    data_.reset();
    size_ = capacity_ = 0;
  }
  // Room for `count` more, to be written and then counted by `grow`.
  Id* room(size_t count) {
    if (capacity_ - size_ < count) {
      const size_t capacity = std::max(capacity_ * 2, size_ + count);
      std::unique_ptr<Id[]> larger(new Id[capacity]);
      std::copy_n(data_.get(), size_, larger.get());
      data_ = std::move(larger);
      capacity_ = capacity;
    }
    return data_.get() + size_;
  }
  void grow(size_t count) { size_ += count; }

 private:
  std::unique_ptr<Id[]> data_;
  size_t size_ = 0, capacity_ = 0;
};
using Ids = IdsOf<uint32_t>;

class Encoder {
 public:
  explicit Encoder(const Model& model);

  // Appends the ids of a text; kPadding bytes beyond it are readable.
  void encode(const uint8_t* text, size_t length, Ids& ids);

 private:
  static constexpr size_t kInline = 11;
  struct alignas(64) Remembered {
    WordKey key;
    uint32_t count;
    uint32_t ids[kInline];
  };
  static constexpr size_t kRemembered = size_t(1) << 15;

  const Model& model_;
  const uint8_t* const classes_;
  const uint64_t seed_;
  std::unique_ptr<Remembered[]> memory_;

  // Scratch of long pieces: what begins at each position, and what it and its right neighbour merge into.
  struct Node {
    uint32_t id, rank, target, next, previous;
  };
  std::vector<Node> nodes_;
  std::vector<uint64_t> heap_;

  template <Pattern pattern>
  void encodeAs(const uint8_t* text, size_t length, Ids& ids);
  size_t piece(const uint8_t* p, size_t length, uint32_t* out);
  size_t shortPiece(const uint8_t* p, size_t length, uint32_t* out) const;
  size_t longPiece(const uint8_t* p, size_t length, uint32_t* out);
};

}  // namespace octavo::text
