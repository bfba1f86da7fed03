// y = activation(x Wᵀ + bias) + residual, pre = what the activation saw.  p: rows, n, k, activation.
namespace octavo::OCTAVO_ISA {

static Gemm linearGemm(const Call& call) {
  const int64_t rows = call.p[0], n = call.p[1], k = call.p[2];
  const Operand &x = call.operands[0], &w = call.operands[1], &bias = call.operands[2], &residual = call.operands[3], &y = call.operands[4], &pre = call.operands[5];
  Gemm g{};
  g.m = rows, g.n = n, g.k = k;
  g.a = x.data, g.aType = typeOf(x), g.lda = k;
  g.b = w.data, g.bType = typeOf(w), g.ldb = k, g.bTransposed = true;
  g.c = y.data, g.cType = typeOf(y), g.ldc = n;
  g.alpha = 1.0f;
  g.bias = static_cast<const float*>(bias.data);
  g.activation = static_cast<Activation>(static_cast<int>(call.p[3]));
  g.preActivation = pre.data;
  g.residual = residual.data;
  return g;
}

static void linear(const Call& call, const Worker& worker) { gemm(worker, linearGemm(call), call.form); }
static GemmMemory linearMemory(const Call& call, int members) { return gemmMemory(linearGemm(call), members, call.form); }
static constexpr KernelEntry kLinear{"linear", linear, linearMemory};

}  // namespace octavo::OCTAVO_ISA
