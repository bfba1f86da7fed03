// A chain of elementwise ops over broadcast operands, in strips that stay in the first-level cache.
// p: operands, loops, sizes[loops], strides[operands][loops], steps, then (op, a, b, c) a step; op −1 is the constant a.
// Cut into strips of the innermost loop, so results do not depend on the number of threads.
namespace octavo::OCTAVO_ISA {

#define OCTAVO_ELEMENTWISE(X) \
  X(add, a + b) X(subtract, a - b) X(multiply, a * b) X(divide, a / b) X(maximum, select(a > b, a, b)) X(minimum, select(a < b, a, b)) \
  X(select, select(a > Vf::zero(), b, c)) X(exp, exp(a)) X(log, log(a)) X(sqrt, sqrt(a)) X(tanh, tanh(a)) X(erf, erf(a)) \
  X(sigmoid, sigmoid(a)) X(step, select(a > Vf::zero(), Vf::set1(1.0f), Vf::zero())) \
  X(relu, select(a < Vf::zero(), Vf::zero(), a)) X(reluSquared, reluSquared(a)) X(silu, a * sigmoid(a)) \
  X(gelu, Vf::set1(0.5f) * a * (Vf::set1(1.0f) + erf(a * Vf::set1(0.70710678118654752f)))) \
  X(geluTanh, Vf::set1(0.5f) * a * (Vf::set1(1.0f) + tanh(Vf::set1(0.79788456080286536f) * (a + Vf::set1(0.044715f) * a * a * a)))) \
  X(siluDerivative, siluDerivative(a)) X(geluDerivative, geluDerivative(a)) X(geluTanhDerivative, geluTanhDerivative(a)) X(cast, a)

#define OCTAVO_NAME(name, expression) #name,
static const char* const kElementwiseNames[] = {OCTAVO_ELEMENTWISE(OCTAVO_NAME)};
#undef OCTAVO_NAME
enum class Elementwise : int {
#define OCTAVO_CASE(name, expression) name,
  OCTAVO_ELEMENTWISE(OCTAVO_CASE)
#undef OCTAVO_CASE
};

static constexpr int kStrip = 512, kMaxSteps = 32, kMaxOperands = 8, kMaxLoops = 6;

static inline void applyStep(int op, const float* pa, const float* pb, const float* pc, float* out, int64_t n) {
  switch (static_cast<Elementwise>(op)) {
#define OCTAVO_CASE(name, expression)                                                             \
  case Elementwise::name:                                                                         \
    for (int64_t i = 0; i < n; i += Vf::lanes) {                                                  \
      const Vf a = Vf::load(pa + i), b = Vf::load(pb + i), c = Vf::load(pc + i);                  \
      (void)a, (void)b, (void)c;                                                                  \
      (expression).store(out + i);                                                                \
    }                                                                                             \
    break;
    OCTAVO_ELEMENTWISE(OCTAVO_CASE)
#undef OCTAVO_CASE
  }
}

static void fused(const Call& call, const Worker& worker) {
  const double* p = call.p;
  const int operands = static_cast<int>(*p++), loops = static_cast<int>(*p++);
  if (operands > kMaxOperands || loops > kMaxLoops) return;
  int64_t sizes[kMaxLoops], strides[kMaxOperands][kMaxLoops];
  for (int l = 0; l < loops; ++l) sizes[l] = static_cast<int64_t>(*p++);
  for (int k = 0; k < operands; ++k)
    for (int l = 0; l < loops; ++l) strides[k][l] = static_cast<int64_t>(*p++);
  const int steps = static_cast<int>(*p++);
  if (steps > kMaxSteps) return;
  const Operand& result = call.operands[call.operandCount - 1];
  const int64_t inner = sizes[loops - 1];
  int64_t outer = 1;
  for (int l = 0; l + 1 < loops; ++l) outer *= sizes[l];
  if (inner == 0 || outer == 0) return;

  float* registers = static_cast<float*>(worker.scratch);
  const float* at[kMaxOperands + kMaxSteps];
  for (int s = 0; s < steps; ++s) {
    float* reg = registers + (operands + s) * kStrip;
    at[operands + s] = reg;
    if (p[4 * s] < 0)
      for (int i = 0; i < kStrip; ++i) reg[i] = static_cast<float>(p[4 * s + 1]);
  }
  const int64_t strips = (inner + kStrip - 1) / kStrip;
  const Range units = share(worker, outer * strips);
  for (int64_t unit = units.begin; unit < units.end; ++unit) {
    const int64_t row = unit / strips, from = unit % strips * kStrip, n = smaller(kStrip, inner - from);
    for (int k = 0; k < operands; ++k) {
      int64_t offset = strides[k][loops - 1] * from, rest = row;
      for (int l = loops - 2; l >= 0; --l) {
        offset += rest % sizes[l] * strides[k][l];
        rest /= sizes[l];
      }
      float* reg = registers + k * kStrip;
      const Operand& operand = call.operands[k];
      at[k] = reg;
      if (strides[k][loops - 1] == 0) {
        const Vf value = Vf::set1(readFloat(operand, offset));
        for (int64_t i = 0; i < n; i += Vf::lanes) value.store(reg + i);
      } else {
        byType(operand.dtype, [&](auto* tag) {
          using T = Bare<decltype(tag)>;
          const T* source = static_cast<const T*>(operand.data) + offset;
          int64_t i = 0;
          for (; i + Vf::lanes <= n; i += Vf::lanes) Vf::load(source + i).store(reg + i);
          if (i < n) Vf::loadTail(source + i, static_cast<int>(n - i)).store(reg + i);
        });
      }
    }
    for (int s = 0; s < steps; ++s) {
      const double* step = p + 4 * s;
      if (step[0] < 0) continue;
      applyStep(static_cast<int>(step[0]), at[static_cast<int>(step[1])], at[static_cast<int>(step[2])], at[static_cast<int>(step[3])], registers + (operands + s) * kStrip, n);
    }
    const float* last = at[operands + steps - 1];
    byType(result.dtype, [&](auto* tag) {
      using T = Bare<decltype(tag)>;
      T* target = static_cast<T*>(result.data) + row * inner + from;
      int64_t i = 0;
      for (; i + Vf::lanes <= n; i += Vf::lanes) Vf::load(last + i).store(target + i);
      if (i < n) Vf::load(last + i).storeTail(target + i, static_cast<int>(n - i));
    });
  }
}
static GemmMemory fusedMemory(const Call&, int) { return {sizeof(float) * kStrip * (kMaxOperands + kMaxSteps), 0}; }
static constexpr KernelEntry kFused{"fused", fused, fusedMemory};

}  // namespace octavo::OCTAVO_ISA
