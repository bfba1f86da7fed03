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

struct JsonField {
  const uint8_t* name;
  size_t nameBytes;
  JsonText text;
  bool isFound;
};

// Where the row at `begin` ends, which is its newline or `end`, if it is an object, valid by RFC 8259 and in UTF-8, whose first
// field is a string. The others are found where they are strings, whole numbers or flags, as they stand. Null where the row is
// not so or it cannot be told: names with escapes, deep nesting, other numbers.
const uint8_t* fieldsOfRow(const uint8_t* begin, const uint8_t* end, std::vector<JsonField>& fields);

}  // namespace octavo::text
