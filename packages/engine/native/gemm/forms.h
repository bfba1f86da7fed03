// The forms of 16-bit products that need instructions beyond their level: a translation unit each, with its own flags.
#pragma once
#include "../kernel.h"

namespace octavo {

struct ResidentForm;  // resident.h

// form-dot.cpp: bf16 by vdpbf16ps (AVX-512 BF16). One operand may be float32: it is rounded to bf16 while packed.
namespace avx512dot {
void gemm(const Worker&, const Gemm&);
GemmMemory gemmMemory(const Gemm&, int count);
void attention(const Call&, const Worker&, bool backward);
GemmMemory attentionMemory(const Call&, bool backward);
const ResidentForm& residentForm();
}  // namespace avx512dot

// form-half.cpp: f16 by vfmadd231ph (AVX512-FP16), the sums moved to float32 after every 64 terms.
namespace avx512half {
void gemm(const Worker&, const Gemm&);
GemmMemory gemmMemory(const Gemm&, int count);
void attention(const Call&, const Worker&, bool backward);
GemmMemory attentionMemory(const Call&, bool backward);
const ResidentForm& residentForm();
}  // namespace avx512half

// form-vnni.cpp: int8 by vpdpbusd (AVX-512 VNNI).
namespace avx512vnni {
void quantisedLinear(const Call&, const Worker&);
}  // namespace avx512vnni
bool cpuHasVnni();

static inline bool isMixedOf(const Gemm& g, Type half) {
  return (g.aType == half || g.bType == half) && (g.aType == half || g.aType == Type::f32) && (g.bType == half || g.bType == Type::f32);
}

}  // namespace octavo
