import { type DeviceBuffer, input, quantise, trace } from '@octavo/engine';
import type { LoadedModel } from './decoder.js';

/** Weights of linear layers: matrices that multiply, whatever else they are looked up in. Routers and experts stay as they are. */
const isLinear = (path: string, { type }: DeviceBuffer): boolean =>
  path.endsWith('.weight') && !path.endsWith('.router.weight') && type.shape.length === 2;

/**
 * The model with the weights of its linear layers in int8, a scale a row beside each (`<path>.scales`): half the bytes of 16-bit
 * weights to read for a token. A tied output layer gets weights of its own (`head.weight`); look-ups stay as they were.
 */
export async function quantiseWeights(model: LoadedModel): Promise<LoadedModel> {
  const { backend, config } = model;
  const parameters = new Map(model.parameters);
  const replace = async (path: string, weight: DeviceBuffer): Promise<void> => {
    const graph = trace((t) => ({ outputs: { ...quantise(input(t, 'weight', weight.type)) } }));
    const { q = [], scales = [] } = await backend.run(backend.compile(graph), { weight });
    const [rows = 0] = weight.type.shape;
    parameters.set(path, backend.allocate({ dtype: 'int8', shape: weight.type.shape }, q));
    parameters.set(`${path}.scales`, backend.allocate({ dtype: 'float32', shape: [rows] }, scales));
  };
  for (const [path, weight] of model.parameters) if (isLinear(path, weight)) await replace(path, weight);
  const tied = model.parameters.get('embedding.token');
  if (config.tiedEmbeddings && tied !== undefined) await replace('head.weight', tied);
  return { ...model, parameters };
}
