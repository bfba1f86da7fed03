// Softmax attention over the keys that are open to each query, and its gradient: which form of products does it.
#include "attention-tiles.h"

namespace octavo::OCTAVO_ISA {

template <bool backward> static void attentionKernel(const Call& call, const Worker& worker) {
  const Operand& qkv = call.operands[0];
#if defined(__AVX512F__)
  if (call.form == Form::dot && typeOf(qkv) == Type::bf16) return avx512dot::attention(call, worker, backward);
  if (call.form == Form::half && typeOf(qkv) == Type::f16) return avx512half::attention(call, worker, backward);
#endif
  byType(qkv.dtype, [&](auto* tag) {
    if constexpr (backward) attentionBackward<Widened, Bare<decltype(tag)>>(call, worker);
    else attentionForward<Widened, Bare<decltype(tag)>>(call, worker);
  });
}

template <bool backward> static GemmMemory attentionMemory(const Call& call, int) {
#if defined(__AVX512F__)
  if (call.form == Form::dot && typeOf(call.operands[0]) == Type::bf16) return avx512dot::attentionMemory(call, backward);
  if (call.form == Form::half && typeOf(call.operands[0]) == Type::f16) return avx512half::attentionMemory(call, backward);
#endif
  return attentionMemoryOf<Widened>(call, backward);
}

static constexpr KernelEntry kAttention{"attention", attentionKernel<false>, attentionMemory<false>};
static constexpr KernelEntry kAttentionGradient{"attentionGradient", attentionKernel<true>, attentionMemory<true>};

}  // namespace octavo::OCTAVO_ISA
