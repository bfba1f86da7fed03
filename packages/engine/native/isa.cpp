// All kernels for one instruction set: compiled once for each, with OCTAVO_ISA as the namespace and the matching flags.
// Only this file's own code and inlined headers may be used here: a function shared with another level could be linked
// from the wrong one.
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <type_traits>
#include "kernel.h"
#include "types.h"
#include "simd/vector.h"
#include "simd/rows.h"
#include "simd/log-sum.h"
#include "gemm/gemm.inc.h"
#include "ops/fused.cpp"
#include "ops/sum.cpp"
#include "ops/squared-sum.cpp"
#include "ops/matmul.cpp"
#include "ops/linear.cpp"
#include "ops/linear-scan.cpp"
#include "ops/lstm.cpp"
#include "ops/gru.cpp"
#include "ops/embedding.cpp"
#include "ops/embedding-gradient.cpp"
#include "ops/rms-norm.cpp"
#include "ops/layer-norm.cpp"
#include "ops/norm-gradients.cpp"
#include "ops/rotary.cpp"
#include "ops/head-norm.cpp"
#include "ops/alibi.cpp"
#include "ops/relative-buckets.cpp"
#include "ops/attention.cpp"
#include "ops/cached-attention.cpp"
#include "ops/cross-entropy.cpp"
#include "ops/iota.cpp"
#include "ops/ctc.cpp"
#include "ops/crf.cpp"
#include "ops/route.cpp"
#include "ops/expert-rows.cpp"
#include "ops/grouped-matmul.cpp"
#include "ops/dropout.cpp"
#include "ops/gradient-scale.cpp"
#include "ops/adamw.cpp"
#include "ops/strided-copy.cpp"
#include "ops/depthwise.cpp"
#include "ops/convolution.cpp"
#include "ops/convolution-peaks.cpp"
#include "ops/gather.cpp"
#include "ops/extreme.cpp"
#include "ops/max-pool.cpp"
#include "ops/softmax.cpp"
#include "ops/batch-norm.cpp"
#include "ops/sort.cpp"
#include "ops/quantise.cpp"
#include "ops/quantised-linear.cpp"
#include "ops/embedding-bag.cpp"
#include "ops/cumulative-sum.cpp"
#include "ops/momentum.cpp"
#include "ops/adafactor.cpp"

#define OCTAVO_TEXT_(x) #x
#define OCTAVO_TEXT(x) OCTAVO_TEXT_(x)

namespace octavo {
namespace OCTAVO_ISA {
static constexpr KernelEntry kEntries[] = {
    kFused, kSum, kSquaredSum, kMatmul, kLinear, kLinearScan, kLinearScanGradient, kLstm, kLstmGradient, kGru, kGruGradient, kEmbedding, kEmbeddingGradient, kRmsNorm, kRmsNormGradient, kLayerNorm, kLayerNormGradient,
    kRotaryAngles, kRotary, kHeadNorm, kHeadNormGradient, kAlibi, kRelativeBuckets, kAttention, kAttentionGradient, kCachedAttention,
    kCrossEntropy, kCrossEntropyGradient, kCrossEntropyTraining, kIota, kCtc, kCtcGradient, kCrf, kCrfGradient, kCrfDecode, kRoute, kRouteGradient, kDispatch, kCombine, kCombineWeightsGradient, kGroupedMatmul, kGroupedWeightGradient, kDropout, kGradientScale, kAdamw, kSgd, kLion, kAdafactor,
    kPermute, kSlice, kPad, kConcatenate, kGather, kScatterAdd, kExtreme, kSoftmax, kCumulativeSum,
    kBatchNorm, kBatchNormGradient, kSort, kQuantise, kDequantise, kQuantisedLinear, kEmbeddingBag, kEmbeddingBagGradient, kLengthMask,
    kConvolution, kConvolutionInputGradient, kConvolutionWeightGradient, kConvolutionWeightGradientAt, kConvolutionInputGradientAt, kMaxPool};
}  // namespace OCTAVO_ISA

extern const KernelTable OCTAVO_TABLE;
const KernelTable OCTAVO_TABLE = {OCTAVO_TEXT(OCTAVO_ISA), OCTAVO_ISA::kEntries, sizeof(OCTAVO_ISA::kEntries) / sizeof(KernelEntry),
                                  OCTAVO_ISA::kElementwiseNames, sizeof(OCTAVO_ISA::kElementwiseNames) / sizeof(const char*)};

}  // namespace octavo
