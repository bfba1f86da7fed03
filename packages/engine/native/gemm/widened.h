// Words of the widened form: one float32 a word, whatever the operands are stored as. Also float32 itself.
#pragma once
#include "../simd/vector.h"
#include "../gemm.h"

#if defined(__AVX512F__)
#include "micro-kernel-avx512.h"
namespace octavo::OCTAVO_ISA {
OCTAVO_DEFINE_MICRO_KERNELS(multiplyTile, "vfmadd231ps")
static constexpr int kTileRows = 8, kTileVectors = 3;
}  // namespace octavo::OCTAVO_ISA
#elif defined(__AVX2__) && defined(__FMA__)
#include "micro-kernel-avx2.h"
namespace octavo::OCTAVO_ISA {
static constexpr int kTileRows = 6, kTileVectors = 2;
}  // namespace octavo::OCTAVO_ISA
#else
#include "micro-kernel-portable.h"
namespace octavo::OCTAVO_ISA {
static constexpr int kTileRows = 4, kTileVectors = 2;
}  // namespace octavo::OCTAVO_ISA
#endif

namespace octavo::OCTAVO_ISA {

// What the packed product (product.h) asks of a form: how k is laid into 32-bit words, and the loop that multiplies them.
struct Widened {
  static constexpr int rows = kTileRows, vectors = kTileVectors;
  static constexpr int perWord = 1;         // values of k in a word
  static constexpr int columnsPerLane = 1;  // columns of B in a lane
  static constexpr Type direct = Type::f32; // the type whose rows are words already

  // Words from memory where k runs: the first count values (≥ 1; more than a vector's worth is not read).
  template <class T> static Vf along(const T* p, int64_t count) {
    return count >= Vf::lanes ? Vf::load(p) : Vf::loadTail(p, static_cast<int>(count));
  }
  // Words from memory where k is the row, stride apart: one word for each of count columns (0 … lanes), from ks rows.
  template <class T> static Vf across(const T* p, int64_t /* stride */, int64_t /* ks */, int64_t count) {
    if (count >= Vf::lanes) return Vf::load(p);
    return count <= 0 ? Vf::zero() : Vf::loadTail(p, static_cast<int>(count));
  }
  static Vf rowWords(Vf v) { return v; }  // what the two above give, as words of A
  // Numbers become words of A: along k from place i of a row, a multiple of Vf::lanes; and of Vf::lanes rows, for the perWord
  // places of k in a word (only the first is read where it is 1).
  static void storeAlong(Vf v, float* row, int64_t i) { v.store(row + i); }
  static void storeAcross(Vf v, Vf, float* to) { v.store(to); }
  // What across gives, as words of B: laneColumns of them.
  template <class T> static Vf columns(const T* p, int64_t stride, int64_t ks, int64_t count) { return across(p, stride, ks, count); }
  static Vf multiplyAdd(Vf a, Vf b, Vf sum) { return fma(a, b, sum); }
  static void multiply(int vectors, int64_t words, const void* a, int64_t rowBytes, const void* b, float* tile) {
    multiplyTile(vectors, words, a, rowBytes, b, tile);
  }
};

}  // namespace octavo::OCTAVO_ISA
