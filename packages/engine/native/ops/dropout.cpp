// Dropout by Philox4x32-10.  p: n, rate, seed, stream.  The mask depends on the element's index alone.
namespace octavo::OCTAVO_ISA {

static inline void philox(uint32_t counter[4], uint32_t k, uint32_t l) {
  for (int round = 0; round < 10; ++round) {
    const uint64_t first = static_cast<uint64_t>(counter[0]) * 0xD2511F53u, second = static_cast<uint64_t>(counter[2]) * 0xCD9E8D57u;
    const uint32_t a = static_cast<uint32_t>(second >> 32) ^ counter[1] ^ k, c = static_cast<uint32_t>(first >> 32) ^ counter[3] ^ l;
    counter[0] = a, counter[1] = static_cast<uint32_t>(second), counter[2] = c, counter[3] = static_cast<uint32_t>(first);
    k += 0x9E3779B9u, l += 0xBB67AE85u;
  }
}

static void dropout(const Call& call, const Worker& worker) {
  const int64_t n = call.p[0];
  const double threshold = call.p[1] * 4294967296.0;
  const float keep = static_cast<float>(1.0 / (1.0 - call.p[1]));
  const uint32_t seed = static_cast<uint32_t>(call.p[2]), stream = static_cast<uint32_t>(call.p[3]);
  const Operand &x = call.operands[0], &y = call.operands[2];
  const uint32_t step = static_cast<uint32_t>(*static_cast<const int32_t*>(call.operands[1].data));
  constexpr int64_t kBlock = 64;
  const Range units = share(worker, (n + kBlock - 1) / kBlock);
  byType(x.dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    for (int64_t b = units.begin; b < units.end; ++b) {
      float mask[kBlock];
      for (int64_t i = 0; i < kBlock; i += 4) {
        uint32_t words[4] = {static_cast<uint32_t>((b * kBlock + i) / 4), step, stream, 0};
        philox(words, seed, 0);
        for (int k = 0; k < 4; ++k) mask[i + k] = words[k] < threshold ? 0.0f : keep;
      }
      const int64_t count = smaller(kBlock, n - b * kBlock);
      const T* in = static_cast<const T*>(x.data) + b * kBlock;
      T* out = static_cast<T*>(y.data) + b * kBlock;
      for (int64_t i = 0; i < count; i += Vf::lanes) {
        const Vf m = Vf::load(mask + i);
        storeUpTo(select(m > Vf::zero(), loadUpTo(in + i, count - i) * m, Vf::zero()), out + i, count - i);
      }
    }
  });
}
static constexpr KernelEntry kDropout{"dropout", dropout, nullptr};

}  // namespace octavo::OCTAVO_ISA
