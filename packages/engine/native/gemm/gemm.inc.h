// gemm() and gemmMemory() of one instruction set. Include outside any namespace, after OCTAVO_ISA is set.
#pragma once
#include "forms.h"
#include "product.h"
#include "resident.h"
#include "skinny.h"
#include "widened.h"

namespace octavo::OCTAVO_ISA {

template <class Words> static GemmMemory memoryOf(const Gemm& g, int count) {
  const GemmMemory packed = Product<Words>::memory(g, count), skinny = Skinny<Words>::memory(g);
  return {packed.scratchBytes > skinny.scratchBytes ? packed.scratchBytes : skinny.scratchBytes, packed.sharedBytes};
}

template <class Words> static void multiplyBy(const Worker& worker, const Gemm& g) {
  if (g.m > 0 && g.n > 0) {
    if (Skinny<Words>::fits(g)) Skinny<Words>::run(worker, g);
    else Product<Words>::run(worker, g);
  }
  worker.barrier();
}

#ifndef OCTAVO_FORM_UNIT
// The form is followed where this level has it and the operands are of its 16-bit type; otherwise they are widened.
static inline GemmMemory gemmMemory(const Gemm& g, int count, [[maybe_unused]] Form form) {
#if defined(__AVX512F__)
  if (form == Form::dot && isMixedOf(g, Type::bf16)) return avx512dot::gemmMemory(g, count);
  if (form == Form::half && isMixedOf(g, Type::f16)) return avx512half::gemmMemory(g, count);
#endif
  return memoryOf<Widened>(g, count);
}

static inline void gemm(const Worker& worker, const Gemm& g, [[maybe_unused]] Form form) {
#if defined(__AVX512F__)
  if (form == Form::dot && isMixedOf(g, Type::bf16)) return avx512dot::gemm(worker, g);
  if (form == Form::half && isMixedOf(g, Type::f16)) return avx512half::gemm(worker, g);
#endif
  multiplyBy<Widened>(worker, g);
}

// For a B of this type.
static inline const ResidentForm& residentForm([[maybe_unused]] Type type, [[maybe_unused]] Form form) {
#if defined(__AVX512F__)
  if (form == Form::dot && type == Type::bf16) return avx512dot::residentForm();
  if (form == Form::half && type == Type::f16) return avx512half::residentForm();
#endif
  return Resident<Widened>::form;
}
#endif

}  // namespace octavo::OCTAVO_ISA
