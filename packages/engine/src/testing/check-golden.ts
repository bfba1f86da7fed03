import { gradient } from '../gradient/gradient.js';
import { multiply } from '../ops/multiply.js';
import { sum } from '../ops/sum.js';
import { input, type Tensor, trace } from '../trace/trace.js';
import type { NamedBackend } from './backends.js';
import type { Tensors } from './check.js';
import { expectClose, tolerance } from './close.js';
import type { GoldenCase } from './golden.js';

const indices = new Set([
  'ids',
  'targets',
  'starts',
  'ends',
  'positions',
  'offsets',
  'labels',
  'lengths',
  'labelLengths',
  'tags',
]);

/** The name of the input that an output like `dGain` is the gradient of. */
const sourceOf = (name: string): string | undefined =>
  /^d[A-Z]/.test(name) ? name.slice(1, 2).toLowerCase() + name.slice(2) : undefined;

/** Holds a body that makes `y` (or a scalar `loss`) of the case's inputs to its values, and the gradient rules to its gradients. */
export async function checkGolden(
  { name, backend }: NamedBackend,
  the: GoldenCase,
  body: (inputs: Tensors, attributes: GoldenCase['attributes']) => Tensor,
): Promise<void> {
  const wanted = Object.keys(the.outputs).flatMap((output) => sourceOf(output) ?? []);
  const graph = trace((t) => {
    const inputs = Object.fromEntries(
      Object.entries(the.inputs).map(([key, { shape }]) => [
        key,
        input(t, key, { shape, dtype: indices.has(key) ? 'int32' : 'float32' }),
      ]),
    );
    const y = body(inputs, the.attributes);
    const loss = inputs['dy'] === undefined ? y : sum(multiply(inputs['dy'], y));
    const seed = input(t, 'seed', { shape: [], dtype: 'float32' });
    const found = gradient(
      loss,
      wanted.map((key) => inputs[key]),
      seed,
    );
    return {
      outputs: {
        y,
        ...Object.fromEntries(wanted.flatMap((key, i) => (found[i] === undefined ? [] : [[key, found[i]]]))),
      },
    };
  });
  const values = Object.fromEntries(Object.entries(the.inputs).map(([key, { data }]) => [key, data]));
  const results = await backend.run(backend.compile(graph), { ...values, seed: [1] });
  expectClose(results['y'], (the.outputs['y'] ?? the.outputs['loss']).data, tolerance.float32, `${name} y`);
  for (const [output, { data }] of Object.entries(the.outputs)) {
    const source = sourceOf(output);
    if (source !== undefined) expectClose(results[source] ?? [], data, tolerance.float32, `${name} ${output}`);
  }
}
