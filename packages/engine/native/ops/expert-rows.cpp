// Rows of tokens to experts and back.  p: tokens, rows, choices of a token, width.
// dispatch is cut into rows, the others into tokens; a token adds its choices in their order.
namespace octavo::OCTAVO_ISA {

struct ExpertRows {
  int64_t tokens, rows, choices, width;
  explicit ExpertRows(const Call& call) : tokens(call.p[0]), rows(call.p[1]), choices(call.p[2]), width(call.p[3]) {}
};

static void dispatch(const Call& call, const Worker& worker) {
  const ExpertRows s(call);
  const int32_t* sources = static_cast<const int32_t*>(call.operands[1].data);
  const float* scale = static_cast<const float*>(call.operands[3].data);
  const Range mine = share(worker, s.rows);
  byType(call.operands[0].dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t r = mine.begin; r < mine.end; ++r) {
      const bool known = sources[r] >= 0 && sources[r] < s.tokens * s.choices;
      T* out = static_cast<T*>(call.operands[4].data) + r * s.width;
      const T* in = static_cast<const T*>(call.operands[0].data) + (known ? sources[r] / s.choices : 0) * s.width;
      const Vf factor = Vf::set1(known && scale != nullptr ? scale[sources[r]] : 1.0f);
      for (int64_t i = 0; i < s.width; i += Vf::lanes) storeUpTo(known ? loadUpTo(in + i, s.width - i) * factor : Vf::zero(), out + i, s.width - i);
    }
  });
}

static void combine(const Call& call, const Worker& worker) {
  const ExpertRows s(call);
  const int32_t* slots = static_cast<const int32_t*>(call.operands[1].data);
  const float* weights = static_cast<const float*>(call.operands[3].data);
  const Range mine = share(worker, s.tokens);
  byType(call.operands[0].dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    const T* z = static_cast<const T*>(call.operands[0].data);
    for (int64_t n = mine.begin; n < mine.end; ++n) {
      T* out = static_cast<T*>(call.operands[4].data) + n * s.width;
      for (int64_t i = 0; i < s.width; i += Vf::lanes) {
        Vf total = Vf::zero();
        for (int64_t c = 0; c < s.choices; ++c) {
          const int64_t row = slots[n * s.choices + c];
          if (row < 0 || row >= s.rows) continue;
          const Vf value = loadUpTo(z + row * s.width + i, s.width - i);
          total = weights == nullptr ? total + value : fma(value, Vf::set1(weights[n * s.choices + c]), total);
        }
        storeUpTo(total, out + i, s.width - i);
      }
    }
  });
}

static void combineWeightsGradient(const Call& call, const Worker& worker) {
  const ExpertRows s(call);
  const int32_t* slots = static_cast<const int32_t*>(call.operands[1].data);
  float* dweights = static_cast<float*>(call.operands[3].data);
  const Range mine = share(worker, s.tokens * s.choices);
  byType(call.operands[0].dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t flat = mine.begin; flat < mine.end; ++flat) {
      const int64_t row = slots[flat];
      Vf total = Vf::zero();
      if (row >= 0 && row < s.rows) {
        const T *z = static_cast<const T*>(call.operands[0].data) + row * s.width, *dy = static_cast<const T*>(call.operands[2].data) + flat / s.choices * s.width;
        for (int64_t i = 0; i < s.width; i += Vf::lanes) total = fma(loadUpTo(z + i, s.width - i), loadUpTo(dy + i, s.width - i), total);
      }
      dweights[flat] = sum(total);
    }
  });
}
static constexpr KernelEntry kDispatch{"dispatch", dispatch, nullptr};
static constexpr KernelEntry kCombine{"combine", combine, nullptr};
static constexpr KernelEntry kCombineWeightsGradient{"combineWeightsGradient", combineWeightsGradient, nullptr};

}  // namespace octavo::OCTAVO_ISA
