// One AdamW update in place.  p: n, β₁, β₂, ε, weight decay.  Operands: parameter, gradient, first, second, factor, applied, rates.
namespace octavo::OCTAVO_ISA {

static void adamw(const Call& call, const Worker& worker) {
  const int64_t n = call.p[0];
  float* parameter = static_cast<float*>(call.operands[0].data);
  const float* gradient = static_cast<const float*>(call.operands[1].data);
  float* first = static_cast<float*>(call.operands[2].data);
  float* second = static_cast<float*>(call.operands[3].data);
  const float* rates = static_cast<const float*>(call.operands[6].data);
  if (!(*static_cast<const float*>(call.operands[5].data) > 0)) return;
  const float b1 = static_cast<float>(call.p[1]), b2 = static_cast<float>(call.p[2]);
  const Vf beta1 = Vf::set1(b1), beta2 = Vf::set1(b2), rest1 = Vf::set1(static_cast<float>(1.0 - call.p[1])), rest2 = Vf::set1(static_cast<float>(1.0 - call.p[2]));
  const Vf epsilon = Vf::set1(static_cast<float>(call.p[3])), factor = Vf::set1(*static_cast<const float*>(call.operands[4].data));
  const Vf decay = Vf::set1(1.0f - rates[0] * static_cast<float>(call.p[4])), rate = Vf::set1(rates[0]);
  const Vf unbias1 = Vf::set1(1.0f / rates[1]), unbias2 = Vf::set1(1.0f / rates[2]);
  constexpr int64_t kBlock = 1024;
  const Range units = share(worker, (n + kBlock - 1) / kBlock);
  for (int64_t i = units.begin * kBlock; i < smaller(n, units.end * kBlock); i += Vf::lanes) {
    const int64_t left = n - i;
    const Vf g = loadUpTo(gradient + i, left) * factor;
    const Vf m = fma(beta1, loadUpTo(first + i, left), rest1 * g);
    const Vf v = fma(beta2, loadUpTo(second + i, left), rest2 * g * g);
    storeUpTo(m, first + i, left);
    storeUpTo(v, second + i, left);
    const Vf step = (m * unbias1) / (sqrt(v * unbias2) + epsilon);
    storeUpTo(loadUpTo(parameter + i, left) * decay - rate * step, parameter + i, left);
  }
}
static constexpr KernelEntry kAdamw{"adamw", adamw, nullptr};

}  // namespace octavo::OCTAVO_ISA
