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

// tile: [rows][width] with columns ≤ width of them in C, at row i and column j of C; may be overwritten.
template <class T>
static void finishTile(const Gemm& g, float* tile, int64_t width, int64_t i, int64_t j, int64_t rows, int64_t columns, const Partial& partial) {
  const Vf alpha = Vf::set1(g.alpha);
  const bool accumulate = g.accumulate && partial.first;
  if (!partial.last) {
    for (int64_t r = 0; r < rows; r++)
      for (int64_t c = 0; c < columns; c += Vf::lanes) {
        const int64_t left = columns - c;
        float* sums = partial.sums + r * partial.stride + c;
        Vf v = Vf::load(tile + r * width + c) * alpha;
        if (!partial.first) v = v + loadSome(sums, left);
        else if (accumulate) v = v + loadSome(static_cast<const T*>(g.c) + (i + r) * g.ldc + j + c, left);
        storeSome(v, sums, left);
      }
    return;
  }
  T* const out = static_cast<T*>(g.c) + i * g.ldc + j;
  T* const before = g.preActivation ? static_cast<T*>(g.preActivation) + i * g.ldc + j : nullptr;
  const T* const residual = g.residual ? static_cast<const T*>(g.residual) + i * g.ldc + j : nullptr;
  const bool activated = g.activation != Activation::none;
  for (int64_t r = 0; r < rows; r++)
    for (int64_t c = 0; c < columns; c += Vf::lanes) {
      const int64_t left = columns - c, at = r * g.ldc + c;
      Vf v = Vf::load(tile + r * width + c) * alpha;
      if (!partial.first) v = v + loadSome(partial.sums + r * partial.stride + c, left);
      else if (accumulate) v = v + loadSome(out + at, left);
      if (g.bias) v = v + loadSome(g.bias + j + c, left);
      if (before) storeSome(v, before + at, left);
      if (activated) { v.store(tile + r * width + c); continue; }
      if (residual) v = v + loadSome(residual + at, left);
      storeSome(v, out + at, left);
    }
  if (!activated) return;
  for (int64_t r = 0; r < rows; r++) {
    activate(g.activation, tile + r * width, roundUp(columns, Vf::lanes));
    for (int64_t c = 0; c < columns; c += Vf::lanes) {
      const int64_t left = columns - c, at = r * g.ldc + c;
      Vf v = Vf::load(tile + r * width + c);
      if (residual) v = v + loadSome(residual + at, left);
      storeSome(v, out + at, left);
    }
  }
}

static inline void finish(const Gemm& g, float* tile, int64_t width, int64_t i, int64_t j, int64_t rows, int64_t columns, const Partial& partial) {
  if (g.cType == Type::f32) finishTile<float>(g, tile, width, i, j, rows, columns, partial);
  else if (g.cType == Type::bf16) finishTile<bf16>(g, tile, width, i, j, rows, columns, partial);
  else finishTile<f16>(g, tile, width, i, j, rows, columns, partial);
}

}  // namespace octavo::OCTAVO_ISA
