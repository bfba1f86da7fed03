// Holds the int8 product to plain integer arithmetic, exactly: sizes 0, 1, odd and larger, strides, teams of 1, 2 and 7.
#include "int8-vnni.h"
#include <random>
#include "test-team.h"

using namespace octavo;

int main() {
  if (!__builtin_cpu_supports("avx512vnni")) {
    printf("int8: skipped, this machine has no AVX-512 VNNI\n");
    return 0;
  }
  std::mt19937 random(1);
  const auto below = [&](int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); };
  int failures = 0;
  for (int round = 0; round < 400; round++) {
    const int64_t m = below(round % 5 == 0 ? 3 : 70), n = below(round % 7 == 0 ? 3 : 200), k = below(round % 3 == 0 ? 9 : 400);
    const int64_t lda = k + below(5), ldb = k + below(5), ldc = n + below(5);
    std::vector<uint8_t> a(static_cast<size_t>(m * lda + 1));
    std::vector<int8_t> b(static_cast<size_t>(n * ldb + 1));
    for (uint8_t& x : a) x = static_cast<uint8_t>(below(4) ? below(256) : 255);
    for (int8_t& x : b) x = static_cast<int8_t>(below(4) ? below(256) - 128 : -128);
    for (const int count : {1, 2, 7}) {
      std::vector<int32_t> c(static_cast<size_t>(m * ldc + 1), -7);
      const avx512vnni::Int8Product g{m, n, k, a.data(), lda, b.data(), ldb, c.data(), ldc};
      bool intact;
      onTeam(count, avx512vnni::memory(g), &intact, [&](const Worker& worker) { avx512vnni::multiply(worker, g); });
      bool right = intact;
      for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < ldc; j++) {
          int32_t expected = j < n ? 0 : -7;
          if (j < n)
            for (int64_t x = 0; x < k; x++) expected += a[i * lda + x] * b[j * ldb + x];
          right = right && c[i * ldc + j] == expected;
        }
      if (!right && ++failures < 10) printf("FAILED: m %ld n %ld k %ld, team of %d\n", (long)m, (long)n, (long)k, count);
    }
  }
  printf("int8, 400 cases: %s\n", failures ? "FAILED" : "ok");
  return failures != 0;
}
