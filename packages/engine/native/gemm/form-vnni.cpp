// int8 products by vpdpbusd.
// Flags: -mavx512f -mavx512bw -mavx512vl -mavx512dq -mavx512vnni -mfma -mf16c
#define OCTAVO_ISA avx512vnni
#include "../simd/vector.h"
#include "forms.h"
#include "int8-dots.h"

namespace octavo::avx512vnni {

void quantisedLinear(const Call& call, const Worker& worker) { quantisedLinearOf(call, worker); }

}  // namespace octavo::avx512vnni
