// C[m, n] int32 = A[m, k] uint8 · B[n, k]ᵀ int8, exact, by vpdpbusd (AVX-512 VNNI). Sums wrap as int32 does.
// Members of the team split columns; every sum is exact, so bits depend on nothing. Ends with a barrier.
#pragma once
#include "../gemm.h"

namespace octavo::avx512vnni {

struct Int8Product {
  int64_t m, n, k;
  const uint8_t* a; int64_t lda;
  const int8_t* b; int64_t ldb;
  int32_t* c; int64_t ldc;
};

void multiply(const Worker&, const Int8Product&);
GemmMemory memory(const Int8Product&);  // enough for every smaller k as well

}  // namespace octavo::avx512vnni
