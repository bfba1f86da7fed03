import { input, trace } from '@octavo/engine';
import type { LoadedModel } from '../generation/index.js';
import { gptLoss, gptParameters, inUse } from '../models/index.js';

/** Windows side by side in one forward pass. */
const sequences = 8;

/**
 * −ln p of each token of a stream but the first, under a loaded model. The stream is cut into windows of the model's
 * context, as validation during training does, so that the figures agree.
 */
export const createTokenNats = (
  model: LoadedModel,
): ((ids: Uint32Array, signal: AbortSignal) => Promise<Float32Array>) => {
  const { backend, precision, parameters } = model;
  const config = inUse(model.config);
  const length = config.contextLength;
  const graph = trace((building) => {
    const numbers = (name: string, shape: readonly number[]) => input(building, name, { dtype: 'int32', shape });
    const weights = gptParameters(config).map(({ path, shape }) => {
      const dtype = parameters.get(path)?.type.dtype ?? 'float32';
      return [path, input(building, `parameter:${path}`, { dtype, shape })] as const;
    });
    const { losses } = gptLoss(config, new Map(weights), {
      tokens: numbers('tokens', [sequences, length]),
      positions: numbers('positions', [sequences, length]),
      targets: numbers('targets', [sequences * length]),
      weights: input(building, 'weights', { dtype: 'float32', shape: [sequences * length] }),
    });
    return { outputs: { losses } };
  });
  const executable = backend.compile(graph, { precision });
  const bound = Object.fromEntries([...parameters].map(([path, buffer]) => [`parameter:${path}`, buffer]));
  const perPass = sequences * length;
  const positions = Int32Array.from({ length: perPass }, (_, index) => index % length);
  const weights = new Float32Array(perPass).fill(1);
  return async (ids, signal) => {
    const nats = new Float32Array(Math.max(0, ids.length - 1));
    for (let from = 0; from < nats.length; from += perPass) {
      signal.throwIfAborted();
      const real = Math.min(perPass, nats.length - from);
      const tokens = new Int32Array(perPass);
      const targets = new Int32Array(perPass);
      tokens.set(ids.subarray(from, from + real));
      targets.set(ids.subarray(from + 1, from + 1 + real));
      const { losses } = await backend.run(executable, { ...bound, tokens, targets, positions, weights });
      for (let index = 0; index < real; index += 1) nats[from + index] = losses?.[index] ?? Number.NaN;
    }
    return nats;
  };
};
