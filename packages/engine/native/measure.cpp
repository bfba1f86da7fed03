#include "measure.h"
#include <chrono>
#include <cstdint>
#include "program.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace octavo {

namespace {

double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

#if defined(__x86_64__)
// Ten independent accumulators hide the latency of any of these instructions.
#define OCTAVO_TEN(line) line(0) line(1) line(2) line(3) line(4) line(5) line(6) line(7) line(8) line(9)
#define OCTAVO_ZMM(n) "vfmadd231ps %%zmm30, %%zmm31, %%zmm" #n "\n"
#define OCTAVO_YMM(n) "vfmadd231ps %%ymm14, %%ymm15, %%ymm" #n "\n"
#define OCTAVO_DOT(n) "vdpbf16ps %%zmm30, %%zmm31, %%zmm" #n "\n"
#define OCTAVO_HALF(n) "vfmadd231ph %%zmm30, %%zmm31, %%zmm" #n "\n"
#define OCTAVO_LOOP(name, body, kind)                                                                     \
  void name(int64_t rounds) {                                                                             \
    asm volatile("1:\n" OCTAVO_TEN(body) "dec %0\njnz 1b\nvzeroupper\n"                                   \
                 : "+r"(rounds)::"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "cc"); \
  }
OCTAVO_LOOP(loop512, OCTAVO_ZMM, zmm)
OCTAVO_LOOP(loop256, OCTAVO_YMM, ymm)
OCTAVO_LOOP(loopDot, OCTAVO_DOT, zmm)
OCTAVO_LOOP(loopHalf, OCTAVO_HALF, zmm)
#endif

using Loop = void (*)(int64_t);

double rateOf(Loop loop, double operationsARound, int threads) {
  constexpr int64_t kRounds = 400000;
  Team team(threads);
  double best = 0;
  for (int attempt = 0; attempt < 9; ++attempt) {
    const double start = now();
    team.run([&](int) { loop(kRounds); });
    const double rate = operationsARound * kRounds * threads / (now() - start) / 1e9;
    best = rate > best ? rate : best;
  }
  return best;
}

double readRate(int threads) {
  const int64_t bytes = int64_t{256} << 20;
  auto* memory = static_cast<uint64_t*>(allocatePages(bytes));
  if (memory == nullptr) return 0;
  for (int64_t i = 0; i < bytes / 8; i += 8) memory[i] = i;
  Team team(threads);
  double best = 0;
  for (int attempt = 0; attempt < 7; ++attempt) {
    const double start = now();
    team.run([&](int index) {
      const int64_t words = bytes / 8 / threads / 64 * 64;
      const uint64_t* at = memory + index * words;
      uint64_t sums[8] = {};
      for (int64_t i = 0; i < words; i += 8)
        for (int k = 0; k < 8; ++k) sums[k] += at[i + k];
      uint64_t total = 0;
      for (uint64_t sum : sums) total += sum;
      asm volatile("" ::"r"(total));
    });
    const double rate = bytes / (now() - start) / 1e9;
    best = rate > best ? rate : best;
  }
  freePages(memory, bytes);
  return best;
}

}  // namespace

double measure(const std::string& what, int threads, const std::string& isa) {
  if (what == "read") return readRate(threads);
#if defined(__x86_64__)
  if (what == "fma" && isa == "avx512") return rateOf(loop512, 10 * 32, threads);
  if (what == "fma" && isa == "avx2") return rateOf(loop256, 10 * 16, threads);
  if (what == "dot" && cpuHasDot()) return rateOf(loopDot, 10 * 64, threads);
  if (what == "half" && cpuHasHalf()) return rateOf(loopHalf, 10 * 64, threads);
#endif
  return 0;
}

}  // namespace octavo
