// What a kernel is: a function that every member of a team calls with the same instruction.
// No allocation, locks or exceptions inside; memory beyond its operands comes from the worker.
#pragma once
#include "gemm.h"

namespace octavo {

// dtype: 0 float32, 1 bfloat16, 2 float16, 3 int32, 4 uint32, 5 int8. data is null where an optional operand is absent, or where
// nobody reads a result.
struct Operand { void* data; int32_t dtype; int64_t count; };

// Operands are the op's inputs, then its outputs, in the order its TypeScript file declares them.
struct Call { const Operand* operands; int operandCount; const double* p; int parameterCount; Form form; };

using Kernel = void (*)(const Call&, const Worker&);
using MemoryOf = GemmMemory (*)(const Call&, int members);  // null: needs none

struct KernelEntry { const char* name; Kernel run; MemoryOf memory; };

// One table an instruction set; all tables hold the same kernels in the same order.
struct KernelTable {
  const char* isa;
  const KernelEntry* entries;
  int count;
  const char* const* elementwise;
  int elementwiseCount;
};

}  // namespace octavo
