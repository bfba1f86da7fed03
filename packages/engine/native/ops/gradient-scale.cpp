// Clip factor and the finite flag.  p: maximum norm (0: none).
namespace octavo::OCTAVO_ISA {

static void gradientScale(const Call& call, const Worker& worker) {
  if (worker.index != 0) return;
  const auto value = [&](int i) { return *static_cast<const float*>(call.operands[i].data); };
  const float norm = __builtin_sqrtf(value(0)) / value(2), loss = value(1), most = static_cast<float>(call.p[0]);
  const float clip = most > 0 && !(norm + 1e-6f <= most) ? most / (norm + 1e-6f) : 1.0f;
  const auto put = [&](int i, float result) {
    if (call.operands[i].data != nullptr) *static_cast<float*>(call.operands[i].data) = result;
  };
  put(3, norm);
  put(4, clip / value(2));
  put(5, __builtin_isfinite(norm) && __builtin_isfinite(loss) ? 1.0f : 0.0f);
}
static constexpr KernelEntry kGradientScale{"gradientScale", gradientScale, nullptr};

}  // namespace octavo::OCTAVO_ISA
