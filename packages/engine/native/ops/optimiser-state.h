#pragma once
// States of optimisers, in float32 or in bfloat16 with stochastic rounding: a value is rounded up with the probability of
// its distance to the number below, so the mean of many small changes is kept. The 16 random bits of element i are half
// (i mod 8) of Philox((⌊i/8⌋, step, stream, which), (seed, 0)): the same for any number of threads and after a resume.
namespace octavo::OCTAVO_ISA {

static constexpr int64_t kStateBlock = 1024;

struct Rounding { uint32_t seed, stream, step; };

static inline Rounding roundingOf(const Operand& step, double seed, double stream) {
  const uint32_t at = step.data == nullptr ? 0 : static_cast<uint32_t>(*static_cast<const int32_t*>(step.data));
  return {static_cast<uint32_t>(seed), static_cast<uint32_t>(stream), at};
}

// 16 random bits for each element of a block: 128 counters side by side, so that the compiler can use vectors.
static inline void fillNoise(uint16_t* noise, int64_t block, uint32_t which, const Rounding& rounding) {
  constexpr int kCounters = kStateBlock / 8;
  uint32_t a[kCounters], b[kCounters], c[kCounters], d[kCounters];
  for (int j = 0; j < kCounters; ++j) a[j] = static_cast<uint32_t>(block * kCounters + j), b[j] = rounding.step, c[j] = rounding.stream, d[j] = which;
  uint32_t k = rounding.seed, l = 0;
  for (int round = 0; round < 10; ++round) {
    for (int j = 0; j < kCounters; ++j) {
      const uint64_t first = static_cast<uint64_t>(a[j]) * 0xD2511F53u, second = static_cast<uint64_t>(c[j]) * 0xCD9E8D57u;
      a[j] = static_cast<uint32_t>(second >> 32) ^ b[j] ^ k, c[j] = static_cast<uint32_t>(first >> 32) ^ d[j] ^ l;
      b[j] = static_cast<uint32_t>(second), d[j] = static_cast<uint32_t>(first);
    }
    k += 0x9E3779B9u, l += 0xBB67AE85u;
  }
  for (int j = 0; j < kCounters; ++j) {
    const uint32_t words[4] = {a[j], b[j], c[j], d[j]};
    for (int half = 0; half < 8; ++half) noise[8 * j + half] = static_cast<uint16_t>(words[half / 2] >> 16 * (half % 2));
  }
}

// The values of a state within one block: float32 is updated where it lies, bfloat16 through a copy that is rounded at the end.
template <class T> struct StateBlock;
template <> struct StateBlock<float> {
  float* at;
  StateBlock(void* state, int64_t from, int64_t) : at(static_cast<float*>(state) + from) {}
  Vf load(int64_t i, int64_t left) const { return loadUpTo(at + i, left); }
  void store(Vf v, int64_t i, int64_t left) const { storeUpTo(v, at + i, left); }
  void finish(int64_t, uint32_t, const Rounding&) const {}
};
template <> struct StateBlock<bf16> {
  bf16* at;
  int64_t count;
  float values[kStateBlock + Vf::lanes];
  StateBlock(void* state, int64_t from, int64_t count) : at(static_cast<bf16*>(state) + from), count(count) {}
  Vf load(int64_t i, int64_t left) const { return loadUpTo(at + i, left); }
  void store(Vf v, int64_t i, int64_t) { v.store(values + i); }
  void finish(int64_t block, uint32_t which, const Rounding& rounding) const {
    uint16_t noise[kStateBlock];
    fillNoise(noise, block, which, rounding);
    for (int64_t i = 0; i < count; ++i) {
      const uint32_t bits = octavo::bitsOf(values[i]);
      const bool finite = (bits & 0x7f800000u) != 0x7f800000u;
      at[i].bits = finite ? static_cast<uint16_t>((bits + noise[i]) >> 16) : toBf16(values[i]).bits;
    }
  }
};

// Calls f with a null pointer of a state's element type.
template <class F> static inline void byState(int32_t dtype, F f) {
  if (dtype == 0) f(static_cast<float*>(nullptr));
  else if (dtype == 1) f(static_cast<bf16*>(nullptr));
}

}  // namespace octavo::OCTAVO_ISA
