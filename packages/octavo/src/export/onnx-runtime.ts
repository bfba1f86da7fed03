/** The part of ONNX Runtime that a check needs: the same in onnxruntime-node and onnxruntime-web. */
interface OrtTensor {
  readonly data: ArrayLike<number>;
  readonly dims: readonly number[];
}

interface OrtSession {
  readonly run: (feeds: Readonly<Record<string, OrtTensor>>) => Promise<Readonly<Record<string, OrtTensor>>>;
}

export interface OnnxRuntime {
  readonly Tensor: new (type: string, data: Float32Array | BigInt64Array, dims: readonly number[]) => OrtTensor;
  readonly InferenceSession: { readonly create: (model: Uint8Array) => Promise<OrtSession> };
}

const isRuntime = (value: unknown): value is OnnxRuntime =>
  typeof value === 'object' && value !== null && 'Tensor' in value && 'InferenceSession' in value;

/** The installed ONNX Runtime, or nothing: it is an optional peer. */
export async function findOnnxRuntime(): Promise<{ readonly name: string; readonly runtime: OnnxRuntime } | undefined> {
  for (const name of ['onnxruntime-node', 'onnxruntime-web']) {
    try {
      const loaded: unknown = await import(name);
      if (isRuntime(loaded)) return { name, runtime: loaded };
    } catch {
      // Not installed; the next one may be.
    }
  }
  return undefined;
}
