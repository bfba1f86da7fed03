import { fail } from '../core/index.js';
import { activeParametersOf, type ModelShape } from '../hardware/index.js';
import { type ModelChoices, type Reason, setByYou } from './plan.js';

/** The run that sizes are taken from: 2.27 million parameters for 6e13 operations. */
const reference = { flops: 6e13, parameters: 2_266_816 } as const;
const deepest = 48;

const refuse = (what: string, field: string, remedy: string) =>
  fail('PLAN_IMPOSSIBLE', { what, where: `octavo.yaml: model.${field}`, remedy });

const divisors = (n: number): readonly number[] =>
  Array.from({ length: n }, (_, i) => i + 1).filter((candidate) => n % candidate === 0);

/** More text feeds more entries; each must be seen often enough to be learned. */
export const vocabularyFor = (dataBytes: number): number =>
  dataBytes < 2e6 ? 2048 : dataBytes <= 2e7 ? 4096 : dataBytes <= 1e8 ? 8192 : dataBytes <= 1e9 ? 16_384 : 32_768;

const contextFor = (depth: number): number => (depth < 8 ? 256 : depth < 16 ? 512 : 1024);
const widthFor = (depth: number): number => 64 * Math.max(1, Math.round(0.75 * depth));

/** Every field of a model from its depth and vocabulary; the user's choices win. Errors: PLAN_IMPOSSIBLE. */
export function modelOfDepth(depth: number, vocabularySize: number, choices: ModelChoices): ModelShape {
  const width =
    choices.width ??
    (choices.headWidth !== undefined && choices.heads !== undefined
      ? choices.headWidth * choices.heads
      : widthFor(depth));
  const usual = choices.headWidth ?? [64, 48, 32].find((each) => width % each === 0) ?? width;
  const heads = choices.heads ?? Math.max(1, Math.floor(width / usual));
  if (choices.headWidth === undefined && width % heads !== 0)
    throw refuse(
      `width ${width} does not split into ${heads} heads: ${width % heads} channels are left over`,
      'heads',
      `use ${divisors(width)
        .filter((each) => each <= 64)
        .join(', ')}, or leave heads out and let depth decide`,
    );
  const headWidth = choices.headWidth ?? width / heads;
  const keyValueHeads = choices.keyValueHeads ?? heads;
  if (heads % keyValueHeads !== 0)
    throw refuse(
      `${heads} heads cannot share ${keyValueHeads} heads of keys and values evenly`,
      'keyValueHeads',
      `use ${divisors(heads).join(', ')}`,
    );
  const positions = choices.positions ?? 'rotary';
  if (positions === 'rotary' && headWidth % 2 !== 0)
    throw refuse(
      `rotary positions turn channels in pairs, and a head has ${headWidth}`,
      'headWidth',
      'make it even, or set positions to learned',
    );
  const activation = choices.activation ?? 'relu-squared';
  const feedForward =
    activation === 'swiglu'
      ? Math.ceil((8 * width) / 3 / 64) * 64
      : activation === 'relu-squared'
        ? 3 * width
        : 4 * width;
  // The experts of a token are together as wide as the one part that they replace.
  const { experts } = choices;
  const ownWidth = experts === undefined ? feedForward : Math.ceil(feedForward / experts.active / 16) * 16;
  return {
    vocabularySize,
    contextLength: choices.contextLength ?? contextFor(depth),
    depth,
    width,
    heads,
    keyValueHeads,
    headWidth,
    feedForwardWidth: choices.feedForwardWidth ?? ownWidth,
    ...(experts === undefined ? {} : { experts }),
    positions,
    rotaryBase: choices.rotaryBase ?? 10_000,
    norm: choices.norm ?? 'rms',
    normEpsilon: choices.normEpsilon ?? 1e-5,
    activation,
    biases: choices.biases ?? false,
    tiedEmbeddings: choices.tiedEmbeddings ?? true,
    queryKeyNorm: choices.queryKeyNorm ?? true,
    outputBias: choices.outputBias ?? false,
    dropout: choices.dropout ?? 0,
  };
}

/** Parameters for so many operations: both grow such that tokens and parameters grow alike (Chinchilla's exponent ½). */
export const parametersFor = (flops: number): number => reference.parameters * Math.sqrt(flops / reference.flops);

/** The depth whose model comes closest to the parameters that the operations feed. */
export function depthFor(flops: number, vocabularySize: number, choices: ModelChoices): number {
  const target = parametersFor(flops);
  const off = (depth: number) =>
    Math.abs(Math.log(activeParametersOf(modelOfDepth(depth, vocabularySize, choices)) / target));
  return Array.from({ length: deepest }, (_, i) => i + 1).reduce((best, depth) =>
    off(depth) < off(best) ? depth : best,
  );
}

type PlannedField = Exclude<keyof ModelShape, 'experts'>;

const whys: { readonly [Field in PlannedField]: string } = {
  vocabularySize: 'by the bytes of text: larger needs more text to learn each entry',
  contextLength: 'by depth: longer pays once the model is large enough to use it',
  depth: 'parameters grow with the square root of the operations, from 2.27 million at 6e13',
  width: '48 channels a layer, rounded to heads of 64',
  heads: 'width / 64',
  keyValueHeads: 'as many as heads: sharing saves memory only in long contexts',
  headWidth: '64 fills the vector units',
  feedForwardWidth:
    '3 × width under ReLU², 4 × under GELU, 8/3 × under SwiGLU, shared out among the experts of a token',
  positions: 'rotary needs no parameters and carries over to longer texts',
  rotaryBase: 'the usual one for short contexts',
  norm: 'as good as LayerNorm and cheaper',
  normEpsilon: 'the usual one',
  activation: 'ReLU²: best for its cost in the trial',
  biases: 'nothing is lost without',
  tiedEmbeddings: 'a small model is mostly embeddings: use them twice',
  queryKeyNorm: 'allows high learning rates',
  outputBias: 'off: the architectures that others run have none',
  dropout: 'few passes over the text: nothing to guard against',
};

const modelFields: readonly PlannedField[] = [
  'vocabularySize',
  'contextLength',
  'depth',
  'width',
  'heads',
  'keyValueHeads',
  'headWidth',
  'feedForwardWidth',
  'positions',
  'rotaryBase',
  'norm',
  'normEpsilon',
  'activation',
  'biases',
  'tiedEmbeddings',
  'queryKeyNorm',
  'outputBias',
  'dropout',
];

export const modelReasons = (model: ModelShape, choices: ModelChoices): readonly Reason[] => [
  ...modelFields.map((field) => ({
    field: `model.${field}`,
    value: model[field],
    why: choices[field] === undefined ? whys[field] : setByYou,
  })),
  ...Object.entries(model.experts ?? {}).map(([field, value]) => ({
    field: `model.experts.${field}`,
    value,
    why: setByYou,
  })),
];
