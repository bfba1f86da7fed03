// Counts of runs of 1 to 4 UTF-16 units in a table of fixed size, interpolated after Witten and Bell (1991); see
// data/filters/character-model.ts.
#pragma once
#include <cstddef>
#include <cstdint>

namespace octavo::text {

constexpr uint32_t kModelSlots = 1 << 20;
// For each context how often, and by how many kinds of unit, it was followed; behind these how often each run was seen,
// and then where the context lies that saw it first, which is what it takes to add up the tables of two texts.
constexpr size_t kModelWords = 4 * size_t(kModelSlots);
// Only so much of a long text is looked at: it is enough to know its kind.
constexpr size_t kModelUnits = 16384;
// Around a text there is room for so many units more, of any value.
constexpr size_t kModelPadding = 64;

void learnUnits(uint32_t* table, const char16_t* units, size_t count);

// The probability of a text is fraction · 2^exponent.
struct Odds {
  double fraction, exponent;
};
Odds oddsOfUnits(const uint32_t* table, const char16_t* units, size_t count);

}  // namespace octavo::text
