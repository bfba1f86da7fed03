// Short byte strings (up to 15 bytes) as two integers, so that comparing and hashing need no loop.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>

namespace octavo::text {

// Every buffer of text is followed by this many readable bytes.
constexpr size_t kPadding = 16;
constexpr size_t kShortWord = 15;

struct WordKey {
  uint64_t low, high;  // bytes, zero-filled; the last byte is the length
  bool operator==(const WordKey& other) const { return low == other.low && high == other.high; }
};

// length <= kShortWord; kPadding bytes are readable at p.
inline WordKey wordKey(const uint8_t* p, size_t length) {
  uint64_t low, high;
  std::memcpy(&low, p, 8);
  std::memcpy(&high, p + 8, 8);
  if (length < 8) {
    low &= (uint64_t(1) << (8 * length)) - 1;
    high = 0;
  } else {
    high &= (uint64_t(1) << (8 * (length - 8))) - 1;
  }
  return {low, high | uint64_t(length) << 56};
}

// Chosen anew in each process, so that no text can be made whose words collide; results never depend on it.
inline uint64_t hashSeed() {
  static const uint64_t seed = [] {
    std::random_device device;
    return uint64_t(device()) << 32 | device() | 1;
  }();
  return seed;
}

inline uint64_t mix(uint64_t a, uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return uint64_t(product) ^ uint64_t(product >> 64);
}

inline uint64_t hashKey(const WordKey& key, uint64_t seed) {
  return mix(key.low ^ seed, key.high ^ 0x9E3779B97F4A7C15ull);
}

inline uint64_t hashBytes(const uint8_t* p, size_t length, uint64_t seed) {
  uint64_t h = seed ^ length;
  while (length >= 8) {
    uint64_t part;
    std::memcpy(&part, p, 8);
    h = mix(h ^ part, 0xA0761D6478BD642Full ^ seed);
    p += 8;
    length -= 8;
  }
  uint64_t part = 0;
  std::memcpy(&part, p, length);
  return mix(h ^ part, 0xE7037ED1A0B428DBull);
}

}  // namespace octavo::text
