// The inner loop of the product on AVX-512, in assembly because g++ 12 spills accumulators: 8 rows of A by 1 to 3 vectors
// of B, 24 accumulators in zmm0–23. One 32-bit word of A is broadcast along each row and multiplied with vectors of B
// words; what a word holds is the instruction's matter: a float (vfmadd231ps), two bf16 along k (vdpbf16ps), or two
// columns of f16 (vfmadd231ph).
//   tile[8][vectors · 16] ← Σ over k of a[row][k] · b[k][vectors · 16], from zero, k ascending
//   a: 8 rows, rowBytes apart, in which k runs; or, for kInterleaved, k after k of 16 rows of which these are 8
//   b: packed, k after k
#pragma once
#include "pack.h"

#define OCTAVO_A0 "(%[a])"
#define OCTAVO_A1 "(%[a],%[s])"
#define OCTAVO_A2 "(%[a],%[s],2)"
#define OCTAVO_A3 "(%[a],%[s3])"
#define OCTAVO_A4 "(%[a],%[s],4)"
#define OCTAVO_A5 "(%[e])"
#define OCTAVO_A6 "(%[e],%[s])"
#define OCTAVO_A7 "(%[e],%[s],2)"

// One row at k step u: broadcast, then one product for each vector.
#define OCTAVO_ROW1(MUL, S, u, A, T, c0, c1, c2) \
  "vbroadcastss " #S "*" #u A ", %%zmm" T "\n\t" MUL " %%zmm24, %%zmm" T ", %%zmm" #c0 "\n\t"
#define OCTAVO_ROW2(MUL, S, u, A, T, c0, c1, c2) \
  OCTAVO_ROW1(MUL, S, u, A, T, c0, c1, c2) MUL " %%zmm25, %%zmm" T ", %%zmm" #c1 "\n\t"
#define OCTAVO_ROW3(MUL, S, u, A, T, c0, c1, c2) \
  OCTAVO_ROW2(MUL, S, u, A, T, c0, c1, c2) MUL " %%zmm26, %%zmm" T ", %%zmm" #c2 "\n\t"

#define OCTAVO_ROWS(ROW, MUL, S, u) \
  ROW(MUL, S, u, OCTAVO_A0, "27", 0, 1, 2) ROW(MUL, S, u, OCTAVO_A1, "28", 3, 4, 5) ROW(MUL, S, u, OCTAVO_A2, "29", 6, 7, 8) \
  ROW(MUL, S, u, OCTAVO_A3, "30", 9, 10, 11) ROW(MUL, S, u, OCTAVO_A4, "27", 12, 13, 14) ROW(MUL, S, u, OCTAVO_A5, "28", 15, 16, 17) \
  ROW(MUL, S, u, OCTAVO_A6, "29", 18, 19, 20) ROW(MUL, S, u, OCTAVO_A7, "30", 21, 22, 23)

#define OCTAVO_STEP1(MUL, S, u) "vmovups 64*" #u "(%[b]), %%zmm24\n\t" OCTAVO_ROWS(OCTAVO_ROW1, MUL, S, u)
#define OCTAVO_STEP2(MUL, S, u) \
  "vmovups 128*" #u "(%[b]), %%zmm24\n\t" "vmovups 128*" #u "+64(%[b]), %%zmm25\n\t" OCTAVO_ROWS(OCTAVO_ROW2, MUL, S, u)
#define OCTAVO_STEP3(MUL, S, u) \
  "vmovups 192*" #u "(%[b]), %%zmm24\n\t" "vmovups 192*" #u "+64(%[b]), %%zmm25\n\t" \
  "vmovups 192*" #u "+128(%[b]), %%zmm26\n\t" OCTAVO_ROWS(OCTAVO_ROW3, MUL, S, u)

#define OCTAVO_STORE1(row, c0, c1, c2) "vmovaps %%zmm" #c0 ", 64*" #row "(%[t])\n\t"
#define OCTAVO_STORE2(row, c0, c1, c2) "vmovaps %%zmm" #c0 ", 128*" #row "(%[t])\n\t" "vmovaps %%zmm" #c1 ", 128*" #row "+64(%[t])\n\t"
#define OCTAVO_STORE3(row, c0, c1, c2) \
  "vmovaps %%zmm" #c0 ", 192*" #row "(%[t])\n\t" "vmovaps %%zmm" #c1 ", 192*" #row "+64(%[t])\n\t" \
  "vmovaps %%zmm" #c2 ", 192*" #row "+128(%[t])\n\t"
#define OCTAVO_STORES(STORE) \
  STORE(0, 0, 1, 2) STORE(1, 3, 4, 5) STORE(2, 6, 7, 8) STORE(3, 9, 10, 11) STORE(4, 12, 13, 14) STORE(5, 15, 16, 17) \
  STORE(6, 18, 19, 20) STORE(7, 21, 22, 23)

#define OCTAVO_CLEAR(i) "vpxord %%zmm" #i ", %%zmm" #i ", %%zmm" #i "\n\t"
#define OCTAVO_CLEAR_ALL \
  OCTAVO_CLEAR(0) OCTAVO_CLEAR(1) OCTAVO_CLEAR(2) OCTAVO_CLEAR(3) OCTAVO_CLEAR(4) OCTAVO_CLEAR(5) OCTAVO_CLEAR(6) \
  OCTAVO_CLEAR(7) OCTAVO_CLEAR(8) OCTAVO_CLEAR(9) OCTAVO_CLEAR(10) OCTAVO_CLEAR(11) OCTAVO_CLEAR(12) OCTAVO_CLEAR(13) \
  OCTAVO_CLEAR(14) OCTAVO_CLEAR(15) OCTAVO_CLEAR(16) OCTAVO_CLEAR(17) OCTAVO_CLEAR(18) OCTAVO_CLEAR(19) OCTAVO_CLEAR(20) \
  OCTAVO_CLEAR(21) OCTAVO_CLEAR(22) OCTAVO_CLEAR(23)

#define OCTAVO_DEFINE_MICRO_KERNEL(NAME, MUL, S, STEP, STORE, ROW_BYTES) \
  static __attribute__((noinline)) void NAME(int64_t words, const void* a, int64_t rowBytes, const void* b, float* tile) { \
    const char* e = static_cast<const char*>(a) + 5 * rowBytes; \
    int64_t fours = words >> 2, ones = words & 3; \
    asm volatile( \
        OCTAVO_CLEAR_ALL \
        "test %[f], %[f]\n\t" "jz 2f\n\t" ".p2align 5\n" \
        "1:\n\t" STEP(MUL, S, 0) STEP(MUL, S, 1) STEP(MUL, S, 2) STEP(MUL, S, 3) \
        "add $4*" #S ", %[a]\n\t" "add $4*" #S ", %[e]\n\t" "add $4*" #ROW_BYTES ", %[b]\n\t" "dec %[f]\n\t" "jnz 1b\n" \
        "2:\n\t" "test %[o], %[o]\n\t" "jz 4f\n" \
        "3:\n\t" STEP(MUL, S, 0) \
        "add $" #S ", %[a]\n\t" "add $" #S ", %[e]\n\t" "add $" #ROW_BYTES ", %[b]\n\t" "dec %[o]\n\t" "jnz 3b\n" \
        "4:\n\t" OCTAVO_STORES(STORE) \
        : [a] "+r"(a), [e] "+r"(e), [b] "+r"(b), [f] "+r"(fours), [o] "+r"(ones) \
        : [s] "r"(rowBytes), [s3] "r"(3 * rowBytes), [t] "r"(tile) \
        : "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", \
          "xmm12", "xmm13", "xmm14", "xmm15", "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24", \
          "xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30"); \
  }

// Defines NAME1 to NAME3 for one to three vectors, NAME1Interleaved … and NAME that chooses. tile: 64-byte aligned.
#define OCTAVO_DEFINE_MICRO_KERNELS(NAME, MUL) \
  OCTAVO_DEFINE_MICRO_KERNEL(NAME##1, MUL, 4, OCTAVO_STEP1, OCTAVO_STORE1, 64) \
  OCTAVO_DEFINE_MICRO_KERNEL(NAME##2, MUL, 4, OCTAVO_STEP2, OCTAVO_STORE2, 128) \
  OCTAVO_DEFINE_MICRO_KERNEL(NAME##3, MUL, 4, OCTAVO_STEP3, OCTAVO_STORE3, 192) \
  OCTAVO_DEFINE_MICRO_KERNEL(NAME##1Interleaved, MUL, 64, OCTAVO_STEP1, OCTAVO_STORE1, 64) \
  OCTAVO_DEFINE_MICRO_KERNEL(NAME##2Interleaved, MUL, 64, OCTAVO_STEP2, OCTAVO_STORE2, 128) \
  OCTAVO_DEFINE_MICRO_KERNEL(NAME##3Interleaved, MUL, 64, OCTAVO_STEP3, OCTAVO_STORE3, 192) \
  static inline void NAME(int vectors, int64_t words, const void* a, int64_t rowBytes, const void* b, float* tile) { \
    if (rowBytes == kInterleaved) { \
      if (vectors == 3) NAME##3Interleaved(words, a, 4, b, tile); \
      else if (vectors == 2) NAME##2Interleaved(words, a, 4, b, tile); \
      else NAME##1Interleaved(words, a, 4, b, tile); \
    } else { \
      if (vectors == 3) NAME##3(words, a, rowBytes, b, tile); \
      else if (vectors == 2) NAME##2(words, a, rowBytes, b, tile); \
      else NAME##1(words, a, rowBytes, b, tile); \
    } \
  }
