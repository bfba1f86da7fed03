// Rotary positions.  rotaryAngles p: rows, width, base.  rotary p: rows, channels, heads, width, direction.  Cut into rows.
namespace octavo::OCTAVO_ISA {

static void rotaryAngles(const Call& call, const Worker& worker) {
  const int64_t rows = call.p[0], half = static_cast<int64_t>(call.p[1]) / 2;
  const int32_t* positions = static_cast<const int32_t*>(call.operands[0].data);
  float* y = static_cast<float*>(call.operands[1].data);
  const double turn = -2.0 * __builtin_log(call.p[2]) / call.p[1];
  const Range units = share(worker, rows);
  for (int64_t r = units.begin; r < units.end; ++r)
    for (int64_t i = 0; i < half; ++i) {
      const double angle = positions[r] * __builtin_exp(turn * static_cast<double>(i));
      y[r * 2 * half + i] = static_cast<float>(__builtin_cos(angle));
      y[r * 2 * half + half + i] = static_cast<float>(__builtin_sin(angle));
    }
}

static void rotary(const Call& call, const Worker& worker) {
  const int64_t rows = call.p[0], channels = call.p[1], heads = call.p[2], width = call.p[3], half = width / 2;
  const Operand &x = call.operands[0], &y = call.operands[2];
  const float* angles = static_cast<const float*>(call.operands[1].data);
  const Vf direction = Vf::set1(static_cast<float>(call.p[4]));
  const Range units = share(worker, rows);
  byType(x.dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t r = units.begin; r < units.end; ++r) {
      const T* in = static_cast<const T*>(x.data) + r * channels;
      T* out = static_cast<T*>(y.data) + r * channels;
      const float *cosines = angles + r * width, *sines = cosines + half;
      for (int64_t h = 0; h < heads; ++h, in += width, out += width)
        for (int64_t i = 0; i < half; i += Vf::lanes) {
          const Vf a = loadUpTo(in + i, half - i), b = loadUpTo(in + half + i, half - i);
          const Vf c = loadUpTo(cosines + i, half - i), s = direction * loadUpTo(sines + i, half - i);
          storeUpTo(a * c - b * s, out + i, half - i);
          storeUpTo(b * c + a * s, out + half + i, half - i);
        }
      const int64_t rest = channels - heads * width;
      for (int64_t i = 0; i < rest; i += Vf::lanes) storeUpTo(loadUpTo(in + i, rest - i), out + i, rest - i);
    }
  });
}
static constexpr KernelEntry kRotaryAngles{"rotaryAngles", rotaryAngles, nullptr};
static constexpr KernelEntry kRotary{"rotary", rotary, nullptr};

}  // namespace octavo::OCTAVO_ISA
