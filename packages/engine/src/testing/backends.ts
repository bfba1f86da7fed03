import type { Backend } from '../backends/backend.js';
import { loadAddon } from '../backends/native/addon.js';
import { type Form, forms, nativeBackend } from '../backends/native/native.js';
import { referenceBackend } from '../backends/reference/reference.js';
import type { Precision } from '../passes/index.js';

export interface NamedBackend {
  readonly name: string;
  readonly backend: Backend;
}

export const isas = (): readonly string[] => loadAddon().isas;

/** The native backend on one instruction set; on all threads, however small the graph. */
export const native = (isa: string, threads = 2, form: Form = 'widened'): Backend =>
  nativeBackend({ threads, isa, form, immediate: false });

/** The reference backend, and the native one on every instruction set that this machine runs. */
export const backends = (): readonly NamedBackend[] => [
  { name: 'reference', backend: referenceBackend() },
  ...isas().map((isa) => ({ name: `native ${isa}`, backend: native(isa) })),
];

export interface MixedForm {
  readonly isa: string;
  readonly form: Form;
  readonly precision: Exclude<Precision, 'float32'>;
}

/** Every form of mixed precision that this machine runs: widened on all instruction sets, the others on AVX-512. */
export const mixedForms = (): readonly MixedForm[] =>
  isas().flatMap((isa) =>
    forms
      .filter((form) => loadAddon().forms.includes(form) && (form === 'widened' || isa === 'avx512'))
      .map((form) => ({ isa, form, precision: form === 'half' ? ('float16' as const) : ('bfloat16' as const) })),
  );
