#include "character-model.h"

#include <algorithm>
#include <cmath>

namespace octavo::text {

namespace {

constexpr size_t kOrder = 4;
// So many units are looked at together, so that the compiler makes vectors of them.
constexpr size_t kBlock = 64;
static_assert(kBlock <= kModelPadding && kOrder <= kModelPadding);

inline uint32_t slotOf(uint32_t hash, uint32_t length) {
  uint32_t mixed = (hash ^ length * 0x9e3779b1u) * 0x85ebca6bu;
  mixed ^= mixed >> 15;
  return (mixed * 0xc2b2ae35u >> 12) & (kModelSlots - 1);
}

inline uint32_t extend(uint32_t hash, uint32_t unit) { return hash * 0x01000193u ^ unit; }

// Where the contexts of 0 to 3 units before each unit of a block lie, and the runs that they make with it.
struct Places {
  uint32_t context[kOrder][kBlock], run[kOrder][kBlock];
};

__attribute__((always_inline)) inline void findPlaces(const char16_t* units, Places& places) {
  uint32_t hash[kBlock];
  for (size_t n = 0; n < kBlock; ++n) hash[n] = 17;
  for (uint32_t length = 0; length < kOrder; ++length) {
    uint32_t* const context = places.context[length];
    uint32_t* const run = places.run[length];
    // Contexts grow backwards, so that each is one step from the shorter one.
    if (length > 0)
      for (size_t n = 0; n < kBlock; ++n) hash[n] = extend(hash[n], (units - length)[n]);
    for (size_t n = 0; n < kBlock; ++n) context[n] = 2 * slotOf(hash[n], length);
    for (size_t n = 0; n < kBlock; ++n) run[n] = 2 * kModelSlots + slotOf(extend(hash[n], units[n]), length + kOrder);
  }
}

void findAnywhere(const char16_t* units, Places& places) { findPlaces(units, places); }

#if defined(__x86_64__)
__attribute__((target("avx2"))) void findAvx2(const char16_t* units, Places& places) { findPlaces(units, places); }
#endif

using Find = void (*)(const char16_t*, Places&);

Find fastest() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx2")) return findAvx2;
#endif
  return findAnywhere;
}

const Find find = fastest();

}  // namespace

void learnUnits(uint32_t* table, const char16_t* units, size_t count) {
  Places places;
  for (size_t from = 0; from < count; from += kBlock) {
    find(units + from, places);
    for (size_t n = 0; n < std::min(kBlock, count - from); ++n)
      for (size_t length = 0; length < std::min(kOrder, from + n + 1); ++length) {
        uint32_t* const context = table + places.context[length][n];
        uint32_t* const run = table + places.run[length][n];
        if ((*run)++ == 0) {
          run[kModelSlots] = places.context[length][n];
          ++context[1];
        }
        ++context[0];
      }
  }
}

Odds oddsOfUnits(const uint32_t* table, const char16_t* units, size_t count) {
  Places places;
  Odds odds{1, 0};
  for (size_t from = 0; from < count; from += kBlock) {
    find(units + from, places);
    for (size_t n = 0; n < std::min(kBlock, count - from); ++n) {
      double probability = 1.0 / 65536;
      for (size_t length = 0; length < std::min(kOrder, from + n + 1); ++length) {
        const uint32_t* context = table + places.context[length][n];
        const double total = context[0], kinds = context[1];
        if (total == 0) break;
        const double seen = std::min(table[places.run[length][n]], context[0]);
        probability = (seen + kinds * probability) / (total + kinds);
      }
      odds.fraction *= probability;
      // Four of the smallest probabilities (2⁻¹⁴⁴ each) are still a number.
      if (n % 4 != 3) continue;
      int exponent;
      odds.fraction = std::frexp(odds.fraction, &exponent);
      odds.exponent += exponent;
    }
  }
  return odds;
}

}  // namespace octavo::text
