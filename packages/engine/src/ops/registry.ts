import { OctavoError } from '../error.js';
import { adafactorOp } from './adafactor.js';
import { adamwOp } from './adamw.js';
import { addOp } from './add.js';
import { alibiOp } from './alibi.js';
import { attentionOp } from './attention.js';
import { attentionGradientOp } from './attention-gradient.js';
import { batchNormOp } from './batch-norm.js';
import { batchNormGradientOp } from './batch-norm-gradient.js';
import { cachedAttentionOp } from './cached-attention.js';
import { castOp } from './cast.js';
import { concatenateOp } from './concatenate.js';
import { constantOp } from './constant.js';
import { convolutionOp } from './convolution.js';
import { convolutionInputGradientOp, convolutionWeightGradientOp } from './convolution-gradients.js';
import { convolutionInputGradientAtOp, convolutionWeightGradientAtOp } from './convolution-peaks.js';
import { crfGradientOp, crfOp } from './crf.js';
import { crfDecodeOp } from './crf-decode.js';
import { crossEntropyGradientOp, crossEntropyOp, crossEntropyTrainingOp } from './cross-entropy.js';
import { ctcGradientOp, ctcOp } from './ctc.js';
import { cumulativeSumOp } from './cumulative-sum.js';
import type { AnyOp } from './define.js';
import { divideOp } from './divide.js';
import { dropoutOp } from './dropout.js';
import { embeddingOp } from './embedding.js';
import { embeddingBagGradientOp, embeddingBagOp } from './embedding-bag.js';
import { embeddingGradientOp } from './embedding-gradient.js';
import { erfOp } from './erf.js';
import { expOp } from './exp.js';
import { combineOp, combineWeightsGradientOp, dispatchOp } from './expert-rows.js';
import { extremeOp } from './extreme.js';
import { forwards, fusedOp } from './fused.js';
import { gatherOp, scatterAddOp } from './gather.js';
import { geluDerivativeOp, geluOp } from './gelu.js';
import { geluTanhDerivativeOp, geluTanhOp } from './gelu-tanh.js';
import { gradientScaleOp } from './gradient-scale.js';
import { groupedMatmulOp, groupedWeightGradientOp } from './grouped-matmul.js';
import { gruGradientOp, gruOp } from './gru.js';
import { headNormGradientOp, headNormOp } from './head-norm.js';
import { iotaOp } from './iota.js';
import { layerNormOp } from './layer-norm.js';
import { layerNormGradientOp } from './layer-norm-gradient.js';
import { linearOp } from './linear.js';
import { linearScanGradientOp, linearScanOp } from './linear-scan.js';
import { lionOp } from './lion.js';
import { logOp } from './log.js';
import { lstmGradientOp, lstmOp } from './lstm.js';
import { lengthMaskOp } from './mask.js';
import { matmulOp } from './matmul.js';
import { maximumOp } from './maximum.js';
import { minimumOp } from './minimum.js';
import { multiplyOp } from './multiply.js';
import { permuteOp } from './permute.js';
import { maxPoolOp } from './pool.js';
import { dequantiseOp, quantiseOp } from './quantise.js';
import { quantisedLinearOp } from './quantised-linear.js';
import { relativeBucketsOp } from './relative-bias.js';
import { reluOp } from './relu.js';
import { reluSquaredOp } from './relu-squared.js';
import { reshapeOp } from './reshape.js';
import { rmsNormOp } from './rms-norm.js';
import { rmsNormGradientOp } from './rms-norm-gradient.js';
import { rotaryOp } from './rotary.js';
import { rotaryAnglesOp } from './rotary-angles.js';
import { routeGradientOp, routeOp } from './route.js';
import { selectOp } from './select.js';
import { sgdOp } from './sgd.js';
import { sigmoidOp } from './sigmoid.js';
import { siluDerivativeOp, siluOp } from './silu.js';
import { padOp, sliceOp } from './slice.js';
import { softmaxOp } from './softmax.js';
import { sortOp } from './sort.js';
import { sqrtOp } from './sqrt.js';
import { squaredSumOp } from './squared-sum.js';
import { stepOp } from './step.js';
import { subtractOp } from './subtract.js';
import { sumOp } from './sum.js';
import { tanhOp } from './tanh.js';

/** Ops that look at one element of each operand at a time, with their meaning on numbers. */
const elementwise = [
  addOp,
  subtractOp,
  multiplyOp,
  divideOp,
  maximumOp,
  minimumOp,
  selectOp,
  expOp,
  logOp,
  sqrtOp,
  tanhOp,
  erfOp,
  sigmoidOp,
  stepOp,
  reluOp,
  reluSquaredOp,
  siluOp,
  geluOp,
  geluTanhOp,
  siluDerivativeOp,
  geluDerivativeOp,
  geluTanhDerivativeOp,
];
for (const op of elementwise) forwards.set(op.name, op.forward);

const others: readonly AnyOp[] = [
  fusedOp,
  constantOp,
  castOp,
  reshapeOp,
  sumOp,
  matmulOp,
  linearOp,
  linearScanOp,
  linearScanGradientOp,
  lstmOp,
  lstmGradientOp,
  gruOp,
  gruGradientOp,
  embeddingOp,
  embeddingGradientOp,
  rmsNormOp,
  rmsNormGradientOp,
  layerNormOp,
  layerNormGradientOp,
  rotaryAnglesOp,
  rotaryOp,
  headNormOp,
  headNormGradientOp,
  alibiOp,
  relativeBucketsOp,
  attentionOp,
  attentionGradientOp,
  cachedAttentionOp,
  crossEntropyOp,
  crossEntropyGradientOp,
  crossEntropyTrainingOp,
  dropoutOp,
  squaredSumOp,
  gradientScaleOp,
  iotaOp,
  ctcOp,
  ctcGradientOp,
  crfOp,
  crfGradientOp,
  crfDecodeOp,
  routeOp,
  routeGradientOp,
  dispatchOp,
  combineOp,
  combineWeightsGradientOp,
  groupedMatmulOp,
  groupedWeightGradientOp,
  adamwOp,
  permuteOp,
  sliceOp,
  padOp,
  concatenateOp,
  gatherOp,
  scatterAddOp,
  extremeOp,
  softmaxOp,
  batchNormOp,
  batchNormGradientOp,
  sortOp,
  quantiseOp,
  dequantiseOp,
  quantisedLinearOp,
  embeddingBagOp,
  embeddingBagGradientOp,
  lengthMaskOp,
  cumulativeSumOp,
  convolutionOp,
  convolutionInputGradientOp,
  convolutionWeightGradientOp,
  convolutionWeightGradientAtOp,
  convolutionInputGradientAtOp,
  maxPoolOp,
  sgdOp,
  lionOp,
  adafactorOp,
];

/** Every op by name. */
export const ops: ReadonlyMap<string, AnyOp> = new Map(
  [...elementwise, ...others].map((op): readonly [string, AnyOp] => [op.name, op]),
);
export const isElementwise = (kind: string): boolean => forwards.has(kind);

export function opOf(kind: string): AnyOp {
  const op = ops.get(kind);
  if (op === undefined) throw new OctavoError('GRAPH_INVALID', { what: `there is no op called ${kind}` });
  return op;
}
