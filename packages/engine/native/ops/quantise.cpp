// int8 with a scale for each group of consecutive elements, and back.  p: groups, elements of a group.  Cut into groups.
namespace octavo::OCTAVO_ISA {

static void quantise(const Call& call, const Worker& worker) {
  const int64_t size = call.p[1];
  int8_t* const out = static_cast<int8_t*>(call.operands[1].data);
  float* const scales = static_cast<float*>(call.operands[2].data);
  const Range units = share(worker, static_cast<int64_t>(call.p[0]));
  byType(call.operands[0].dtype, [&](auto* tag) {
    const auto* x = static_cast<const Bare<decltype(tag)>*>(call.operands[0].data);
    alignas(64) float lanes[Vf::lanes];
    for (int64_t g = units.begin; g < units.end; ++g) {
      const auto* in = x + g * size;
      Vf most = Vf::zero();
      for (int64_t i = 0; i < size; i += Vf::lanes) most = max(abs(loadUpTo(in + i, size - i)), most);
      const float scale = maximum(most) / 127.0f, inverse = scale > 0 ? 1.0f / scale : 0.0f;
      if (scales != nullptr) scales[g] = scale;
      for (int64_t i = 0; i < size; i += Vf::lanes) {
        const Vf value = clamp(loadUpTo(in + i, size - i) * Vf::set1(inverse), -127.0f, 127.0f);
        select(value == value, round(value), Vf::zero()).store(lanes);
        for (int64_t l = 0; l < smaller(Vf::lanes, size - i); ++l) out[g * size + i + l] = static_cast<int8_t>(lanes[l]);
      }
    }
  });
}
static constexpr KernelEntry kQuantise{"quantise", quantise, nullptr};

static void dequantise(const Call& call, const Worker& worker) {
  const int64_t size = call.p[1];
  const int8_t* const in = static_cast<const int8_t*>(call.operands[0].data);
  const float* const scales = static_cast<const float*>(call.operands[1].data);
  float* const out = static_cast<float*>(call.operands[2].data);
  const Range units = share(worker, static_cast<int64_t>(call.p[0]));
  for (int64_t g = units.begin; g < units.end; ++g)
    for (int64_t i = g * size; i < (g + 1) * size; ++i) out[i] = static_cast<float>(in[i]) * scales[g];
}
static constexpr KernelEntry kDequantise{"dequantise", dequantise, nullptr};

}  // namespace octavo::OCTAVO_ISA
