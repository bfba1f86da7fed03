// The order of merges is that of Hugging Face's BpeTrainer over the byte-level alphabet: the most frequent pair first;
// of equally frequent ones that with the lower left id, then the lower right id, ids being given to bytes in the order of
// their printable stand-ins (see byteOrder) and to new tokens as they come.
//
// Words lie in one array of cells, a cell a byte. The first cell of a token holds its id; if it is longer than a byte,
// its last cell holds kInside | length, so that both neighbours of any token are found without links.
#include "train.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>

namespace octavo::text {

static constexpr uint32_t kInside = 0x80000000;
static constexpr uint32_t kBorder = 0x7FFFFFFF;  // between words

namespace {

// Bytes that print as themselves come first, then the rest.
void byteOrder(uint8_t order[256]) {
  const auto prints = [](int b) { return (b >= 33 && b <= 126) || (b >= 161 && b <= 172) || b >= 174; };
  size_t at = 0;
  for (int b = 0; b < 256; ++b)
    if (prints(b)) order[at++] = uint8_t(b);
  for (int b = 0; b < 256; ++b)
    if (!prints(b)) order[at++] = uint8_t(b);
}

// Pair of ids → index of its count.
class PairIndex {
 public:
  PairIndex() : slots_(size_t(1) << 16, Slot{kEmpty, 0}), mask_(slots_.size() - 1) {}

  // `next` is the index given to a pair not seen before.
  uint32_t find(uint64_t pair, uint32_t next) {
    size_t at = slotOf(pair);
    for (; slots_[at].pair != kEmpty; at = (at + 1) & mask_)
      if (slots_[at].pair == pair) return slots_[at].index;
    slots_[at] = {pair, next};
    if (++used_ * 2 > slots_.size()) grow();
    return next;
  }

 private:
  static constexpr uint64_t kEmpty = ~uint64_t(0);
  struct Slot {
    uint64_t pair;
    uint32_t index;
  };
  std::vector<Slot> slots_;
  size_t mask_, used_ = 0;

  size_t slotOf(uint64_t pair) const {
    const uint64_t h = pair * 0x9E3779B97F4A7C15ull;
    return size_t(h ^ h >> 32) & mask_;
  }
  void grow() {
    std::vector<Slot> old(slots_.size() * 2, Slot{kEmpty, 0});
    old.swap(slots_);
    mask_ = slots_.size() - 1;
    for (const Slot& slot : old) {
      if (slot.pair == kEmpty) continue;
      size_t at = slotOf(slot.pair);
      while (slots_[at].pair != kEmpty) at = (at + 1) & mask_;
      slots_[at] = slot;
    }
  }
};

// A pair waiting to be merged, with the places where it came into being.
struct Waiting {
  int64_t count;
  uint64_t pair;
  uint32_t index;
  uint64_t begin, end;  // in `places`
};

// Whether b is to be merged before a.
bool after(const Waiting& a, const Waiting& b) {
  if (a.count != b.count) return a.count < b.count;
  if (a.pair != b.pair) return a.pair > b.pair;
  return a.begin > b.begin;
}

class Trainer {
 public:
  Trainer(const std::vector<WordCounts::Word>& words, const TrainOptions& options) : options_(options) {
    uint8_t order[256];
    byteOrder(order);
    uint32_t idOf[256];
    for (uint32_t id = 0; id < 256; ++id) {
      idOf[order[id]] = id;
      addToken(std::string(1, char(order[id])));
    }
    size_t cells = 1;
    for (const auto& word : words)
      if (word.length > 1) cells += word.length + 1;
    if (cells >= kBorder) throw std::length_error("the distinct words of the text are too many to train on");
    cell_.reserve(cells);
    wordOf_.reserve(cells);
    cell_.push_back(kBorder);
    wordOf_.push_back(0);
    for (const auto& word : words) {
      if (word.length < 2) continue;
      for (size_t at = 0; at < word.length; ++at) cell_.push_back(idOf[word.bytes[at]]);
      cell_.push_back(kBorder);
      wordOf_.resize(cell_.size(), uint32_t(weight_.size()));
      weight_.push_back(int64_t(word.count));
    }
    for (uint32_t at = 1; at + 1 < cell_.size(); ++at)
      if (cell_[at] != kBorder && cell_[at + 1] != kBorder)
        more(cell_[at], cell_[at + 1], weight_[wordOf_[at]], at);
    wait();
  }

  Trained run(const std::function<bool(uint32_t)>& progress) {
    uint32_t sinceProgress = 0;
    while (ids_.size() < options_.tokens && !heap_.empty()) {
      std::pop_heap(heap_.begin(), heap_.end(), after);
      Waiting top = heap_.back();
      heap_.pop_back();
      if (top.count != count_[top.index]) {
        top.count = count_[top.index];
        push(top);
        continue;
      }
      if (top.count < 1 || uint64_t(top.count) < options_.minimumFrequency) break;
      merge(top);
      if (++sinceProgress == 64) {
        sinceProgress = 0;
        if (!progress(uint32_t(ids_.size()))) break;
      }
    }
    return result();
  }

 private:
  const TrainOptions options_;
  std::vector<uint32_t> cell_, wordOf_;
  std::vector<int64_t> weight_;

  std::vector<std::string> tokens_;
  std::unordered_map<std::string, uint32_t> ids_;
  std::vector<uint32_t> length_;
  std::vector<Merge> merges_;

  PairIndex pairs_;
  std::vector<uint64_t> pair_;   // by index
  std::vector<int64_t> count_;   // by index
  std::vector<uint32_t> fresh_;  // by index: places found since the last wait()

  struct Place {
    uint32_t index, at;
  };
  std::vector<Place> found_;
  std::vector<uint32_t> touched_;
  std::vector<uint32_t> places_;
  std::vector<Waiting> heap_;

  uint32_t addToken(std::string token) {
    const auto [known, isNew] = ids_.try_emplace(std::move(token), uint32_t(tokens_.size()));
    if (isNew) {
      tokens_.push_back(known->first);
      length_.push_back(uint32_t(known->first.size()));
    }
    return known->second;
  }

  uint32_t indexOf(uint32_t left, uint32_t right) {
    const uint64_t pair = uint64_t(left) << 32 | right;
    const uint32_t index = pairs_.find(pair, uint32_t(pair_.size()));
    if (index == pair_.size()) {
      pair_.push_back(pair);
      count_.push_back(0);
      fresh_.push_back(0);
    }
    return index;
  }

  void more(uint32_t left, uint32_t right, int64_t weight, uint32_t at) {
    const uint32_t index = indexOf(left, right);
    count_[index] += weight;
    if (fresh_[index]++ == 0) touched_.push_back(index);
    found_.push_back({index, at});
  }

  void less(uint32_t left, uint32_t right, int64_t weight) { count_[indexOf(left, right)] -= weight; }

  void push(const Waiting& waiting) {
    heap_.push_back(waiting);
    std::push_heap(heap_.begin(), heap_.end(), after);
  }

  // Puts the pairs found since the last call into the heap, the places of each side by side.
  void wait() {
    uint64_t begin = places_.size();
    places_.resize(begin + found_.size());
    const bool first = heap_.empty();
    for (const uint32_t index : touched_) {
      const uint64_t end = begin + fresh_[index];
      if (count_[index] > 0) {
        heap_.push_back({count_[index], pair_[index], index, begin, end});
        if (!first) std::push_heap(heap_.begin(), heap_.end(), after);
      }
      cursor_.resize(pair_.size());
      cursor_[index] = begin;
      fresh_[index] = 0;
      begin = end;
    }
    if (first) std::make_heap(heap_.begin(), heap_.end(), after);
    for (const Place& place : found_) places_[cursor_[place.index]++] = place.at;
    found_.clear();
    touched_.clear();
  }
  std::vector<uint64_t> cursor_;

  void merge(const Waiting& top) {
    const uint32_t a = uint32_t(top.pair >> 32), b = uint32_t(top.pair);
    const uint32_t made = addToken(tokens_[a] + tokens_[b]);
    merges_.push_back({a, b, made});
    const uint32_t lengthA = length_[a], lengthB = length_[b];
    for (uint64_t place = top.begin; place < top.end; ++place) {
      const uint32_t at = places_[place];
      // Places that have changed since are passed over: cells inside a token hold no id.
      if (cell_[at] != a) continue;
      const uint32_t middle = at + lengthA;
      if (cell_[middle] != b) continue;
      const uint32_t end = middle + lengthB;
      const int64_t weight = weight_[wordOf_[at]];
      const uint32_t before = cell_[at - 1];
      const uint32_t next = cell_[end];
      if (before != kBorder) {
        const uint32_t start = before & kInside ? at - (before & ~kInside) : at - 1;
        const uint32_t previous = cell_[start];
        less(previous, a, weight);
        more(previous, made, weight, start);
      }
      cell_[at] = made;
      cell_[middle] = kInside;
      cell_[end - 1] = kInside | (lengthA + lengthB);
      if (next != kBorder) {
        less(b, next, weight);
        more(made, next, weight, at);
      }
    }
    wait();
  }

  Trained result() {
    Trained trained;
    trained.starts.push_back(0);
    for (const std::string& token : tokens_) {
      trained.bytes.insert(trained.bytes.end(), token.begin(), token.end());
      trained.starts.push_back(trained.bytes.size());
    }
    // A pair can come up again when a token arises in a second way; the later rank is the one that counts.
    std::unordered_map<uint64_t, size_t> last;
    const auto key = [](const Merge& m) { return uint64_t(m.left) << 32 | m.right; };
    for (size_t rank = 0; rank < merges_.size(); ++rank) last[key(merges_[rank])] = rank;
    for (size_t rank = 0; rank < merges_.size(); ++rank)
      if (last[key(merges_[rank])] == rank) trained.merges.push_back(merges_[rank]);
    return trained;
  }
};

}  // namespace

Trained train(const std::vector<WordCounts::Word>& words, const TrainOptions& options,
              const std::function<bool(uint32_t)>& progress) {
  Trainer trainer(words, options);
  progress(256);
  return trainer.run(progress);
}

}  // namespace octavo::text
