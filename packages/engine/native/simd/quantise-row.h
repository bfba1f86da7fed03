// Consecutive numbers as int8 with one scale: what `quantise` means (ops/quantise.ts).
#pragma once
#include "rows.h"

namespace octavo::OCTAVO_ISA {

// out[size] ← round(x / scale), ties to even, a NaN as 0 → scale = max |x| / 127.
template <class T> static float quantiseRow(const T* x, int64_t size, int8_t* out) {
  Vf most = Vf::zero();
  for (int64_t i = 0; i < size; i += Vf::lanes) most = max(abs(loadUpTo(x + i, size - i)), most);
  const float scale = maximum(most) / 127.0f;
  const Vf inverse = Vf::set1(scale > 0 ? 1.0f / scale : 0.0f);
  alignas(64) float lanes[Vf::lanes];
  for (int64_t i = 0; i < size; i += Vf::lanes) {
    const Vf value = clamp(loadUpTo(x + i, size - i) * inverse, -127.0f, 127.0f);
    select(value == value, round(value), Vf::zero()).store(lanes);
    for (int64_t l = 0; l < smaller(Vf::lanes, size - i); ++l) out[i + l] = static_cast<int8_t>(lanes[l]);
  }
  return scale;
}

}  // namespace octavo::OCTAVO_ISA
