// y[i, h] = −slope[h] · |i − zero|.  p: distances, index of distance 0, heads, slopes.
namespace octavo::OCTAVO_ISA {

static void alibi(const Call& call, const Worker& worker) {
  const int64_t zero = call.p[1], heads = call.p[2];
  float* y = static_cast<float*>(call.operands[0].data);
  const Range units = share(worker, static_cast<int64_t>(call.p[0]));
  for (int64_t i = units.begin; i < units.end; ++i)
    for (int64_t h = 0; h < heads; ++h) y[i * heads + h] = static_cast<float>(-call.p[3 + h] * static_cast<double>(i < zero ? zero - i : i - zero));
}
static constexpr KernelEntry kAlibi{"alibi", alibi, nullptr};

}  // namespace octavo::OCTAVO_ISA
