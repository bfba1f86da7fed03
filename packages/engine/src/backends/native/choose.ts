import { availableParallelism } from 'node:os';
import { OctavoError } from '../../error.js';
import { matmul } from '../../ops/matmul.js';
import type { Precision } from '../../passes/index.js';
import { input, trace } from '../../trace/trace.js';
import type { Backend } from '../backend.js';
import { type Addon, loadAddon } from './addon.js';
import { type Form, forms, type NativeOptions, nativeBackend } from './native.js';

/** What a machine was seen to do: settings and rates, kept in a cache file and in each run's manifest. */
export interface MachineFacts extends NativeOptions {
  readonly cpu: string;
  /** 16-bit storage type that the form multiplies. */
  readonly mixedPrecision: Precision;
  /** Billions of operations a second in a product of 1024³. */
  readonly gflops: { readonly float32: number; readonly mixed: number };
  /** Register-only peaks; 0 where there is no such instruction. */
  readonly peakGflops: { readonly fma: number; readonly dot: number; readonly half: number };
  readonly readGigabytesPerSecond: number;
}

/** A relative root-mean-square error that a mixed product of random operands may have. */
const errorBound = 4e-3;
const size = 1024;

export const precisionOf = (form: Form): Precision => (form === 'half' ? 'float16' : 'bfloat16');

/** Instruction set: the best of the machine, or the one that is asked for. Errors: ISA_MISSING. */
export function chooseIsa(wanted: string | undefined, addon: Addon = loadAddon()): string {
  if (wanted !== undefined && !addon.isas.includes(wanted))
    throw new OctavoError('ISA_MISSING', {
      what: `this machine does not run ${wanted}`,
      where: 'OCTAVO_ISA',
      remedy: `use one of ${addon.isas.join(', ')}, or leave it unset`,
    });
  return wanted ?? addon.isas.at(-1) ?? 'baseline';
}

/** Speed in GFLOP/s and relative error of a product of two fixed random matrices. */
async function measureProduct(
  backend: Backend,
  precision: Precision,
  exact: Float32Array | undefined,
): Promise<{ readonly gflops: number; readonly error: number; readonly product: Float32Array }> {
  // Operands lie in the type that is multiplied: a training step casts them once and reads them many times.
  const type = { dtype: precision, shape: [size, size] } as const;
  const graph = trace((t) => ({
    outputs: { y: matmul(input(t, 'a', type), input(t, 'b', type), { transposeB: true, full: true }) },
  }));
  const executable = backend.compile(graph, { precision });
  // A fixed pseudo-random pattern: the check must not depend on luck.
  const fill = (step: number): Float32Array =>
    Float32Array.from({ length: size * size }, (_, i) => (((i * step) % 10007) / 10007 - 0.5) * 2);
  const a = backend.allocate(type, fill(7919));
  const b = backend.allocate(type, fill(6271));
  let best = Number.POSITIVE_INFINITY;
  let y: ArrayLike<number> = [];
  // Many short attempts: other work on the machine must not make it look slow.
  for (let attempt = 0; attempt < 25; attempt++) {
    const start = performance.now();
    y = (await backend.run(executable, { a, b })).y;
    best = Math.min(best, performance.now() - start);
  }
  const product = Float32Array.from(y);
  let wrong = 0;
  let right = 0;
  if (exact !== undefined)
    product.forEach((value, i) => {
      wrong += (value - exact[i]) ** 2;
      right += exact[i] ** 2;
    });
  return { gflops: (2 * size ** 3) / best / 1e6, error: right === 0 ? 0 : Math.sqrt(wrong / right), product };
}

/**
 * Measures the machine and picks the form of mixed precision that is fastest there within the error bound.
 * Takes about a second. Errors: ISA_MISSING, NATIVE_MISSING.
 */
export async function measureMachine(
  the: { readonly isa?: string; readonly threads?: number } = {},
): Promise<MachineFacts> {
  const addon = loadAddon();
  const isa = chooseIsa(the.isa, addon);
  const threads = the.threads ?? availableParallelism();
  const plain = await measureProduct(nativeBackend({ threads, isa, form: 'widened' }, addon), 'float32', undefined);
  let chosen: { readonly form: Form; readonly gflops: number } = { form: 'widened', gflops: 0 };
  for (const form of forms) {
    if (!addon.forms.includes(form) || (form !== 'widened' && isa !== 'avx512')) continue;
    const found = await measureProduct(nativeBackend({ threads, isa, form }, addon), precisionOf(form), plain.product);
    if (found.error <= errorBound && found.gflops > chosen.gflops) chosen = { form, gflops: found.gflops };
  }
  return {
    cpu: addon.cpu,
    isa,
    threads,
    form: chosen.form,
    mixedPrecision: precisionOf(chosen.form),
    gflops: { float32: plain.gflops, mixed: chosen.gflops },
    peakGflops: {
      fma: addon.measure('fma', threads, isa),
      dot: addon.measure('dot', threads, isa),
      half: addon.measure('half', threads, isa),
    },
    readGigabytesPerSecond: addon.measure('read', threads, isa),
  };
}
