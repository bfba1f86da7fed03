// Rates of the machine: what a loop of nothing but the instruction in question reaches.
#pragma once
#include <string>

namespace octavo {

// Billions of operations a second for 'fma' (float32), 'dot' (bf16 pairs) and 'half' (fp16), billions of bytes for 'read';
// 0 where the machine or the instruction set has no such instruction.
double measure(const std::string& what, int threads, const std::string& isa);

}  // namespace octavo
