#include "gemm.inc.h"
#include "test-level.h"

#define OCTAVO_TEXT_(x) #x
#define OCTAVO_TEXT(x) OCTAVO_TEXT_(x)

namespace octavo {
const Level OCTAVO_LEVEL = {OCTAVO_TEXT(OCTAVO_ISA), OCTAVO_ISA::gemm, OCTAVO_ISA::gemmMemory};
}  // namespace octavo
