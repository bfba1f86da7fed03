// Which instruction sets this machine runs: CPUID says what the processor has, XGETBV what the operating system saves.
#include <cstring>
#include "program.h"
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace octavo {

extern const KernelTable kBaselineTable;
#if defined(__x86_64__)
extern const KernelTable kAvx2Table;
extern const KernelTable kAvx512Table;
#endif

namespace {
struct Features { bool avx2 = false, avx512 = false, dot = false, half = false, vnni = false; };

Features detect() {
  Features features;
#if defined(__x86_64__)
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & (1u << 27))) return features;
  const bool fma = c & (1u << 12), f16c = c & (1u << 29);
  unsigned low, high;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  const bool ymm = (low & 0x6) == 0x6, zmm = (low & 0xe6) == 0xe6;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return features;
  features.avx2 = ymm && fma && f16c && (b & (1u << 5));
  const bool f = b & (1u << 16), dq = b & (1u << 17), bw = b & (1u << 30), vl = b & (1u << 31);
  features.avx512 = features.avx2 && zmm && f && dq && bw && vl;
  features.half = features.avx512 && (d & (1u << 23));
  features.vnni = features.avx512 && (c & (1u << 11));
  if (__get_cpuid_count(7, 1, &a, &b, &c, &d)) features.dot = features.avx512 && (a & (1u << 5));
#endif
  return features;
}
const Features& features() {
  static const Features found = detect();
  return found;
}
}  // namespace

bool cpuHasDot() { return features().dot; }
bool cpuHasHalf() { return features().half; }
bool cpuHasVnni() { return features().vnni; }

std::vector<const KernelTable*> usableTables() {
  std::vector<const KernelTable*> tables{&kBaselineTable};
#if defined(__x86_64__)
  if (features().avx2) tables.push_back(&kAvx2Table);
  if (features().avx512) tables.push_back(&kAvx512Table);
#endif
  return tables;
}

std::string cpuName() {
#if defined(__x86_64__)
  unsigned words[12];
  for (unsigned i = 0; i < 3; ++i)
    if (!__get_cpuid(0x80000002 + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3])) return "x86-64";
  char text[49] = {};
  std::memcpy(text, words, 48);
  return text;
#else
  return "arm64";
#endif
}

}  // namespace octavo
