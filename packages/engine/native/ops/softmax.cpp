// y = exp(x − max) / Σ exp(x − max) a row, or its logarithm.  p: rows, n, log.  Cut into whole rows.
namespace octavo::OCTAVO_ISA {

static void softmax(const Call& call, const Worker& worker) {
  const int64_t rows = call.p[0], n = call.p[1];
  const bool logarithm = call.p[2] != 0;
  if (n == 0) return;
  const Operand &x = call.operands[0], &y = call.operands[1];
  const Range units = share(worker, rows);
  byType(x.dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t r = units.begin; r < units.end; ++r) {
      const T* in = static_cast<const T*>(x.data) + r * n;
      T* out = static_cast<T*>(y.data) + r * n;
      Vf most = Vf::set1(-__builtin_inff());
      int64_t i = 0;
      for (; i + Vf::lanes <= n; i += Vf::lanes) most = max(Vf::load(in + i), most);
      float highest = maximum(most);
      for (; i < n; ++i) highest = toFloat(in[i]) > highest ? toFloat(in[i]) : highest;
      const Vf shift = Vf::set1(highest);
      Vf total = Vf::zero();
      for (i = 0; i + Vf::lanes <= n; i += Vf::lanes) total = total + exp(Vf::load(in + i) - shift);
      if (i < n) total = total + keepLanes(exp(loadUpTo(in + i, n - i) - shift), static_cast<int>(n - i));
      const float all = sum(total);
      const Vf logOfAll = log(Vf::set1(all)), scale = Vf::set1(1.0f / all);
      for (i = 0; i < n; i += Vf::lanes) {
        const Vf value = loadUpTo(in + i, n - i) - shift;
        storeUpTo(logarithm ? value - logOfAll : exp(value) * scale, out + i, n - i);
      }
    }
  });
}
static constexpr KernelEntry kSoftmax{"softmax", softmax, nullptr};

}  // namespace octavo::OCTAVO_ISA
