// The inner loop of the product on AVX2 and FMA, in assembly because g++ 12 spills accumulators: 6 rows of A by 1 or 2
// vectors of B, 12 accumulators in ymm0–11. Arguments as in micro-kernel-avx512.h;
// interleaved rows come in 24s.
#pragma once
#include "pack.h"

namespace octavo::OCTAVO_ISA {

#define OCTAVO_ROW1(S, u, A, T, c0, c1) "vbroadcastss " #S "*" #u A ", %%ymm" T "\n\t" "vfmadd231ps %%ymm12, %%ymm" T ", %%ymm" #c0 "\n\t"
#define OCTAVO_ROW2(S, u, A, T, c0, c1) OCTAVO_ROW1(S, u, A, T, c0, c1) "vfmadd231ps %%ymm13, %%ymm" T ", %%ymm" #c1 "\n\t"
#define OCTAVO_ROWS(ROW, S, u) \
  ROW(S, u, "(%[a])", "14", 0, 1) ROW(S, u, "(%[a],%[s])", "15", 2, 3) ROW(S, u, "(%[a],%[s],2)", "14", 4, 5) \
  ROW(S, u, "(%[e])", "15", 6, 7) ROW(S, u, "(%[e],%[s])", "14", 8, 9) ROW(S, u, "(%[e],%[s],2)", "15", 10, 11)
#define OCTAVO_STEP1(S, u) "vmovups 32*" #u "(%[b]), %%ymm12\n\t" OCTAVO_ROWS(OCTAVO_ROW1, S, u)
#define OCTAVO_STEP2(S, u) \
  "vmovups 64*" #u "(%[b]), %%ymm12\n\t" "vmovups 64*" #u "+32(%[b]), %%ymm13\n\t" OCTAVO_ROWS(OCTAVO_ROW2, S, u)
#define OCTAVO_STORE1(row, c0, c1) "vmovups %%ymm" #c0 ", 32*" #row "(%[t])\n\t"
#define OCTAVO_STORE2(row, c0, c1) "vmovups %%ymm" #c0 ", 64*" #row "(%[t])\n\t" "vmovups %%ymm" #c1 ", 64*" #row "+32(%[t])\n\t"
#define OCTAVO_STORES(STORE) STORE(0, 0, 1) STORE(1, 2, 3) STORE(2, 4, 5) STORE(3, 6, 7) STORE(4, 8, 9) STORE(5, 10, 11)
#define OCTAVO_CLEAR(i) "vxorps %%ymm" #i ", %%ymm" #i ", %%ymm" #i "\n\t"

#define OCTAVO_DEFINE_MICRO_KERNEL(NAME, S, STEP, STORE, ROW_BYTES) \
  static __attribute__((noinline)) void NAME(int64_t words, const void* a, int64_t rowBytes, const void* b, float* tile) { \
    const char* e = static_cast<const char*>(a) + 3 * rowBytes; \
    int64_t fours = words >> 2, ones = words & 3; \
    asm volatile( \
        OCTAVO_CLEAR(0) OCTAVO_CLEAR(1) OCTAVO_CLEAR(2) OCTAVO_CLEAR(3) OCTAVO_CLEAR(4) OCTAVO_CLEAR(5) OCTAVO_CLEAR(6) \
        OCTAVO_CLEAR(7) OCTAVO_CLEAR(8) OCTAVO_CLEAR(9) OCTAVO_CLEAR(10) OCTAVO_CLEAR(11) \
        "test %[f], %[f]\n\t" "jz 2f\n\t" ".p2align 5\n" \
        "1:\n\t" STEP(S, 0) STEP(S, 1) STEP(S, 2) STEP(S, 3) \
        "add $4*" #S ", %[a]\n\t" "add $4*" #S ", %[e]\n\t" "add $4*" #ROW_BYTES ", %[b]\n\t" "dec %[f]\n\t" "jnz 1b\n" \
        "2:\n\t" "test %[o], %[o]\n\t" "jz 4f\n" \
        "3:\n\t" STEP(S, 0) "add $" #S ", %[a]\n\t" "add $" #S ", %[e]\n\t" "add $" #ROW_BYTES ", %[b]\n\t" "dec %[o]\n\t" "jnz 3b\n" \
        "4:\n\t" OCTAVO_STORES(STORE) \
        : [a] "+r"(a), [e] "+r"(e), [b] "+r"(b), [f] "+r"(fours), [o] "+r"(ones) \
        : [s] "r"(rowBytes), [t] "r"(tile) \
        : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", \
          "xmm12", "xmm13", "xmm14", "xmm15"); \
  }

OCTAVO_DEFINE_MICRO_KERNEL(multiplyTile1, 4, OCTAVO_STEP1, OCTAVO_STORE1, 32)
OCTAVO_DEFINE_MICRO_KERNEL(multiplyTile2, 4, OCTAVO_STEP2, OCTAVO_STORE2, 64)
OCTAVO_DEFINE_MICRO_KERNEL(multiplyTile1Interleaved, 96, OCTAVO_STEP1, OCTAVO_STORE1, 32)
OCTAVO_DEFINE_MICRO_KERNEL(multiplyTile2Interleaved, 96, OCTAVO_STEP2, OCTAVO_STORE2, 64)

static inline void multiplyTile(int vectors, int64_t words, const void* a, int64_t rowBytes, const void* b, float* tile) {
  if (rowBytes == kInterleaved) {
    if (vectors == 2) multiplyTile2Interleaved(words, a, 4, b, tile);
    else multiplyTile1Interleaved(words, a, 4, b, tile);
  } else {
    if (vectors == 2) multiplyTile2(words, a, rowBytes, b, tile);
    else multiplyTile1(words, a, rowBytes, b, tile);
  }
}

}  // namespace octavo::OCTAVO_ISA
