import { invariant } from '../core/index.js';
import { openSafetensors } from '../formats/index.js';
import { type GptConfig, gptParameters } from '../models/index.js';

/** A trained model's parameters as float32, by our paths. */
export interface Weights {
  readonly config: GptConfig;
  readonly get: (path: string) => { readonly shape: readonly number[]; readonly data: Float32Array };
  readonly has: (path: string) => boolean;
}

/** Reads a checkpoint's model.safetensors. Errors: FILE_INVALID, TENSOR_ABSENT. */
export function readWeights(path: string, config: GptConfig): Weights {
  const file = openSafetensors(path);
  try {
    const values = new Map(
      gptParameters(config).map(({ path: name, shape }) => {
        const bytes = file.read(name);
        return [name, { shape, data: new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4) }];
      }),
    );
    return {
      config,
      has: (name) => values.has(name),
      get: (name) => {
        const found = values.get(name);
        invariant(found !== undefined, `the model has ${name}`);
        return found;
      },
    };
  } finally {
    file.close();
  }
}

/** Rows [from, to) of a matrix, or elements of a vector. */
export const rows = (
  { shape, data }: { readonly shape: readonly number[]; readonly data: Float32Array },
  from: number,
  to: number,
) => {
  const width = shape.length === 1 ? 1 : (shape[1] ?? 1);
  return { shape: [to - from, ...shape.slice(1)], data: data.slice(from * width, to * width) };
};

/** [r, c] → [c, r]. */
export function transposed({ shape, data }: { readonly shape: readonly number[]; readonly data: Float32Array }) {
  const [height = 1, width = 1] = shape;
  const turned = new Float32Array(data.length);
  for (let r = 0; r < height; r++) for (let c = 0; c < width; c++) turned[c * height + r] = data[r * width + c] ?? 0;
  return { shape: [width, height], data: turned };
}
