// The largest element of each window and its position h · width + w.  p: as WindowShape.  Cut into rows of output positions.
namespace octavo::OCTAVO_ISA {

static void maxPool(const Call& call, const Worker& worker) {
  const WindowShape s(call.p);
  const Operand &x = call.operands[0], &y = call.operands[1];
  int32_t* indices = static_cast<int32_t*>(call.operands[2].data);
  const Range units = share(worker, s.batch * s.outHeight);
  byType(x.dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t unit = units.begin; unit < units.end; ++unit) {
      const T* image = static_cast<const T*>(x.data) + unit / s.outHeight * s.height * s.width * s.channels;
      const int64_t top = unit % s.outHeight * s.strideHigh - s.top;
      for (int64_t j = 0; j < s.outWidth; ++j)
        for (int64_t c = 0; c < s.channels; c += Vf::lanes) {
          const int64_t left = j * s.strideWide - s.left, lanes = s.channels - c, at = (unit * s.outWidth + j) * s.channels + c;
          Best best{Vf::zero(), floatOf(Vi{} - 1)};
          bool found = false;
          for (int64_t tap = 0; tap < s.taps(); ++tap) {
            const int64_t h = positionOf(top + tap / s.tapsWide * s.dilationHigh, 1, s.height);
            const int64_t w = positionOf(left + tap % s.tapsWide * s.dilationWide, 1, s.width);
            if (h < 0 || w < 0) continue;
            const Vf value = loadUpTo(image + (h * s.width + w) * s.channels + c, lanes);
            const Vf index = floatOf(Vi{} + static_cast<int32_t>(h * s.width + w));
            const Vm taken = (value > best.value) | ((value != value) & (best.value == best.value));
            best = found ? Best{select(taken, value, best.value), select(taken, index, best.index)} : Best{value, index};
            found = true;
          }
          storeUpTo(best.value, static_cast<T*>(y.data) + at, lanes);
          if (indices != nullptr) storeUpTo(best.index, reinterpret_cast<float*>(indices) + at, lanes);
        }
    }
  });
}
static constexpr KernelEntry kMaxPool{"maxPool", maxPool, nullptr};

}  // namespace octavo::OCTAVO_ISA
