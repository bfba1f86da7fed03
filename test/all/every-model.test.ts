// Loss and gradients of every model: the same bits on 1, 2, 3 and 7 threads, on every instruction set, in every precision.
import { loadAddon } from '@octavo/engine';
import { describe, expect, it } from 'vitest';
import { differentBits, everyModel } from '../../packages/octavo/src/models/every-model.test-support.js';

const choices = loadAddon().isas.flatMap((isa) => [
  { isa, form: 'widened', precision: 'float32' } as const,
  { isa, form: 'widened', precision: 'bfloat16' } as const,
  ...(isa === 'avx512' && loadAddon().forms.includes('dot')
    ? [{ isa, form: 'dot', precision: 'bfloat16' } as const]
    : []),
  ...(isa === 'avx512' && loadAddon().forms.includes('half')
    ? [{ isa, form: 'half', precision: 'float16' } as const]
    : []),
]);

describe.each(choices)('$isa, $form, $precision', (chosen) => {
  it.each(everyModel('small').map((model) => [model.name, model] as const))('%s', async (_, model) => {
    expect(await differentBits(model, chosen)).toEqual([]);
  });
});
