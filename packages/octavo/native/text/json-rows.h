// Rows of JSON, one a line (JSONL): a field of each that is text.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace octavo::text {

// A text in the narrowest form that JavaScript has for it.
struct JsonText {
  std::vector<uint8_t> narrow;  // Latin-1
  std::vector<char16_t> wide;
  size_t units;
  bool isWide;
};

// Where the row at `begin` ends, which is its newline or `end`, if it is an object, valid by RFC 8259 and in UTF-8, whose field
// `name` is a string; it is then in `text`. Null where it is not or cannot be told: names with escapes, deep nesting.
const uint8_t* fieldOfRow(const uint8_t* begin, const uint8_t* end, const uint8_t* name, size_t nameBytes, JsonText& text);

}  // namespace octavo::text
