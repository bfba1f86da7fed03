#include "model.h"

#include <cstring>
#include <stdexcept>

#include "word-key.h"

namespace octavo::text {

static size_t tableSize(size_t entries) {
  size_t size = 16;
  while (size < entries * 2) size *= 2;
  return size;
}

Model::Model(Pattern pattern, bool wholeWordsFirst, uint32_t unknown, std::vector<uint8_t> tokenBytes,
             std::vector<uint64_t> tokenStarts, const std::vector<uint8_t>& special, const std::vector<Merge>& merges)
    : pattern(pattern),
      wholeWordsFirst(wholeWordsFirst),
      unknown(unknown),
      bytes(std::move(tokenBytes)),
      starts(std::move(tokenStarts)),
      seed_(hashSeed()) {
  const uint32_t count = size();
  if (unknown != kNone && unknown >= count) throw std::invalid_argument("the unknown token is not in the vocabulary");
  for (uint32_t id = 0; id < count; ++id)
    if (starts[id] > starts[id + 1]) throw std::invalid_argument("token starts must ascend");
  if (starts[0] != 0 || starts[count] != bytes.size()) throw std::invalid_argument("token starts must cover the bytes");
  bytes.resize(bytes.size() + kPadding);

  std::memset(byteToken, 0xFF, sizeof byteToken);
  for (uint32_t id = count; id-- > 0;)
    if (!special[id] && length(id) == 1) byteToken[*begin(id)] = id;

  if (unknown == kNone)
    for (const uint32_t id : byteToken)
      if (id == kNone) throw std::invalid_argument("a byte has no token, and there is no unknown token");

  const size_t slots = tableSize(merges.size());
  pairs_.assign(slots, Pair{~uint64_t(0), {kNone, kNone}});
  pairMask_ = slots - 1;
  for (uint32_t rank = 0; rank < merges.size(); ++rank) {
    const Merge& m = merges[rank];
    if (m.left >= count || m.right >= count || m.id >= count) throw std::invalid_argument("a merge names no token");
    if (special[m.left] || special[m.right] || special[m.id]) throw std::invalid_argument("a merge would make a special token of text");
    if (length(m.left) == 0 || length(m.right) == 0 || length(m.left) + length(m.right) != length(m.id) ||
        std::memcmp(begin(m.left), begin(m.id), length(m.left)) != 0 ||
        std::memcmp(begin(m.right), begin(m.id) + length(m.left), length(m.right)) != 0)
      throw std::invalid_argument("a merge does not make its token");
    const uint64_t key = uint64_t(m.left) << 32 | m.right;
    size_t at = slotOf(key);
    while (pairs_[at].to.rank != kNone && pairs_[at].key != key) at = (at + 1) & pairMask_;
    pairs_[at] = {key, {rank, m.id}};  // of two equal merges the later counts
  }

  if (!wholeWordsFirst) return;
  const size_t wholeSlots = tableSize(count);
  wholes_.assign(wholeSlots, kNone);
  wholeMask_ = wholeSlots - 1;
  for (uint32_t id = 0; id < count; ++id) {
    if (special[id] || length(id) == 0) continue;
    size_t at = hashBytes(begin(id), length(id), seed_) & wholeMask_;
    while (wholes_[at] != kNone) at = (at + 1) & wholeMask_;
    wholes_[at] = id;
  }
}

uint32_t Model::whole(const uint8_t* p, size_t n) const {
  for (size_t at = hashBytes(p, n, seed_) & wholeMask_;; at = (at + 1) & wholeMask_) {
    const uint32_t id = wholes_[at];
    if (id == kNone || (length(id) == n && std::memcmp(begin(id), p, n) == 0)) return id;
  }
}

}  // namespace octavo::text
