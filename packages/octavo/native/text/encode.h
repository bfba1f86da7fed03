// Text to token ids. One encoder a thread: it remembers the ids of short words it has met.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "model.h"
#include "word-key.h"

namespace octavo::text {

class Encoder {
 public:
  explicit Encoder(const Model& model);

  // Appends the ids of a text; kPadding bytes beyond it are readable.
  void encode(const uint8_t* text, size_t length, std::vector<uint32_t>& ids);

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
  void encodeAs(const uint8_t* text, size_t length, std::vector<uint32_t>& ids);
  size_t piece(const uint8_t* p, size_t length, uint32_t* out);
  size_t shortPiece(const uint8_t* p, size_t length, uint32_t* out) const;
  size_t longPiece(const uint8_t* p, size_t length, uint32_t* out);
};

}  // namespace octavo::text
