import { InferenceSession, Tensor } from 'onnxruntime-web';
import { describe, expect, it } from 'vitest';
import { type OnnxModel, onnxModel } from './onnx.js';

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
const integers = (...values: number[]) => new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
const weights = [1, -2, 0.5, 3, 0, 1];

/** ids → embedding → + bias → transpose → softmax: integers, floats, attributes of each kind, a symbolic size. */
const model: OnnxModel = {
  nodes: [
    { operator: 'Gather', inputs: ['table', 'ids'], outputs: ['rows'], attributes: { axis: { int: 0 } } },
    {
      operator: 'Constant',
      inputs: [],
      outputs: ['one'],
      attributes: { value: { tensor: { dtype: 'float32', shape: [], data: floats(1) } } },
    },
    { operator: 'Add', inputs: ['rows', 'one'], outputs: ['sums'], name: 'add' },
    { operator: 'LeakyRelu', inputs: ['sums'], outputs: ['leaky'], attributes: { alpha: { float: 0.25 } } },
    { operator: 'Transpose', inputs: ['leaky'], outputs: ['turned'], attributes: { perm: { ints: [1, 0] } } },
    { operator: 'Reshape', inputs: ['turned', 'shape'], outputs: ['flat'] },
    { operator: 'Softmax', inputs: ['flat'], outputs: ['probabilities'], attributes: { axis: { int: -1 } } },
  ],
  inputs: [{ name: 'ids', dtype: 'int64', shape: ['time'] }],
  outputs: [
    { name: 'turned', dtype: 'float32', shape: [2, 'time'] },
    { name: 'probabilities', dtype: 'float32', shape: ['all'] },
  ],
  initializers: [
    { name: 'table', dtype: 'float32', shape: [3, 2], data: floats(...weights) },
    { name: 'shape', dtype: 'int64', shape: [1], data: integers(-1) },
  ],
  metadata: { tokenizer: 'naïve' },
};

describe('onnxModel', () => {
  it('runs in ONNX Runtime and gives what the graph says, for two lengths', async () => {
    const session = await InferenceSession.create(onnxModel(model), { executionProviders: ['wasm'] });
    expect(session.inputNames).toEqual(['ids']);
    expect(session.outputNames).toEqual(['turned', 'probabilities']);
    for (const ids of [[0, 1, 2, 1], [2]]) {
      const result = await session.run({ ids: new Tensor('int64', BigInt64Array.from(ids, BigInt), [ids.length]) });
      const rows = ids.map((id) =>
        [0, 1].map((column) => {
          const sum = (weights[id * 2 + column] ?? Number.NaN) + 1;
          return sum < 0 ? sum * 0.25 : sum;
        }),
      );
      const turned = [0, 1].flatMap((column) => rows.map((row) => row[column] ?? Number.NaN));
      expect(result['turned']?.dims).toEqual([2, ids.length]);
      expect([...((await result['turned']?.getData()) ?? [])]).toEqual(turned);
      const total = turned.reduce((sum, value) => sum + Math.exp(value), 0);
      const probabilities = [...((await result['probabilities']?.getData()) ?? [])].map(Number);
      probabilities.forEach((value, i) => {
        expect(value).toBeCloseTo(Math.exp(turned[i] ?? 0) / total, 6);
      });
    }
    await session.release();
  });

  it('is refused by ONNX Runtime when a byte of the structure is wrong, so the test above can fail', async () => {
    const bytes = onnxModel({
      ...model,
      nodes: model.nodes.map((node) => (node.operator === 'Add' ? { ...node, operator: 'Ad' } : node)),
    });
    await expect(InferenceSession.create(bytes, { executionProviders: ['wasm'] })).rejects.toThrow(/Ad/);
  });

  it('refuses mistakes by name', () => {
    expect(() =>
      onnxModel({
        ...model,
        initializers: [
          ...model.initializers.slice(1),
          { name: 'table', dtype: 'float32', shape: [2, 2], data: floats(1) },
        ],
      }),
    ).toThrow(/table, float32 \[2, 2\], has 16 bytes, not 4/);
    expect(() => onnxModel({ ...model, nodes: [...model.nodes].reverse() })).toThrow(
      /Softmax uses the ONNX value flat/,
    );
    expect(() => onnxModel({ ...model, nodes: [...model.nodes, ...model.nodes.slice(0, 1)] })).toThrow(
      /rows is made once/,
    );
    expect(() => onnxModel({ ...model, outputs: [{ name: 'nothing', dtype: 'bool', shape: [] }] })).toThrow(
      /nothing is made/,
    );
  });
});
