#include "repeats.h"

#include <algorithm>

namespace octavo::text {

namespace {

// Sorts the suffixes of s[0, n), whose symbols are below `symbols`, into sa. A suffix that is a prefix of another is
// smaller, as if a smallest symbol ended the text.
template <typename Symbol>
class SuffixSorter {
 public:
  SuffixSorter(const Symbol* s, int32_t n, int32_t symbols, int32_t* sa) : s_(s), n_(n), sa_(sa), sizes_(size_t(symbols), 0), bounds_(size_t(symbols)), small_(size_t(n), false) {
    for (int32_t at = 0; at < n; ++at) ++sizes_[size_t(s[at])];
    for (int32_t at = n - 2; at >= 0; --at)
      small_[size_t(at)] = s[at] < s[at + 1] || (s[at] == s[at + 1] && small_[size_t(at + 1)]);
  }

  void sort() {
    std::fill_n(sa_, n_, -1);
    toEnds();
    for (int32_t at = 1; at < n_; ++at)
      if (isLeftmost(at)) sa_[--bounds_[size_t(s_[at])]] = at;
    induce();

    // The sorted leftmost suffixes move to the front; their names go behind.
    int32_t count = 0;
    for (int32_t at = 0; at < n_; ++at)
      if (isLeftmost(sa_[at])) sa_[count++] = sa_[at];
    std::fill(sa_ + count, sa_ + n_, -1);
    int32_t names = 0, before = -1;
    for (int32_t at = 0; at < count; ++at) {
      const int32_t place = sa_[at];
      if (before < 0 || !sameSubstring(before, place)) ++names;
      sa_[count + place / 2] = names - 1;
      before = place;
    }
    std::vector<int32_t> reduced(static_cast<size_t>(count));
    int32_t filled = 0;
    for (int32_t at = count; at < n_; ++at)
      if (sa_[at] >= 0) reduced[size_t(filled++)] = sa_[at];
    if (names < count) {
      SuffixSorter<int32_t>(reduced.data(), count, names, sa_).sort();
    } else {
      for (int32_t at = 0; at < count; ++at) sa_[reduced[size_t(at)]] = at;
    }

    // Ranks of the reduced text become places again, and all other suffixes follow from them.
    filled = 0;
    for (int32_t at = 1; at < n_; ++at)
      if (isLeftmost(at)) reduced[size_t(filled++)] = at;
    for (int32_t at = 0; at < count; ++at) sa_[at] = reduced[size_t(sa_[at])];
    std::fill(sa_ + count, sa_ + n_, -1);
    toEnds();
    for (int32_t at = count - 1; at >= 0; --at) {
      const int32_t place = sa_[at];
      sa_[at] = -1;
      sa_[--bounds_[size_t(s_[place])]] = place;
    }
    induce();
  }

 private:
  const Symbol* const s_;
  const int32_t n_;
  int32_t* const sa_;
  std::vector<int32_t> sizes_, bounds_;
  std::vector<bool> small_;

  bool isLeftmost(int32_t at) const { return at > 0 && small_[size_t(at)] && !small_[size_t(at - 1)]; }

  void toEnds() {
    int32_t sum = 0;
    for (size_t c = 0; c < sizes_.size(); ++c) bounds_[c] = sum += sizes_[c];
  }

  void toStarts() {
    int32_t sum = 0;
    for (size_t c = 0; c < sizes_.size(); ++c) {
      bounds_[c] = sum;
      sum += sizes_[c];
    }
  }

  void induce() {
    toStarts();
    // The empty suffix behind the text is the smallest of all: what stands before it comes first.
    sa_[bounds_[size_t(s_[n_ - 1])]++] = n_ - 1;
    for (int32_t at = 0; at < n_; ++at) {
      const int32_t place = sa_[at] - 1;
      if (place >= 0 && !small_[size_t(place)]) sa_[bounds_[size_t(s_[place])]++] = place;
    }
    toEnds();
    for (int32_t at = n_ - 1; at >= 0; --at) {
      const int32_t place = sa_[at] - 1;
      if (place >= 0 && small_[size_t(place)]) sa_[--bounds_[size_t(s_[place])]] = place;
    }
  }

  // Are the substrings from one leftmost suffix to the next the same?
  bool sameSubstring(int32_t a, int32_t b) const {
    for (int32_t n = 0;; ++n) {
      if (a + n >= n_ || b + n >= n_) return false;
      if (s_[a + n] != s_[b + n] || small_[size_t(a + n)] != small_[size_t(b + n)]) return false;
      if (n > 0 && (isLeftmost(a + n) || isLeftmost(b + n))) return isLeftmost(a + n) && isLeftmost(b + n);
    }
  }
};

}  // namespace

std::vector<uint32_t> repeatedSpans(const uint8_t* bytes, size_t length, const std::vector<uint32_t>& ends, uint32_t least) {
  std::vector<uint32_t> spans;
  const auto n = int32_t(length);
  if (n < 2) return spans;
  std::vector<int32_t> sa(length), rank(length), common(length), up(length), down(length);
  SuffixSorter<uint8_t>(bytes, n, 256, sa.data()).sort();
  for (int32_t at = 0; at < n; ++at) rank[size_t(sa[size_t(at)])] = at;
  // common[r]: what the suffixes of rank r - 1 and r have in common.
  for (int32_t at = 0, same = 0; at < n; ++at) {
    const int32_t r = rank[size_t(at)];
    if (r == 0) {
      common[0] = same = 0;
      continue;
    }
    const int32_t other = sa[size_t(r - 1)];
    while (at + same < n && other + same < n && bytes[at + same] == bytes[other + same]) ++same;
    common[size_t(r)] = same;
    if (same > 0) --same;
  }
  for (int32_t r = 0; r < n; ++r) {
    up[size_t(r)] = r - 1;
    down[size_t(r)] = r + 1 < n ? r + 1 : -1;
  }
  // Places leave the list from the last one backwards, so that those around a place are always earlier ones.
  std::vector<int32_t>& previous = rank;  // rank[p] is read for the last time when p gets its figure
  size_t document = ends.size();
  int32_t end = n;
  for (int32_t at = n - 1; at >= 0; --at) {
    while (document > 0 && int32_t(ends[document - 1]) > at) end = int32_t(ends[--document]);
    const int32_t r = rank[size_t(at)];
    const int32_t above = up[size_t(r)], below = down[size_t(r)];
    const auto reach = [&](int32_t neighbour, int32_t same) {
      if (neighbour < 0) return 0;
      const int32_t from = sa[size_t(neighbour)];
      const auto next = std::upper_bound(ends.begin(), ends.end(), uint32_t(from));
      const int32_t stop = next == ends.end() ? n : int32_t(*next);
      return std::min({same, end - at, stop - from});
    };
    const int32_t toAbove = common[size_t(r)];
    const int32_t toBelow = below < 0 ? 0 : common[size_t(below)];
    // The search for a document's end is only worth it where the match is long enough.
    const int32_t first = toAbove >= int32_t(least) ? reach(above, toAbove) : 0;
    const int32_t second = toBelow >= int32_t(least) ? reach(below, toBelow) : 0;
    if (below >= 0) {
      common[size_t(below)] = std::min(toAbove, toBelow);
      up[size_t(below)] = above;
    }
    if (above >= 0) down[size_t(above)] = below;
    previous[size_t(at)] = std::max(first, second);
  }
  for (int32_t at = 0; at < n; ++at) {
    const int32_t reach = previous[size_t(at)];
    if (reach < int32_t(least)) continue;
    const auto from = uint32_t(at), to = uint32_t(at + reach);
    const bool joins = !spans.empty() && from <= spans.back() &&
                       std::upper_bound(ends.begin(), ends.end(), spans[spans.size() - 2]) == std::upper_bound(ends.begin(), ends.end(), from);
    if (joins) {
      spans.back() = std::max(spans.back(), to);
    } else {
      spans.push_back(from);
      spans.push_back(to);
    }
  }
  return spans;
}

}  // namespace octavo::text
