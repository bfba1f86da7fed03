// y = steps · (round(x / steps) · weightᵀ) ⊙ scales + bias in int8.  p: rows, N, K.
#include "../gemm/int8-dots.h"

namespace octavo::OCTAVO_ISA {

static void quantisedLinear(const Call& call, const Worker& worker) {
#if defined(__AVX512F__)
  if (cpuHasVnni()) return avx512vnni::quantisedLinear(call, worker);
#endif
  quantisedLinearOf(call, worker);
}
static GemmMemory quantisedLinearMemory(const Call& call, int) {
  return {64 * 64, QuantisedRows::size(static_cast<int64_t>(call.p[0]), static_cast<int64_t>(call.p[2]))};
}
static constexpr KernelEntry kQuantisedLinear{"quantisedLinear", quantisedLinear, quantisedLinearMemory};

}  // namespace octavo::OCTAVO_ISA
