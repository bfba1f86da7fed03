// What a character is to the scanners, and UTF-8 read one character at a time.
// A byte that is not part of well-formed UTF-8 counts as a character of class Other, so any bytes can be cut and joined.
#pragma once
#include <cstdint>

#include "unicode-classes.h"

namespace octavo::text {

// In Unicode's categories: Upper = Lu Lt, Lower = Ll, OtherLetter = Lm Lo, Mark = M, Number = N,
// Newline = CR LF, Space = the rest of White_Space.
enum Class : uint8_t { Other = 0, Upper = 1, Lower = 2, OtherLetter = 3, Mark = 4, Number = 5, Space = 6, Newline = 7 };

// Sets of classes, one bit each.
constexpr unsigned bit(Class c) { return 1u << c; }
constexpr unsigned kLetter = bit(Upper) | bit(Lower) | bit(OtherLetter);
constexpr unsigned kSpace = bit(Space) | bit(Newline);
constexpr unsigned kSymbol = bit(Other) | bit(Mark);  // [^\s\p{L}\p{N}]

struct ClassTable {
  uint8_t of[0x110000];
  ClassTable() {
    constexpr uint32_t runs = sizeof(kClassRuns) / sizeof(kClassRuns[0]);
    for (uint32_t run = 0; run < runs; ++run) {
      const uint32_t end = run + 1 < runs ? kClassRuns[run + 1] >> 3 : 0x110000;
      for (uint32_t code = kClassRuns[run] >> 3; code < end; ++code) of[code] = kClassRuns[run] & 7;
    }
  }
};

inline const ClassTable& classTable() {
  static const ClassTable table;
  return table;
}

struct Character {
  uint32_t length;  // bytes
  Class cls;
};

// p < end.
inline Character readWide(const uint8_t* classes, const uint8_t* p, const uint8_t* end) {
  const uint32_t a = p[0];
  const auto tail = [&](int at) { return (p[at] & 0xC0) == 0x80; };
  const auto left = end - p;
  if (a >= 0xC2 && a < 0xE0) {
    if (left >= 2 && tail(1)) return {2, Class(classes[(a & 0x1F) << 6 | (p[1] & 0x3F)])};
  } else if (a >= 0xE0 && a < 0xF0) {
    if (left >= 3 && tail(1) && tail(2)) {
      const uint32_t code = (a & 0x0F) << 12 | (p[1] & 0x3Fu) << 6 | (p[2] & 0x3Fu);
      if (code >= 0x800 && (code < 0xD800 || code > 0xDFFF)) return {3, Class(classes[code])};
    }
  } else if (a >= 0xF0 && a < 0xF5) {
    if (left >= 4 && tail(1) && tail(2) && tail(3)) {
      const uint32_t code = (a & 0x07) << 18 | (p[1] & 0x3Fu) << 12 | (p[2] & 0x3Fu) << 6 | (p[3] & 0x3Fu);
      if (code >= 0x10000 && code < 0x110000) return {4, Class(classes[code])};
    }
  }
  return {1, Other};
}

inline Character readCharacter(const uint8_t* classes, const uint8_t* p, const uint8_t* end) {
  if (*p < 0x80) return {1, Class(classes[*p])};
  return readWide(classes, p, end);
}

}  // namespace octavo::text
