// RMS normalisation of the leading heads of each row, and its gradient.  p: rows, channels, heads, width, ε.  Cut into rows.
namespace octavo::OCTAVO_ISA {

template <bool BACKWARD, class T>
static void headNormRows(const Call& call, const Worker& worker) {
  const int64_t rows = call.p[0], channels = call.p[1], heads = call.p[2], width = call.p[3];
  const float epsilon = static_cast<float>(call.p[4]), part = 1.0f / static_cast<float>(width);
  const T* x = static_cast<const T*>(call.operands[0].data);
  const T* dy = BACKWARD ? static_cast<const T*>(call.operands[1].data) : x;
  T* out = static_cast<T*>(call.operands[BACKWARD ? 2 : 1].data);
  const Range units = share(worker, rows);
  for (int64_t r = units.begin; r < units.end; ++r) {
    const int64_t end = (r + 1) * channels;
    int64_t at = r * channels;
    for (int64_t h = 0; h < heads; ++h, at += width) {
      Vf squares = Vf::zero(), along = Vf::zero();
      for (int64_t i = 0; i < width; i += Vf::lanes) {
        const Vf v = loadUpTo(x + at + i, width - i);
        squares = fma(v, v, squares);
        if (BACKWARD) along = fma(v, loadUpTo(dy + at + i, width - i), along);
      }
      const float scale = 1.0f / __builtin_sqrtf(sum(squares) * part + epsilon);
      const Vf back = Vf::set1(BACKWARD ? sum(along) * scale * scale * part : 0.0f);
      for (int64_t i = 0; i < width; i += Vf::lanes) {
        const Vf v = loadUpTo(x + at + i, width - i);
        storeUpTo(Vf::set1(scale) * (BACKWARD ? loadUpTo(dy + at + i, width - i) - v * back : v), out + at + i, width - i);
      }
    }
    for (; at < end; at += Vf::lanes) storeUpTo(loadUpTo(dy + at, end - at), out + at, end - at);
  }
}

static void headNorm(const Call& call, const Worker& worker) {
  byType(call.operands[0].dtype, [&](auto* tag) { headNormRows<false, Bare<decltype(tag)>>(call, worker); });
}
static void headNormGradient(const Call& call, const Worker& worker) {
  byType(call.operands[0].dtype, [&](auto* tag) { headNormRows<true, Bare<decltype(tag)>>(call, worker); });
}
static constexpr KernelEntry kHeadNorm{"headNorm", headNorm, nullptr};
static constexpr KernelEntry kHeadNormGradient{"headNormGradient", headNormGradient, nullptr};

}  // namespace octavo::OCTAVO_ISA
