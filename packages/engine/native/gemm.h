// General matrix product with a fused epilogue: the interface between kernels and the packed GEMM.
//   C[m, n] = epilogue(alpha · op(A)[m, k] · op(B)[k, n] + (accumulate ? C : 0))
// All members of the team call gemm() with the same arguments; every element of C is computed by one member in one
// fixed order, so bits do not depend on the team's size. gemm() begins with no barrier and ends with one.
#pragma once
#include "worker.h"

namespace octavo {

enum class Type : uint8_t { f32 = 0, bf16 = 1, f16 = 2 };
enum class Activation : uint8_t { none = 0, relu = 1, reluSquared = 2, gelu = 3, geluTanh = 4, silu = 5 };

// How a product of 16-bit operands is computed: what architecture.md calls the forms of 'mixed'.
enum class Form : uint8_t { widened = 0 /* bf16 → f32 FMA */, dot = 1 /* vdpbf16ps */, half = 2 /* fp16 FMA, f32 sum every 64 */ };

// A matrix that is never written out: the windows of an image, channels last, one a row. The value of row (b, i, j) at
// (u, v, c) is image[b, h, w, c] with h = (i · stepHigh + u · tapHigh + startHigh) / everyHigh and w alike; 0 where that is no
// whole number or lies outside. c runs over the first `taken` channels.
struct Windows {
  int64_t height, width, channels, outHeight, outWidth, tapsHigh, tapsWide, taken;
  int64_t stepHigh, stepWide, tapHigh, tapWide, startHigh, startWide, everyHigh, everyWide;
};

struct Gemm {
  int64_t m, n, k;
  const void* a; Type aType; int64_t lda; bool aTransposed;  // stored [m, k], or [k, m] when transposed; row stride in elements
  const void* b; Type bType; int64_t ldb; bool bTransposed;  // stored [k, n], or [n, k] when transposed
  void* c; Type cType; int64_t ldc;                          // [m, n]
  float alpha;
  bool accumulate;              // add to C (then no epilogue is allowed)
  // Epilogue, applied to the f32 sums before they are rounded to cType; each may be absent.
  const float* bias;            // [n]
  Activation activation;
  void* preActivation;          // [m, n] of cType, row stride ldc: the value before the activation, for the backward pass
  const void* residual;         // [m, n] of cType, row stride ldc: added last, times residualScale
  float residualScale = 1.0f;
  // Where present, a (or b) is an image, and the matrix its windows, stored [m, k] (or [k, n]); lda (or ldb) is not read.
  const Windows *aWindows, *bWindows;
};

// Bytes of per-member scratch and of shared memory that gemm() needs for these arguments and this team size at most;
// enough for every product with smaller m, n and k as well. Both must be 64-byte aligned. A member that multiplies for
// itself alone passes a Worker of count 1 whose shared memory is its own. residual may be C.
struct GemmMemory { size_t scratchBytes, sharedBytes; };

}  // namespace octavo
