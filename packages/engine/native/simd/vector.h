// Vectors of float32 for one instruction set: every kernel is written over Vf and compiled once for each level.
//
//   Vf::lanes                      4 (portable), 8 (AVX2 + FMA + F16C) or 16 (AVX-512 F, BW, VL, DQ)
//   Vf::zero() Vf::set1(x)         constants
//   Vf::load(p)                    p: const float*, bf16* or f16*, any alignment; the 16-bit types are widened
//   Vf::loadTail(p, count)         the first count lanes (0 … lanes), the others 0; reads nothing beyond
//   v.store(p) v.storeTail(p, n)   the same three types; rounds to nearest even, NaN stays NaN
//   + - * / and unary -            by lane
//   fma(a, b, c)                   a·b + c; rounded once except in the portable build
//   min(a, b) max(a, b)            b where either is NaN, so min(limit, x) keeps the NaN of x
//   sqrt abs round                 round: to nearest, ties to even, for |x| < 2²²
//   < <= > >= == !=                a Vm; false where either is NaN (!= true); Vm has & | and !
//   select(mask, a, b)             a where the mask is set, else b
//   any(mask)                      whether one lane is set
//   sum(v) maximum(v)              over lanes, by halving: the order is fixed. maximum: NaN lanes may be lost
//   exp log tanh erf sigmoid       simd/vector-math.h states their errors
//   transpose(v[lanes])            a square of 32-bit words, in place; moves bits, changes none
//   Vi, bitsOf(Vf), floatOf(Vi)    the same lanes as int32_t, a GCC vector: + - & | ^ << >> as usual
//
// The level is what the compiler flags allow, the namespace what OCTAVO_ISA says, so levels can be linked together.
// Include it outside any namespace. Kernels must not instantiate inline functions of the standard library: the linker
// keeps one copy of those, perhaps the one compiled for a better machine.
#pragma once
#include "../types.h"

#ifndef OCTAVO_ISA
#define OCTAVO_ISA baseline
#endif

#if defined(__AVX512F__) && defined(__AVX512BW__) && defined(__AVX512VL__) && defined(__AVX512DQ__)
#include "vector-avx512.h"
#elif defined(__AVX2__) && defined(__FMA__) && defined(__F16C__)
#include "vector-avx2.h"
#else
#include "vector-portable.h"
#endif
#include "vector-math.h"
