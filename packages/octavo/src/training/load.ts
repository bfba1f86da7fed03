import { type Backend, bytesOf, type DeviceBuffer, type Precision } from '@octavo/engine';
import { fail } from '../core/index.js';
import { openSafetensors } from '../formats/index.js';
import type { LoadedModel } from '../generation/index.js';
import { gptParameters } from '../models/index.js';
import { type Checkpoint, weightsOf } from './checkpoint.js';

/**
 * A checkpoint's weights for inference: matrices and embeddings in the precision's storage type, the rest float32.
 * Errors: CHECKPOINT_CORRUPT, FILE_INVALID.
 */
export function loadWeights(
  checkpoint: Checkpoint,
  the: { readonly backend: Backend; readonly precision: Precision },
): LoadedModel {
  const { backend, precision } = the;
  const config = checkpoint.manifest.model;
  const file = openSafetensors(weightsOf(checkpoint));
  try {
    const parameters = new Map<string, DeviceBuffer>();
    for (const { path, shape, role } of gptParameters(config)) {
      const bytes = file.tensors.has(path) ? file.read(path) : undefined;
      const size = shape.reduce((a, b) => a * b, 1);
      if (bytes === undefined || bytes.byteLength !== size * bytesOf('float32'))
        throw fail('CHECKPOINT_CORRUPT', {
          what: `tensor ${path} is absent or has another shape than the model`,
          where: checkpoint.folder,
          remedy: 'use another checkpoint',
        });
      parameters.set(
        path,
        backend.allocate(
          { dtype: role === 'vector' ? 'float32' : precision, shape },
          new Float32Array(bytes.buffer, bytes.byteOffset, size),
        ),
      );
    }
    return { backend, precision, config, parameters };
  } finally {
    file.close();
  }
}
