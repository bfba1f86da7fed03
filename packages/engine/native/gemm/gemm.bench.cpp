// GFLOP/s of gemm() beside the multiply-add peak of this machine, and GB/s of the skinny products.
// Usage: gemm-bench [level] [filter] [threads]: level defaults to the best. Each figure is the best of samples taken for 0.3 s; one
// thread is timed by its own processor time, so that other work on the machine disturbs it little, two by the clock.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include "../types.h"
#include "test-team.h"
#if defined(__x86_64__)
#include <immintrin.h>
#endif

using namespace octavo;

static double now() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

static double processorTime() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

#if defined(__x86_64__)
// Twelve independent chains, operands in registers.
#define CHAIN(MUL, R, i) MUL " %%" R "mm14, %%" R "mm15, %%" R "mm" #i "\n\t"
#define CHAINS(MUL, R) \
  CHAIN(MUL, R, 0) CHAIN(MUL, R, 1) CHAIN(MUL, R, 2) CHAIN(MUL, R, 3) CHAIN(MUL, R, 4) CHAIN(MUL, R, 5) \
  CHAIN(MUL, R, 6) CHAIN(MUL, R, 7) CHAIN(MUL, R, 8) CHAIN(MUL, R, 9) CHAIN(MUL, R, 10) CHAIN(MUL, R, 11)
#define PEAK(NAME, MUL, R) \
  static void NAME(long loops) { \
    asm volatile("1:\n\t" CHAINS(MUL, R) "dec %0\n\tjnz 1b\n\t" : "+r"(loops)::"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", \
                 "xmm8", "xmm9", "xmm10", "xmm11"); \
  }
PEAK(peakAvx2, "vfmadd231ps", "y")
PEAK(peakAvx512, "vfmadd231ps", "z")
PEAK(peakDot, "vdpbf16ps", "z")

static double peak(void (*chains)(long), int threads, double flopsPerInstruction) {
  double best = 0;
  for (int round = 0; round < 5; round++) {
    const long loops = 3000000;
    std::vector<std::thread> team;
    const double start = threads == 1 ? processorTime() : now();
    for (int i = 1; i < threads; i++) team.emplace_back(chains, loops);
    chains(loops);
    for (std::thread& t : team) t.join();
    best = std::max(best, threads * loops * 12 * flopsPerInstruction / ((threads == 1 ? processorTime() : now()) - start) / 1e9);
  }
  return best;
}
#endif

struct Shape { const char* use; int64_t m, n, k; bool ta, tb; };
struct Types { const char* name; Type in, out; Form form; };

// Best and median seconds of one product.
static double measure(const Level& level, const Shape& s, const Types& types, int threads, Activation activation, double* median) {
  const auto bytes = [](int64_t count, Type type) { return static_cast<size_t>(count) * bytesOf(type); };
  Memory a(bytes(s.m * s.k, types.in)), b(bytes(s.n * s.k, types.in)), c(bytes(s.m * s.n, types.out)), pre(bytes(s.m * s.n, types.out));
  for (const auto& [memory, count] : {std::pair<Memory*, int64_t>{&a, s.m * s.k}, {&b, s.n * s.k}})
    for (int64_t i = 0; i < count; i++) {
      const float value = static_cast<float>((i * 7919) % 1000) * 0.002f - 1.0f;
      if (types.in == Type::f32) static_cast<float*>(memory->data())[i] = value;
      else if (types.in == Type::bf16) static_cast<bf16*>(memory->data())[i] = toBf16(value);
      else static_cast<f16*>(memory->data())[i] = toF16(value);
    }
  Gemm g{};
  g.m = s.m, g.n = s.n, g.k = s.k, g.alpha = 1;
  g.a = a.data(), g.aType = types.in, g.aTransposed = s.ta, g.lda = s.ta ? s.m : s.k;
  g.b = b.data(), g.bType = types.in, g.bTransposed = s.tb, g.ldb = s.tb ? s.k : s.n;
  g.c = c.data(), g.cType = types.out, g.ldc = s.n;
  g.activation = activation;
  if (activation != Activation::none) g.preActivation = pre.data();
  std::vector<double> samples;
  bool intact;
  std::atomic<bool> stop{false};
  onTeam(threads, level.memory(g, threads, types.form), &intact, [&](const Worker& worker) {
    const double begin = now();
    level.gemm(worker, g, types.form);
    while (!stop) {
      worker.barrier();
      const double start = threads == 1 ? processorTime() : now();
      for (int i = 0; i < (s.m * s.n * s.k < 20000000 ? 100 : 1); i++) level.gemm(worker, g, types.form);
      if (worker.index == 0) {
        samples.push_back(((threads == 1 ? processorTime() : now()) - start) / (s.m * s.n * s.k < 20000000 ? 100 : 1));
        if (now() - begin > 0.3 && samples.size() >= 3) stop = true;
      }
      worker.barrier();
    }
  });
  std::sort(samples.begin(), samples.end());
  *median = samples[samples.size() / 2];
  return samples[0];
}

int main(int argc, char** argv) {
  const Level* level = levels().back();
  for (const Level* l : levels())
    if (argc > 1 && !strcmp(l->name, argv[1])) level = l;
  const char* filter = argc > 2 ? argv[2] : "";
  double peaks[3][2] = {{0, 0}, {0, 0}, {0, 0}};  // f32, dot
#if defined(__x86_64__)
  for (int t = 0; t < 2; t++) {
    const bool wide = level == &kAvx512Level;
    if (level != &kBaselineLevel) peaks[0][t] = peak(wide ? peakAvx512 : peakAvx2, t + 1, wide ? 32 : 16);
    if (runs(*level, Form::dot)) peaks[1][t] = peak(peakDot, t + 1, 64);
  }
#endif
  printf("%s: peak f32 %.0f / %.0f, dot %.0f / %.0f GFLOP/s on 1 / 2 threads\n", level->name, peaks[0][0], peaks[0][1], peaks[1][0], peaks[1][1]);
  const Types all[] = {{"f32", Type::f32, Type::f32, Form::widened}, {"bf16", Type::bf16, Type::bf16, Form::dot}, {"wide", Type::bf16, Type::bf16, Form::widened}};
  const Shape shapes[] = {
      {"square NT", 2048, 2048, 2048, false, true}, {"square NN", 2048, 2048, 2048, false, false}, {"square TN", 2048, 2048, 2048, true, false},
      {"qkv NT", 16384, 1152, 384, false, true}, {"up NT", 16384, 1536, 384, false, true}, {"up NT gelu", 16384, 1536, 384, false, true},
      {"down NT", 16384, 384, 1536, false, true}, {"proj NT", 16384, 384, 384, false, true},
      {"dx NN", 16384, 384, 1536, false, false}, {"dx NN", 16384, 1536, 384, false, false},
      {"dw TN", 1536, 384, 16384, true, false}, {"dw TN", 384, 384, 16384, true, false},
      {"small NT", 2048, 192, 192, false, true}, {"small NT", 2048, 576, 192, false, true}, {"small NN", 2048, 192, 576, false, false}, {"small TN", 576, 192, 2048, true, false},
      {"attention NT", 64, 256, 64, false, true}, {"attention NN", 64, 64, 256, false, false}, {"attention TN", 256, 64, 64, true, false},
      {"decode NT", 1, 32000, 768, false, true}, {"decode NT", 1, 768, 768, false, true}, {"decode NT", 4, 32000, 768, false, true}, {"decode NT", 16, 32000, 768, false, true},
      {"decode NT", 16, 3072, 768, false, true}, {"decode NN", 1, 768, 3072, false, false}};
  for (const Shape& s : shapes)
    for (const Types& the : all) {
      if (the.form == Form::dot && !runs(*level, Form::dot)) continue;
      char name[64];
      snprintf(name, sizeof name, "%s %s", s.use, the.name);
      if (!strstr(name, filter)) continue;
      Types types = the;
      if (s.ta) types.out = Type::f32;  // gradients of weights are summed in float32
      printf("%-18s %5ld %5ld %5ld", name, (long)s.m, (long)s.n, (long)s.k);
      for (int threads = 1; threads <= (argc > 3 ? atoi(argv[3]) : 2); threads++) {
        if (!strncmp(s.use, "attention", 9) && threads == 2) continue;
        double median;
        const double best = measure(*level, s, types, threads, strstr(s.use, "gelu") ? Activation::gelu : Activation::none, &median);
        const double rate = 2e-9 * s.m * s.n * s.k / best, top = peaks[types.form == Form::dot][threads - 1];
        printf("  | %d: %7.1f GFLOP/s %3.0f %% (median %7.1f)", threads, rate, top > 0 ? 100 * rate / top : 0, 2e-9 * s.m * s.n * s.k / median);
        if (s.m <= 16) printf(" %5.1f GB/s", 1e-9 * s.n * s.k * bytesOf(types.in) / best);
      }
      printf("\n");
      fflush(stdout);
    }
  return 0;
}
