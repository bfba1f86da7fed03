import {
  type Backend,
  type DeviceBuffer,
  type HostArray,
  input,
  type Tensor,
  type TensorType,
  trace,
} from '@octavo/engine';
import type { ParameterSpec } from '../../../packages/octavo/src/models/index.js';

/** Runs a trained model's outputs over one batch after another. */
export async function evaluated(
  backend: Backend,
  specs: readonly ParameterSpec[],
  parameters: ReadonlyMap<string, DeviceBuffer>,
  inputs: Readonly<Record<string, TensorType>>,
  output: (parameters: ReadonlyMap<string, Tensor>, inputs: Readonly<Record<string, Tensor>>) => Tensor,
  batches: readonly Readonly<Record<string, HostArray>>[],
): Promise<readonly HostArray[]> {
  const graph = trace((t) => {
    const of = new Map(specs.map(({ path, shape }) => [path, input(t, path, { dtype: 'float32', shape })]));
    const given = Object.fromEntries(Object.entries(inputs).map(([name, type]) => [name, input(t, name, type)]));
    return { outputs: { y: output(of, given) } };
  });
  const executable = backend.compile(graph);
  const results: HostArray[] = [];
  for (const batch of batches)
    results.push((await backend.run(executable, { ...Object.fromEntries(parameters), ...batch })).y);
  return results;
}
