// Dot products of int8 rows, exact in int32, and the linear layer made of them. The instruction set's own Dots multiply and
// add a vector at a time; all give the same integers. Weights are not packed: few rows wait for memory, and for many a block
// of weights stays in the cache while all rows of x pass by.
#pragma once
#include "../kernel.h"
#include "../simd/quantise-row.h"

namespace octavo::OCTAVO_ISA {

// One vector of bytes; `offset` is what each weight was raised by, so that its products with x are too large by offset · Σ x.
#if defined(__AVX512VNNI__)
struct Dots {
  static constexpr int bytes = 64, offset = 128;
  using Sum = __m512i;
  static Sum zero() { return _mm512_setzero_si512(); }
  static Sum add(Sum sum, const int8_t* w, const int8_t* x) {
    const __m512i raised = _mm512_xor_si512(_mm512_loadu_si512(w), _mm512_set1_epi8(static_cast<char>(0x80)));
    return _mm512_dpbusd_epi32(sum, raised, _mm512_loadu_si512(x));
  }
  static int32_t total(Sum sum) { return _mm512_reduce_add_epi32(sum); }
};
#elif defined(__AVX512F__)
struct Dots {
  static constexpr int bytes = 32, offset = 0;
  using Sum = __m512i;
  static Sum zero() { return _mm512_setzero_si512(); }
  static __m512i wide(const int8_t* p) { return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p))); }
  static Sum add(Sum sum, const int8_t* w, const int8_t* x) { return _mm512_add_epi32(sum, _mm512_madd_epi16(wide(w), wide(x))); }
  static int32_t total(Sum sum) { return _mm512_reduce_add_epi32(sum); }
};
#elif defined(__AVX2__)
struct Dots {
  static constexpr int bytes = 16, offset = 0;
  using Sum = __m256i;
  static Sum zero() { return _mm256_setzero_si256(); }
  static __m256i wide(const int8_t* p) { return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p))); }
  static Sum add(Sum sum, const int8_t* w, const int8_t* x) { return _mm256_add_epi32(sum, _mm256_madd_epi16(wide(w), wide(x))); }
  static int32_t total(Sum sum) {
    alignas(32) int32_t lane[8];
    _mm256_store_si256(reinterpret_cast<__m256i*>(lane), sum);
    int32_t all = 0;
    for (int32_t l : lane) all += l;
    return all;
  }
};
#else
struct Dots {
  static constexpr int bytes = 16, offset = 0;
  using Sum = int32_t;
  static Sum zero() { return 0; }
  static Sum add(Sum sum, const int8_t* w, const int8_t* x) {
    for (int i = 0; i < bytes; ++i) sum += static_cast<int32_t>(w[i]) * x[i];
    return sum;
  }
  static int32_t total(Sum sum) { return sum; }
};
#endif

// A row of x as int8: where its bytes are, its step, and −offset · Σ of its bytes.
struct QuantisedRows {
  int8_t* bytes;
  int64_t stride;  // whole vectors, zeros beyond k
  float* steps;
  int32_t* starts;
  QuantisedRows(void* memory, int64_t rows, int64_t k) : stride((k + 63) / 64 * 64) {
    char* at = static_cast<char*>(memory);
    bytes = reinterpret_cast<int8_t*>(at);
    steps = reinterpret_cast<float*>(at + rows * stride);
    starts = reinterpret_cast<int32_t*>(at + rows * stride + static_cast<int64_t>(line(static_cast<size_t>(rows) * 4)));
  }
  static size_t size(int64_t rows, int64_t k) { return static_cast<size_t>(rows * ((k + 63) / 64 * 64)) + 2 * line(static_cast<size_t>(rows) * 4); }
};

template <class T> static void bringRow(const T* x, int64_t k, const QuantisedRows& rows, int64_t r) {
  int8_t* const out = rows.bytes + r * rows.stride;
  Vf finite = Vf::zero();  // NaN where one value is not finite
  for (int64_t i = 0; i < k; i += Vf::lanes) finite = fma(loadUpTo(x + i, k - i), Vf::zero(), finite);
  rows.steps[r] = quantiseRow(x, k, out) + sum(finite);
  int32_t total = 0;
  for (int64_t i = 0; i < k; ++i) total += out[i];
  for (int64_t i = k; i < rows.stride; ++i) out[i] = 0;
  rows.starts[r] = -Dots::offset * total;
}

// sums[rows][64] ← rows of x by weights, each weight row `stride` bytes long and whole vectors of it readable.
template <int count, int columns> static void dots(const int8_t* x, int64_t xStride, const int8_t* w, int64_t stride, int64_t k, const int32_t* starts, float* sums) {
  Dots::Sum total[count][columns];
  for (int r = 0; r < count; ++r)
    for (int c = 0; c < columns; ++c) total[r][c] = Dots::zero();
  for (int64_t i = 0; i < k; i += Dots::bytes)
#pragma GCC unroll 4
    for (int c = 0; c < columns; ++c)
#pragma GCC unroll 4
      for (int r = 0; r < count; ++r) total[r][c] = Dots::add(total[r][c], w + c * stride + i, x + r * xStride + i);
  for (int r = 0; r < count; ++r)
    for (int c = 0; c < columns; ++c) sums[r * 64 + c] = static_cast<float>(Dots::total(total[r][c]) + starts[r]);
}

// p: rows, N, K. Rows of x are shared out to be quantised, then blocks of 64 columns to be multiplied.
template <class T, class Y> static void quantisedLinearFor(const Call& call, const Worker& worker) {
  const int64_t m = call.p[0], n = call.p[1], k = call.p[2], whole = k / Dots::bytes * Dots::bytes;
  const QuantisedRows rows(worker.shared, m, k);
  const Range own = share(worker, m);
  for (int64_t r = own.begin; r < own.end; ++r) bringRow(static_cast<const T*>(call.operands[0].data) + r * k, k, rows, r);
  worker.barrier();

  const int8_t* const weight = static_cast<const int8_t*>(call.operands[1].data);
  const float *scales = static_cast<const float*>(call.operands[2].data), *bias = static_cast<const float*>(call.operands[3].data);
  Y* const y = static_cast<Y*>(call.operands[4].data);
  const Range blocks = share(worker, (n + 63) / 64);
  alignas(64) float sums[4 * 64];
  int8_t* const tail = static_cast<int8_t*>(worker.scratch);  // the last, short vector of each weight row of a block
  for (int64_t j = blocks.begin * 64; j < smaller(blocks.end * 64, n); j += 64) {
    const int64_t columns = smaller(64, n - j);
    if (whole < k)
      for (int64_t c = 0; c < columns; ++c)
        for (int64_t i = 0; i < Dots::bytes; ++i) tail[c * Dots::bytes + i] = whole + i < k ? weight[(j + c) * k + whole + i] : 0;
    const auto multiply = [&](auto countTag, auto columnsTag, int64_t r, int64_t c) {
      constexpr int count = decltype(countTag)::value, together = decltype(columnsTag)::value;
      const int8_t* const x = rows.bytes + r * rows.stride;
      dots<count, together>(x, rows.stride, weight + (j + c) * k, k, whole, rows.starts + r, sums + c);
      if (whole == k) return;
      static constexpr int32_t none[4] = {0, 0, 0, 0};
      alignas(64) float rest[4 * 64];
      dots<count, together>(x + whole, rows.stride, tail + c * Dots::bytes, Dots::bytes, Dots::bytes, none, rest);
      for (int i = 0; i < count; ++i)
        for (int v = 0; v < together; ++v) sums[i * 64 + c + v] += rest[i * 64 + v];
    };
    const auto finish = [&](int64_t r, int count) {
      for (int i = 0; i < count; ++i)
        for (int64_t c = 0; c < columns; c += Vf::lanes) {
          const int64_t left = columns - c;
          Vf value = Vf::load(sums + i * 64 + c) * Vf::set1(rows.steps[r + i]) * loadUpTo(scales + j + c, left);
          if (bias != nullptr) value = value + loadUpTo(bias + j + c, left);
          storeUpTo(value, y + (r + i) * n + j + c, left);
        }
    };
    const auto block = [&](auto countTag, int64_t r) {
      // Few rows wait for memory, which is read fastest straight on: one weight row after the other.
      int64_t c = 0;
      if (m > 4)
        for (; c + 4 <= columns; c += 4) multiply(countTag, std::integral_constant<int, 4>(), r, c);
      for (; c < columns; ++c) multiply(countTag, std::integral_constant<int, 1>(), r, c);
      finish(r, decltype(countTag)::value);
    };
    int64_t r = 0;
    for (; r + 4 <= m; r += 4) block(std::integral_constant<int, 4>(), r);
    if (m - r == 3) block(std::integral_constant<int, 3>(), r);
    if (m - r == 2) block(std::integral_constant<int, 2>(), r);
    if (m - r == 1) block(std::integral_constant<int, 1>(), r);
  }
}

static void quantisedLinearOf(const Call& call, const Worker& worker) {
  byType(call.operands[0].dtype, [&](auto* tag) {
    using T = Bare<decltype(tag)>;
    if (call.operands[4].dtype == 0) quantisedLinearFor<T, float>(call, worker);
    else quantisedLinearFor<T, T>(call, worker);
  });
}

}  // namespace octavo::OCTAVO_ISA
