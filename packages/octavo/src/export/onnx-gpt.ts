import { type OnnxInitializer, type OnnxNode, type OnnxTensor, type OnnxValue, onnxModel } from '../formats/index.js';
import { transposed, type Weights } from './weights.js';

const floats = (values: readonly number[], shape: readonly number[] = []): OnnxTensor => ({
  dtype: 'float32',
  shape,
  data: new Uint8Array(Float32Array.from(values).buffer),
});
const longs = (values: readonly number[]): OnnxTensor => ({
  dtype: 'int64',
  shape: [values.length],
  data: new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer),
});

/** Collects nodes and constants; every value gets a name of its own. */
function createBuilder() {
  const nodes: OnnxNode[] = [];
  const initializers: OnnxInitializer[] = [];
  let count = 0;
  const constant = (value: OnnxTensor, name = `c${initializers.length}`): string => {
    initializers.push({ name, ...value });
    return name;
  };
  const op = (
    operator: string,
    inputs: readonly string[],
    attributes: OnnxNode['attributes'] = {},
    output = `v${count++}`,
  ): string => {
    nodes.push({ operator, inputs, outputs: [output], attributes });
    return output;
  };
  return {
    nodes,
    initializers,
    constant,
    op,
    scalar: (value: number) => constant(floats([value])),
    shape: (values: readonly number[]) => constant(longs(values)),
  };
}

type Builder = ReturnType<typeof createBuilder>;

/** x · Wᵀ + b with the weight stored as [in, out]. */
function linear({ op, constant }: Builder, weights: Weights, path: string, x: string, output?: string): string {
  const { shape, data } = transposed(weights.get(`${path}.weight`));
  const product = op(
    'MatMul',
    [x, constant({ dtype: 'float32', shape, data: new Uint8Array(data.buffer) }, `${path}.weight`)],
    {},
    weights.has(`${path}.bias`) ? undefined : output,
  );
  return weights.has(`${path}.bias`)
    ? op('Add', [product, parameter({ constant }, weights, `${path}.bias`)], {}, output)
    : product;
}

const parameter = ({ constant }: Pick<Builder, 'constant'>, weights: Weights, path: string): string => {
  const { shape, data } = weights.get(path);
  return constant({ dtype: 'float32', shape, data: new Uint8Array(data.slice().buffer) }, path);
};

/** x / √(mean x² + ε) over the last axis. */
function rms({ op, scalar }: Builder, x: string, epsilon: number): string {
  const mean = op('ReduceMean', [op('Mul', [x, x])], { axes: { ints: [-1] }, keepdims: { int: 1 } });
  return op('Div', [x, op('Sqrt', [op('Add', [mean, scalar(epsilon)])])]);
}

function normalise(builder: Builder, weights: Weights, path: string, x: string): string {
  const { op } = builder;
  const { norm, normEpsilon } = weights.config;
  const gain = parameter(builder, weights, `${path}.gain`);
  if (norm === 'rms') return op('Mul', [rms(builder, x, normEpsilon), gain]);
  const bias = weights.has(`${path}.bias`) ? [parameter(builder, weights, `${path}.bias`)] : [];
  return op('LayerNormalization', [x, gain, ...bias], { axis: { int: -1 }, epsilon: { float: normEpsilon } });
}

function feedForward(builder: Builder, weights: Weights, path: string, x: string): string {
  const { op, scalar } = builder;
  const up = linear(builder, weights, `${path}.up`, x);
  const activated = (): string => {
    switch (weights.config.activation) {
      case 'relu-squared': {
        const positive = op('Relu', [up]);
        return op('Mul', [positive, positive]);
      }
      case 'swiglu': {
        const gate = linear(builder, weights, `${path}.gate`, x);
        return op('Mul', [op('Mul', [gate, op('Sigmoid', [gate])]), up]);
      }
      case 'gelu':
        return op('Mul', [
          op('Mul', [up, scalar(0.5)]),
          op('Add', [op('Erf', [op('Mul', [up, scalar(Math.SQRT1_2)])]), scalar(1)]),
        ]);
      case 'gelu-tanh': {
        const cubic = op('Mul', [op('Mul', [op('Mul', [up, up]), up]), scalar(0.044715)]);
        const inner = op('Tanh', [op('Mul', [op('Add', [up, cubic]), scalar(Math.sqrt(2 / Math.PI))])]);
        return op('Mul', [op('Mul', [up, scalar(0.5)]), op('Add', [inner, scalar(1)])]);
      }
    }
  };
  return linear(builder, weights, `${path}.down`, activated());
}

// B batch, T new tokens, P tokens in the cache, H heads, G key-value heads, W head width
/**
 * A GPT as an ONNX model with a key-value cache, in float32.
 *   input_ids: int64 [B, T], position_ids: int64 [B, T], past_key_values.i.key / .value: [B, G, P, W]
 *   → logits: [B, T, V], present.i.key / .value: [B, G, P + T, W]. P may be 0.
 */
export function onnxGpt(weights: Weights): Uint8Array {
  const { config } = weights;
  const { heads, keyValueHeads, headWidth, width } = config;
  const builder = createBuilder();
  const { op, constant, scalar, shape } = builder;
  const slice = (x: string, from: number, to: number): string =>
    op('Slice', [x, shape([from]), shape([to]), shape([-1])]);
  const split = (x: string, count: number): string =>
    op('Transpose', [op('Reshape', [x, shape([0, 0, count, headWidth])])], { perm: { ints: [0, 2, 1, 3] } });

  let x = op('Gather', [parameter(builder, weights, 'embedding.token'), 'input_ids']);
  if (config.positions === 'learned')
    x = op('Add', [x, op('Gather', [parameter(builder, weights, 'embedding.position'), 'position_ids'])]);
  const half = headWidth / 2;
  let cosine = '';
  let sine = '';
  if (config.positions === 'rotary') {
    const frequencies = constant(
      floats(
        Array.from({ length: half }, (_, i) => config.rotaryBase ** ((-2 * i) / headWidth)),
        [1, 1, 1, half],
      ),
    );
    const positions = op('Unsqueeze', [op('Cast', ['position_ids'], { to: { int: 1 } }), shape([1, 3])]);
    const angles = op('Mul', [positions, frequencies]);
    cosine = op('Cos', [angles]);
    sine = op('Sin', [angles]);
  }
  const turn = (y: string): string => {
    if (config.positions !== 'rotary') return y;
    const a = slice(y, 0, half);
    const b = slice(y, half, headWidth);
    return op(
      'Concat',
      [
        op('Sub', [op('Mul', [a, cosine]), op('Mul', [b, sine])]),
        op('Add', [op('Mul', [b, cosine]), op('Mul', [a, sine])]),
      ],
      { axis: { int: -1 } },
    );
  };
  // A query at index t of this call sees the keys 0 … P + t.
  const size = (y: string, axis: number): string =>
    op('Gather', [op('Shape', [y]), constant({ ...longs([axis]), shape: [] })]);
  const past = size('past_key_values.0.key', 2);
  const time = size('input_ids', 1);
  const zero = constant({ ...longs([0]), shape: [] });
  const one = constant({ ...longs([1]), shape: [] });
  const all = op('Add', [past, time]);
  const keyIndex = op('Unsqueeze', [op('Range', [zero, all, one]), shape([0])]);
  const queryIndex = op('Unsqueeze', [op('Range', [past, all, one]), shape([1])]);
  const hidden = op('Greater', [keyIndex, queryIndex]);

  const inputs: OnnxValue[] = [
    { name: 'input_ids', dtype: 'int64', shape: ['batch', 'time'] },
    { name: 'position_ids', dtype: 'int64', shape: ['batch', 'time'] },
  ];
  const outputs: OnnxValue[] = [{ name: 'logits', dtype: 'float32', shape: ['batch', 'time', config.vocabularySize] }];
  for (let i = 0; i < config.depth; i++) {
    const path = `blocks.${i}`;
    const packed = linear(
      builder,
      weights,
      `${path}.attention.qkv`,
      normalise(builder, weights, `${path}.attention.norm`, x),
    );
    const queries = heads * headWidth;
    const stored = keyValueHeads * headWidth;
    const normed = (y: string): string => (config.queryKeyNorm ? rms(builder, y, config.normEpsilon) : y);
    const query = turn(normed(split(slice(packed, 0, queries), heads)));
    const newKey = turn(normed(split(slice(packed, queries, queries + stored), keyValueHeads)));
    const newValue = split(slice(packed, queries + stored, queries + 2 * stored), keyValueHeads);
    const key = op('Concat', [`past_key_values.${i}.key`, newKey], { axis: { int: 2 } }, `present.${i}.key`);
    const value = op('Concat', [`past_key_values.${i}.value`, newValue], { axis: { int: 2 } }, `present.${i}.value`);
    const group = heads / keyValueHeads;
    // [B, G, 1, P + T, W] repeated to [B, G, H/G, P + T, W], then [B, H, P + T, W]
    const spread = (y: string): string =>
      group === 1
        ? y
        : op('Reshape', [
            op(
              'Concat',
              Array.from({ length: group }, () => op('Unsqueeze', [y, shape([2])])),
              { axis: { int: 2 } },
            ),
            op('Concat', [shape([0]), shape([heads]), op('Unsqueeze', [all, shape([0])]), shape([headWidth])], {
              axis: { int: 0 },
            }),
          ]);
    const scores = op('Mul', [
      op('MatMul', [query, op('Transpose', [spread(key)], { perm: { ints: [0, 1, 3, 2] } })]),
      scalar(1 / Math.sqrt(headWidth)),
    ]);
    const weightsOf = op('Softmax', [op('Where', [hidden, scalar(-3e38), scores])], { axis: { int: -1 } });
    const mixed = op('Reshape', [
      op('Transpose', [op('MatMul', [weightsOf, spread(value)])], { perm: { ints: [0, 2, 1, 3] } }),
      shape([0, 0, queries]),
    ]);
    x = op('Add', [x, linear(builder, weights, `${path}.attention.output`, mixed)]);
    x = op('Add', [
      x,
      feedForward(builder, weights, `${path}.feedForward`, normalise(builder, weights, `${path}.feedForward.norm`, x)),
    ]);
    for (const part of ['key', 'value']) {
      inputs.push({
        name: `past_key_values.${i}.${part}`,
        dtype: 'float32',
        shape: ['batch', keyValueHeads, 'past', headWidth],
      });
      outputs.push({
        name: `present.${i}.${part}`,
        dtype: 'float32',
        shape: ['batch', keyValueHeads, 'total', headWidth],
      });
    }
  }
  x = normalise(builder, weights, 'norm', x);
  const head = config.tiedEmbeddings
    ? op('Transpose', ['embedding.token'], { perm: { ints: [1, 0] } })
    : op('Transpose', [parameter(builder, weights, 'head.weight')], { perm: { ints: [1, 0] } });
  if (config.outputBias) op('Add', [op('MatMul', [x, head]), parameter(builder, weights, 'head.bias')], {}, 'logits');
  else op('MatMul', [x, head], {}, 'logits');
  return onnxModel({
    nodes: builder.nodes,
    inputs,
    outputs,
    initializers: builder.initializers,
    opset: 17,
    name: `gpt-${config.depth}x${width}`,
  });
}
