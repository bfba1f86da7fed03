// gemm() of each instruction set as a value, for the test and the benchmark. test-level.cpp is compiled once for each.
#pragma once
#include "../gemm.h"

namespace octavo {
struct Level {
  const char* name;
  void (*gemm)(const Worker&, const Gemm&, Form);
  GemmMemory (*memory)(const Gemm&, int count, Form);
};
extern const Level kBaselineLevel;
#if defined(__x86_64__)
extern const Level kAvx2Level, kAvx512Level;
#endif
}  // namespace octavo
