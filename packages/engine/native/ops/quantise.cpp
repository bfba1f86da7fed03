// int8 with a scale for each group of consecutive elements, and back.  p: groups, elements of a group.  Cut into groups.
#include "../simd/quantise-row.h"

namespace octavo::OCTAVO_ISA {

static void quantise(const Call& call, const Worker& worker) {
  const int64_t size = call.p[1];
  int8_t* const out = static_cast<int8_t*>(call.operands[1].data);
  float* const scales = static_cast<float*>(call.operands[2].data);
  const Range units = share(worker, static_cast<int64_t>(call.p[0]));
  byType(call.operands[0].dtype, [&](auto* tag) {
    const auto* x = static_cast<const Bare<decltype(tag)>*>(call.operands[0].data);
    for (int64_t g = units.begin; g < units.end; ++g) {
      const float scale = quantiseRow(x + g * size, size, out + g * size);
      if (scales != nullptr) scales[g] = scale;
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
