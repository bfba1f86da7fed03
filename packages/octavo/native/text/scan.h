// Pre-tokenisation: cuts text into pieces exactly as the published regular expressions do, without a regex engine.
// Every function is given p < end and returns where the piece that begins at p ends. Time is linear in the text: each
// looks at the characters of its piece and at most one run of white space beyond.
#pragma once
#include <cstdint>

#include "characters.h"

namespace octavo::text {

enum class Pattern : uint32_t { gpt2 = 0, cl100k = 1, o200k = 2 };
constexpr uint32_t kPatterns = 3;

class Scanner {
 public:
  Scanner(const uint8_t* classes, const uint8_t* end) : classes_(classes), end_(end) {}

  template <Pattern pattern>
  const uint8_t* next(const uint8_t* p) const {
    if constexpr (pattern == Pattern::gpt2) return gpt2(p);
    if constexpr (pattern == Pattern::cl100k) return cl100k(p);
    return o200k(p);
  }

 private:
  const uint8_t* const classes_;
  const uint8_t* const end_;

  Character read(const uint8_t* p) const { return readCharacter(classes_, p, end_); }

  bool is(const uint8_t* p, unsigned set) const { return p < end_ && (set >> read(p).cls & 1); }

  // Past the characters of a set.
  const uint8_t* run(const uint8_t* p, unsigned set) const {
    while (p < end_) {
      const Character c = read(p);
      if (!(set >> c.cls & 1)) break;
      p += c.length;
    }
    return p;
  }

  // Where the contraction that begins with the apostrophe at p ends; p itself if there is none.
  // In any case, the long s (U+017F) is an s too, as Unicode case folding has it.
  template <bool anyCase>
  const uint8_t* contraction(const uint8_t* p) const {
    const auto left = end_ - p;
    if (left < 2) return p;
    const auto folded = [&](int at) -> uint8_t {
      const uint8_t c = p[at];
      return anyCase && c >= 'A' && c <= 'Z' ? c | 0x20 : c;
    };
    const uint8_t a = folded(1);
    if (a == 's' || a == 't' || a == 'm' || a == 'd') return p + 2;
    if (left < 3) return p;
    if (anyCase && a == 0xC5 && p[2] == 0xBF) return p + 3;
    const uint8_t b = folded(2);
    if ((a == 'l' && b == 'l') || (a == 'v' && b == 'e') || (a == 'r' && b == 'e')) return p + 3;
    return p;
  }

  // \s+(?!\S)|\s+ : all white space but the last character, unless the text ends here or there is only one.
  const uint8_t* spaces(const uint8_t* p) const {
    const uint8_t* last = p;
    const uint8_t* q = p;
    while (q < end_) {
      const Character c = read(q);
      if (!(kSpace >> c.cls & 1)) break;
      last = q;
      q += c.length;
    }
    return q == end_ || last == p ? q : last;
  }

  // \s*[\r\n]+|\s+(?!\S)|\s+ : up to the last line end of the white space, if it has one.
  const uint8_t* spacesOrLines(const uint8_t* p) const {
    const uint8_t* last = p;
    const uint8_t* q = p;
    const uint8_t* lines = nullptr;
    while (q < end_) {
      const Character c = read(q);
      if (!(kSpace >> c.cls & 1)) break;
      last = q;
      q += c.length;
      if (c.cls == Newline) lines = q;
    }
    if (lines) return lines;
    return q == end_ || last == p ? q : last;
  }

  const uint8_t* digits(const uint8_t* p) const {
    for (int count = 0; count < 3 && p < end_; ++count) {
      const Character c = read(p);
      if (c.cls != Number) break;
      p += c.length;
    }
    return p;
  }

  // 's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
  const uint8_t* gpt2(const uint8_t* p) const {
    if (*p == '\'') {
      const uint8_t* q = contraction<false>(p);
      if (q != p) return q;
    }
    const uint8_t* start = *p == ' ' && p + 1 < end_ ? p + 1 : p;
    const Character c = read(start);
    const unsigned cls = bit(c.cls);
    if (cls & kLetter) return run(start + c.length, kLetter);
    if (cls & kSymbol) return run(start + c.length, kSymbol);
    if (cls & bit(Number)) return run(start + c.length, bit(Number));
    return spaces(p);
  }

  // (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+
  const uint8_t* cl100k(const uint8_t* p) const {
    if (*p == '\'') {
      const uint8_t* q = contraction<true>(p);
      if (q != p) return q;
    }
    const Character c = read(p);
    const unsigned cls = bit(c.cls);
    const uint8_t* after = p + c.length;
    if (cls & kLetter) return run(after, kLetter);
    if (cls & bit(Number)) return digits(p);
    if (c.cls != Newline && after < end_) {
      const Character d = read(after);
      if (kLetter >> d.cls & 1) return run(after + d.length, kLetter);
      if (*p == ' ' && (kSymbol >> d.cls & 1)) return run(run(after + d.length, kSymbol), bit(Newline));
    }
    if (cls & kSymbol) return run(run(after, kSymbol), bit(Newline));
    return spacesOrLines(p);
  }

  // The two word alternatives of o200k, where U = Lu Lt Lm Lo M, W = Ll Lm Lo M and P = [^\r\n\p{L}\p{N}]:
  //   P?U*W+(?i:'s|…)?  |  P?U+W*(?i:'s|…)?
  // The first gives back characters of U until W can begin; the second matches only where no W follows at all.
  // Returns p if neither matches.
  const uint8_t* word(const uint8_t* p, Character first) const {
    constexpr unsigned upper = bit(Upper) | bit(OtherLetter) | bit(Mark);
    constexpr unsigned lower = bit(Lower) | bit(OtherLetter) | bit(Mark);
    const bool prefix = bit(first.cls) & (kSymbol | bit(Space));
    // P?U*W+ begun at `start`; null if it fails. `upperEnd` is where the capitals end.
    const auto mixed = [&](const uint8_t* start, const uint8_t*& upperEnd) -> const uint8_t* {
      const uint8_t* q = start;
      const uint8_t* both = nullptr;  // past the last character that is in U and in W
      while (q < end_) {
        const Character c = read(q);
        if (!(upper >> c.cls & 1)) break;
        q += c.length;
        if (c.cls != Upper) both = q;
      }
      upperEnd = q;
      return is(q, bit(Lower)) ? run(q, lower) : both;
    };
    const uint8_t* upperEnd = p;
    const uint8_t* start = prefix ? p + first.length : p;
    const uint8_t* q = mixed(start, upperEnd);
    if (!q) {
      // Without the prefix: only a mark is both P and a letter of the word, and then it is the whole word.
      if (prefix && first.cls == Mark) q = start;
      else if (upperEnd != start) q = upperEnd;
      else return p;
    }
    if (q < end_ && *q == '\'') return contraction<true>(q);
    return q;
  }

  const uint8_t* o200k(const uint8_t* p) const {
    const Character c = read(p);
    if (c.cls == Number) return digits(p);
    if (c.cls != Newline) {
      const uint8_t* q = word(p, c);
      if (q != p) return q;
    }
    const uint8_t* start = *p == ' ' && p + 1 < end_ ? p + 1 : p;
    if (is(start, kSymbol)) {
      const uint8_t* q = run(start, kSymbol);
      while (q < end_ && (*q == '\r' || *q == '\n' || *q == '/')) ++q;
      return q;
    }
    return spacesOrLines(p);
  }
};

}  // namespace octavo::text
