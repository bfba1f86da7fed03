#include "encode.h"

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace octavo::text {

// Up to this many bytes looking through all pairs beats a heap.
static constexpr size_t kScanned = 48;

Encoder::Encoder(const Model& model)
    : model_(model), classes_(classTable().of), seed_(hashSeed()), memory_(new Remembered[kRemembered]()) {}

void Encoder::encode(const uint8_t* text, size_t length, Ids& ids) {
  switch (model_.pattern) {
    case Pattern::gpt2: return encodeAs<Pattern::gpt2>(text, length, ids);
    case Pattern::cl100k: return encodeAs<Pattern::cl100k>(text, length, ids);
    case Pattern::o200k: return encodeAs<Pattern::o200k>(text, length, ids);
  }
}

template <Pattern pattern>
void Encoder::encodeAs(const uint8_t* text, size_t length, Ids& ids) {
  const uint8_t* const end = text + length;
  const Scanner scanner(classes_, end);
  ids.room(length / 3 + kInline);  // a guess
  for (const uint8_t* p = text; p < end;) {
    const uint8_t* const q = scanner.next<pattern>(p);
    const size_t n = size_t(q - p);
    // A piece has at most as many tokens as bytes; a remembered one is copied whole.
    uint32_t* const out = ids.room(n + kInline);
    if (n <= kShortWord) {
      const WordKey key = wordKey(p, n);
      Remembered& slot = memory_[hashKey(key, seed_) & (kRemembered - 1)];
      if (!(slot.key == key)) {
        const size_t count = piece(p, n, out);
        ids.grow(count);
        if (count <= kInline) {
          slot.key = key;
          slot.count = uint32_t(count);
          std::copy_n(out, count, slot.ids);
        }
      } else {
        std::copy_n(slot.ids, 4, out);
        if (slot.count > 4) std::copy_n(slot.ids + 4, kInline - 4, out + 4);
        ids.grow(slot.count);
      }
    } else {
      ids.grow(piece(p, n, out));
    }
    p = q;
  }
}

size_t Encoder::piece(const uint8_t* p, size_t n, uint32_t* out) {
  if (model_.wholeWordsFirst) {
    const uint32_t id = model_.whole(p, n);
    if (id != kNone) {
      *out = id;
      return 1;
    }
  }
  return n <= kScanned ? shortPiece(p, n, out) : longPiece(p, n, out);
}

size_t Encoder::shortPiece(const uint8_t* p, size_t n, uint32_t* out) const {
  uint32_t id[kScanned];
  Ranked to[kScanned];
  for (size_t at = 0; at < n; ++at) id[at] = model_.byteToken[p[at]];
  for (size_t at = 0; at < n; ++at) {
    if (id[at] == kNone) id[at] = model_.unknown;
    to[at] = {kNone, kNone};
  }
  for (size_t at = 0; at + 1 < n; ++at) to[at] = model_.merge(id[at], id[at + 1]);
  size_t count = n;
  while (count > 1) {
    size_t best = 0;
    for (size_t at = 1; at + 1 < count; ++at)
      if (to[at].rank < to[best].rank) best = at;
    if (to[best].rank == kNone) break;
    id[best] = to[best].id;
    for (size_t at = best + 1; at + 1 < count; ++at) {
      id[at] = id[at + 1];
      to[at] = to[at + 1];
    }
    --count;
    to[count - 1] = {kNone, kNone};
    if (best + 1 < count) to[best] = model_.merge(id[best], id[best + 1]);
    if (best > 0) to[best - 1] = model_.merge(id[best - 1], id[best]);
  }
  std::copy_n(id, count, out);
  return count;
}

// Pairs wait in a heap by rank, then position; a pair that has changed since is recognised by its rank and passed over.
size_t Encoder::longPiece(const uint8_t* p, size_t n, uint32_t* out) {
  if (n >= kNone) throw std::length_error("a piece of text is too long");
  nodes_.resize(n);
  heap_.clear();
  Node* const node = nodes_.data();
  const auto pair = [&](uint32_t at) {
    const uint32_t other = node[at].next;
    const Ranked to = other < n ? model_.merge(node[at].id, node[other].id) : Ranked{kNone, kNone};
    node[at].rank = to.rank;
    node[at].target = to.id;
    return to.rank != kNone;
  };
  const auto entry = [&](uint32_t at) { return uint64_t(node[at].rank) << 32 | at; };
  for (uint32_t at = 0; at < n; ++at) {
    const uint32_t id = model_.byteToken[p[at]];
    node[at] = {id == kNone ? model_.unknown : id, kNone, kNone, at + 1, at - 1};
  }
  for (uint32_t at = 0; at < n; ++at)
    if (pair(at)) heap_.push_back(entry(at));
  const auto later = std::greater<uint64_t>();
  std::make_heap(heap_.begin(), heap_.end(), later);
  const auto push = [&](uint32_t at) {
    if (!pair(at)) return;
    heap_.push_back(entry(at));
    std::push_heap(heap_.begin(), heap_.end(), later);
  };
  while (!heap_.empty()) {
    const uint64_t top = heap_.front();
    std::pop_heap(heap_.begin(), heap_.end(), later);
    heap_.pop_back();
    const uint32_t at = uint32_t(top);
    if (node[at].rank != uint32_t(top >> 32)) continue;
    const uint32_t gone = node[at].next;
    node[at].id = node[at].target;
    node[gone].rank = kNone;
    node[at].next = node[gone].next;
    if (node[at].next < n) node[node[at].next].previous = at;
    push(at);
    if (at > 0) push(node[at].previous);
  }
  size_t count = 0;
  for (uint32_t at = 0; at < n; at = node[at].next) out[count++] = node[at].id;
  // What one huge piece needed is not kept for ever.
  if (n > size_t(1) << 20) {
    std::vector<Node>().swap(nodes_);
    std::vector<uint64_t>().swap(heap_);
  }
  return count;
}

}  // namespace octavo::text
