#include "json-rows.h"

#include <algorithm>
#include <cstring>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace octavo::text {

namespace {

constexpr int kDeepest = 64;
constexpr int kRun = 16;

// Bytes of a string that stand for themselves: no quote, backslash or control, nothing beyond ASCII.
inline bool isPlain(uint8_t byte) { return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\'; }

struct Reader {
  const uint8_t* at;
  const uint8_t* const end;
  JsonText& text;

  void space() {
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\r')) ++at;
  }

  bool take(uint8_t byte) {
    if (at == end || *at != byte) return false;
    ++at;
    return true;
  }

  bool word(const char* letters) {
    const size_t length = std::strlen(letters);
    if (size_t(end - at) < length || std::memcmp(at, letters, length) != 0) return false;
    at += length;
    return true;
  }

  bool digits() {
    const uint8_t* const first = at;
    while (at < end && *at >= '0' && *at <= '9') ++at;
    return at > first;
  }

  bool number() {
    take('-');
    if (!take('0') && !digits()) return false;
    if (take('.') && !digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return digits();
    }
    return true;
  }

  // Behind `\u`; beyond 0xFFFF where it is none.
  uint32_t hexadecimal() {
    if (end - at < 4) return 0x10000;
    uint32_t unit = 0;
    for (int digit = 0; digit < 4; ++digit) {
      const uint8_t byte = *at++;
      const uint8_t lower = byte | 0x20;
      if (byte >= '0' && byte <= '9') unit = unit << 4 | uint32_t(byte - '0');
      else if (lower >= 'a' && lower <= 'f') unit = unit << 4 | uint32_t(lower - 'a' + 10);
      else return 0x10000;
    }
    return unit;
  }

  // Behind a backslash.
  uint32_t escaped() {
    if (at == end) return 0x10000;
    switch (*at++) {
      case '"': return '"';
      case '\\': return '\\';
      case '/': return '/';
      case 'b': return '\b';
      case 'f': return '\f';
      case 'n': return '\n';
      case 'r': return '\r';
      case 't': return '\t';
      case 'u': return hexadecimal();
      default: return 0x10000;
    }
  }

  // A character beyond ASCII; 0 where the bytes are not UTF-8.
  uint32_t character() {
    const auto tail = [&](int place) { return at + place < end && (at[place] & 0xC0) == 0x80; };
    const uint32_t first = *at;
    uint32_t code = 0;
    if (first >= 0xC2 && first < 0xE0 && tail(1)) {
      code = (first & 0x1F) << 6 | (at[1] & 0x3Fu);
      at += 2;
    } else if (first >= 0xE0 && first < 0xF0 && tail(1) && tail(2)) {
      code = (first & 0x0F) << 12 | (at[1] & 0x3Fu) << 6 | (at[2] & 0x3Fu);
      at += 3;
      if (code < 0x800 || (code >= 0xD800 && code < 0xE000)) return 0;
    } else if (first >= 0xF0 && first < 0xF5 && tail(1) && tail(2) && tail(3)) {
      code = (first & 0x07) << 18 | (at[1] & 0x3Fu) << 12 | (at[2] & 0x3Fu) << 6 | (at[3] & 0x3Fu);
      at += 4;
      if (code < 0x10000 || code > 0x10FFFF) return 0;
    }
    return code;
  }

  // Runs of bytes that stand for themselves, a register at a time; what was written beyond the run is written over.
  template <typename Unit>
  Unit* plain(Unit* out) {
#ifdef __SSE2__
    for (; end - at >= kRun; at += kRun, out += kRun) {
      const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
      auto* const to = reinterpret_cast<__m128i*>(out);
      if constexpr (sizeof(Unit) == 1) {
        _mm_storeu_si128(to, bytes);
      } else {
        _mm_storeu_si128(to, _mm_unpacklo_epi8(bytes, _mm_setzero_si128()));
        _mm_storeu_si128(to + 1, _mm_unpackhi_epi8(bytes, _mm_setzero_si128()));
      }
      // Compared with signs, bytes beyond ASCII are below a space too.
      const __m128i marks = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
      const int odd = _mm_movemask_epi8(_mm_or_si128(marks, _mm_cmplt_epi8(bytes, _mm_set1_epi8(' '))));
      if (odd == 0) continue;
      const int run = __builtin_ctz(unsigned(odd));
      at += run;
      return out + run;
    }
#endif
    while (at < end && isPlain(*at)) *out++ = *at++;
    return out;
  }

  // The rest of a string, behind its quote.
  bool string() {
    // No unit takes less than a byte.
    const size_t most = size_t(end - at) + kRun;
    if (text.narrow.size() < most) text.narrow.resize(most + most / 4);
    text.isWide = false;
    uint8_t* narrow = text.narrow.data();
    char16_t* wide = nullptr;
    while (true) {
      if (text.isWide) wide = plain(wide);
      else narrow = plain(narrow);
      if (at == end) return false;
      uint32_t code;
      if (*at == '"') {
        ++at;
        text.units = text.isWide ? size_t(wide - text.wide.data()) : size_t(narrow - text.narrow.data());
        return true;
      }
      if (*at == '\\') {
        ++at;
        code = escaped();
        if (code > 0xFFFF) return false;
      } else if (*at >= 0x80) {
        code = character();
        if (code == 0) return false;
      } else {
        return false;
      }
      if (!text.isWide && code > 0xFF) {
        if (text.wide.size() < most) text.wide.resize(most + most / 4);
        wide = std::copy(text.narrow.data(), narrow, text.wide.data());
        text.isWide = true;
      }
      if (!text.isWide) {
        *narrow++ = uint8_t(code);
      } else if (code > 0xFFFF) {
        *wide++ = char16_t(0xD7C0 + (code >> 10));
        *wide++ = char16_t(0xDC00 + (code & 0x3FF));
      } else {
        *wide++ = char16_t(code);
      }
    }
  }

  bool value(int depth) {
    if (depth > kDeepest || at == end) return false;
    switch (*at) {
      case '"': return ++at, string();
      case 't': return word("true");
      case 'f': return word("false");
      case 'n': return word("null");
      case '{':
      case '[': return container(depth);
      default: return number();
    }
  }

  bool container(int depth) {
    const bool isObject = *at++ == '{';
    const uint8_t close = isObject ? '}' : ']';
    space();
    if (take(close)) return true;
    while (true) {
      space();
      if (isObject) {
        if (!take('"') || !string()) return false;
        space();
        if (!take(':')) return false;
        space();
      }
      if (!value(depth + 1)) return false;
      space();
      if (take(close)) return true;
      if (!take(',')) return false;
    }
  }
};

}  // namespace

namespace {

// Longer ones are no longer exact in JavaScript.
constexpr size_t kMostDigits = 15;

// What is no string, as it stands; false where JavaScript would write it otherwise.
bool plainValue(Reader& row, JsonField& field) {
  const uint8_t* const from = row.at;
  if (!row.value(1)) return false;
  field.isFound = *from != 'n' && *from != '{' && *from != '[';
  if (!field.isFound) return true;
  const bool isFlag = *from == 't' || *from == 'f';
  const bool isWhole = size_t(row.at - from) <= kMostDigits && std::all_of(from, row.at, [](uint8_t byte) { return byte >= '0' && byte <= '9'; });
  if (!isFlag && !isWhole) return false;
  if (field.text.narrow.size() < kMostDigits) field.text.narrow.resize(kMostDigits);
  std::copy(from, row.at, field.text.narrow.begin());
  field.text.units = size_t(row.at - from);
  field.text.isWide = false;
  return true;
}

}  // namespace

const uint8_t* fieldsOfRow(const uint8_t* begin, const uint8_t* end, std::vector<JsonField>& fields) {
  static thread_local JsonText other;
  Reader row{begin, end, other};
  for (JsonField& field : fields) field.isFound = false;
  row.space();
  if (!row.take('{')) return nullptr;
  do {
    row.space();
    if (!row.take('"')) return nullptr;
    const uint8_t* const key = row.at;
    if (!row.string()) return nullptr;
    const size_t keyBytes = size_t(row.at - 1 - key);
    if (std::memchr(key, '\\', keyBytes) != nullptr) return nullptr;
    row.space();
    if (!row.take(':')) return nullptr;
    row.space();
    if (row.at == end) return nullptr;
    const auto field = std::find_if(fields.begin(), fields.end(), [&](const JsonField& one) {
      return one.nameBytes == keyBytes && std::memcmp(key, one.name, keyBytes) == 0;
    });
    if (field == fields.end()) {
      if (!row.value(1)) return nullptr;
    } else if (row.take('"')) {
      Reader text{row.at, end, field->text};
      if (!text.string()) return nullptr;
      row.at = text.at;
      field->isFound = true;
    } else if (field == fields.begin() || !plainValue(row, *field)) {
      return nullptr;
    }
    row.space();
  } while (row.take(','));
  if (!row.take('}')) return nullptr;
  row.space();
  return fields[0].isFound && (row.at == end || *row.at == '\n') ? row.at : nullptr;
}

}  // namespace octavo::text
