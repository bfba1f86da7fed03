import { describe, expect, it } from 'vitest';
import type { EventBody, RunEvent } from '../core/index.js';
import { LiveProgress } from './live-progress.js';
import { surroundings } from './surroundings.test-support.js';

const step = 'pretrain' as const;

const training = (count: number): readonly RunEvent[] => {
  const bodies: readonly EventBody[] = [
    { kind: 'step-skipped', step: 'plan', key: 'k' },
    { kind: 'step-started', step, key: 'k' },
    ...Array.from({ length: count }, (_, index): readonly EventBody[] => [
      { kind: 'metric', step, at: index, values: { loss: 8 - (6 * index) / count } },
      { kind: 'progress', step, done: index + 1, total: count, unit: 'steps' },
    ]).flat(),
    { kind: 'sample', step, at: count, prompt: 'Call me', text: ' \u001b[2JIshmael\u0007\nor not' },
    { kind: 'warning', step, text: 'slow\u001b[31m' },
    { kind: 'step-finished', step, elapsedMs: 65_000, summary: {} },
    { kind: 'step-started', step: 'finetune', key: 'k' },
    { kind: 'step-interrupted', step: 'finetune' },
  ];
  return bodies.map((body, index) => ({ ...body, timeMs: index * 50 }));
};

const show = (events: readonly RunEvent[], live: boolean) => {
  const around = surroundings('/', live);
  {
    using progress = new LiveProgress(around.terminal, [
      { kind: 'step-finished', step: 'plan', elapsedMs: 5, summary: { text: '1.2M parameters' }, timeMs: 0 },
    ]);
    for (const event of events) progress.show(event);
  }
  return around.said();
};

describe('live progress', () => {
  it('writes a plain line every five seconds where nothing can be written over', () => {
    expect(`\n${show(training(250), false)}`).toMatchInlineSnapshot(`
      "
      = plan      unchanged · 1.2M parameters
      … pretrain
        pretrain: loss 8.000
        pretrain: 50/250 steps · loss 6.800 · 20 s left · 10/s
        pretrain: 100/250 steps · loss 5.600 · 15 s left · 10/s
        pretrain: 150/250 steps · loss 4.400 · 10 s left · 10/s
        pretrain: 200/250 steps · loss 3.200 · 5.0 s left · 10/s
        pretrain at 250: Call me ␛[2JIshmael␇⏎or not
      ! pretrain: slow␛[31m
      ✓ pretrain  1m 05s · loss 2.024
        loss
        7.99 ┤⠉⠑⠒⠒⠢⠤⢄⣀⣀⡀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀
             ┤⠀⠀⠀⠀⠀⠀⠀⠀⠀⠈⠉⠉⠒⠒⠢⠤⠤⣀⣀⡀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀
             ┤⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠈⠉⠉⠒⠒⠒⠤⠤⢄⣀⣀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀
             ┤⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠉⠉⠑⠒⠒⠤⠤⠤⣀⣀⡀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀
             ┤⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠈⠉⠉⠒⠒⠢⠤⠤⣀⣀⡀⠀⠀⠀⠀⠀⠀⠀⠀⠀
        2.04 ┤⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠀⠈⠉⠉⠑⠒⠢⠤⠤⢄⣀
              0                                                        249
      … finetune
      ‖ finetune  interrupted, saved
      "
    `);
  });

  it('writes over one line, at most every 80 ms, and leaves only whole lines behind', () => {
    const said = show(training(250), true);
    const drawings = said.split('\r\u001b[K');
    expect(drawings.length).toBeGreaterThan(150);
    expect(drawings.length).toBeLessThan(350);
    expect(drawings[100]).toMatchInlineSnapshot(
      `"pretrain  ████▊░░░░░░░  39%  99/250 steps · loss 5.648 · 15 s left · 10/s"`,
    );
    // What a terminal shows in the end: each \r\e[K wipes what stands on the line.
    const left = said
      .split('\n')
      .map((line) => line.split('\r\u001b[K').at(-1))
      .join('\n');
    expect(left).not.toContain('█');
    expect(left).toContain('✓ pretrain  1m 05s · loss 2.024');
  });

  it.each([true, false])('lets nothing of the model act on the terminal (live: %s)', (live) => {
    const said = show(training(3), live).replaceAll('\r\u001b[K', '');
    expect(said).toContain('Call me ␛[2JIshmael␇⏎or not');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
    expect(said).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});
