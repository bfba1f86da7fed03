// From the float32 sums of a tile to C: scale, add what C held, bias, activation, residual, round to C's type.
#pragma once
#include "../simd/activations.h"
#include "pack.h"

namespace octavo::OCTAVO_ISA {

// Sums of part of k, kept as float32 until the last part: in C itself when that is float32, else in scratch.
struct Partial {
  float* sums;       // of the tile's first element; null when k is done in one part
  int64_t stride;
  bool first, last;  // is this the first, the last part of k?
};

template <class T> static Vf loadSome(const T* p, int64_t count) {
  return count >= Vf::lanes ? Vf::load(p) : Vf::loadTail(p, static_cast<int>(count));
}
template <class T> static void storeSome(Vf v, T* p, int64_t count) {
  if (count >= Vf::lanes) v.store(p);
  else v.storeTail(p, static_cast<int>(count));
}

// Calls f(column, count) for each vector of a row: count is Vf::lanes but for a last, shorter one.
template <class F> static inline __attribute__((always_inline)) void eachVector(int64_t columns, F f) {
  int64_t c = 0;
  for (; c + Vf::lanes <= columns; c += Vf::lanes) f(c, static_cast<int64_t>(Vf::lanes));
  if (c < columns) f(c, columns - c);
}

// tile: [rows][width] with columns ≤ width of them in C, at row i and column j of C; may be overwritten.
template <class T>
static void finishTile(const Gemm& g, float* tile, int64_t width, int64_t i, int64_t j, int64_t rows, int64_t columns, const Partial& partial) {
  const Vf alpha = Vf::set1(g.alpha);
  const bool accumulate = g.accumulate && partial.first, activated = g.activation != Activation::none;
  T* const out = static_cast<T*>(g.c) + i * g.ldc + j;
  const auto scaled = [&](int64_t r, int64_t c) { return Vf::load(tile + r * width + c) * alpha; };

  if (!partial.last) {
    for (int64_t r = 0; r < rows; r++) {
      float* const sums = partial.sums + r * partial.stride;
      if (!partial.first) eachVector(columns, [&](int64_t c, int64_t count) { storeSome(scaled(r, c) + loadSome(sums + c, count), sums + c, count); });
      else if (accumulate) eachVector(columns, [&](int64_t c, int64_t count) { storeSome(scaled(r, c) + loadSome(out + r * g.ldc + c, count), sums + c, count); });
      else eachVector(columns, [&](int64_t c, int64_t count) { storeSome(scaled(r, c), sums + c, count); });
    }
    return;
  }
  if (partial.first && !g.bias && !g.preActivation && !g.residual && !activated) {  // nothing but C
    for (int64_t r = 0; r < rows; r++) {
      T* const row = out + r * g.ldc;
      if (accumulate) eachVector(columns, [&](int64_t c, int64_t count) { storeSome(scaled(r, c) + loadSome(row + c, count), row + c, count); });
      else eachVector(columns, [&](int64_t c, int64_t count) { storeSome(scaled(r, c), row + c, count); });
    }
    return;
  }
  T* const before = g.preActivation ? static_cast<T*>(g.preActivation) + i * g.ldc + j : nullptr;
  const Vf residualScale = Vf::set1(g.residualScale);
  const T* const residual = g.residual ? static_cast<const T*>(g.residual) + i * g.ldc + j : nullptr;
  for (int64_t r = 0; r < rows; r++)
    eachVector(columns, [&](int64_t c, int64_t count) {
      const int64_t at = r * g.ldc + c;
      Vf v = scaled(r, c);
      if (!partial.first) v = v + loadSome(partial.sums + r * partial.stride + c, count);
      else if (accumulate) v = v + loadSome(out + at, count);
      if (g.bias) v = v + loadSome(g.bias + j + c, count);
      if (before) storeSome(v, before + at, count);
      if (activated) return v.store(tile + r * width + c);
      if (residual) v = fma(loadSome(residual + at, count), residualScale, v);
      storeSome(v, out + at, count);
    });
  if (!activated) return;
  activate(g.activation, tile, rows * width);
  for (int64_t r = 0; r < rows; r++)
    eachVector(columns, [&](int64_t c, int64_t count) {
      const int64_t at = r * g.ldc + c;
      Vf v = Vf::load(tile + r * width + c);
      if (residual) v = fma(loadSome(residual + at, count), residualScale, v);
      storeSome(v, out + at, count);
    });
}

static inline void finish(const Gemm& g, float* tile, int64_t width, int64_t i, int64_t j, int64_t rows, int64_t columns, const Partial& partial) {
  if (g.cType == Type::f32) finishTile<float>(g, tile, width, i, j, rows, columns, partial);
  else if (g.cType == Type::bf16) finishTile<bf16>(g, tile, width, i, j, rows, columns, partial);
  else finishTile<f16>(g, tile, width, i, j, rows, columns, partial);
}

}  // namespace octavo::OCTAVO_ISA
