import { describe, expect, it } from 'vitest';
import { markupOf } from './html.js';
import { groupOfBlock, memoryMap } from './memory-map.js';

const block = { kind: 'linear', path: 'blocks.0.attention', bytes: 2 ** 20, offset: 0, from: 0, to: 9 };
const memory = {
  kind: 'memory',
  step: 'pretrain',
  arenaBytes: 2 ** 21,
  scratchBytes: 0,
  stateBytes: 0,
  timeMs: 0,
} as const;

describe('the memory map', () => {
  it('draws a block where it lies, as long as it is needed', () => {
    const head = { ...block, kind: 'crossEntropyTraining', path: 'head', offset: 2 ** 20, from: 10, to: 19 };
    const markup = markupOf(memoryMap({ ...memory, blocks: [block, head] }));
    expect(markup).toContain('<rect class="group-0" x="0.0" y="190.0" width="500.0" height="190.0">');
    expect(markup).toContain('<rect class="group-2" x="500.0" y="0.0" width="500.0" height="190.0">');
    expect(markup).toContain('<title>blocks.0.attention · linear: 1 MiB, instructions 0 to 9</title>');
    expect(markup).toContain('<path class="moment" d="M500.0 0V380"/>');
    expect(markup).toContain('2 largest blocks over 20 instructions');
  });

  it('is nothing without blocks', () => {
    expect(markupOf(memoryMap({ ...memory, blocks: [] }))).toBe('');
  });

  it('groups blocks by the part that made them', () => {
    expect(groupOfBlock(block)).toBe('attention');
    expect(groupOfBlock({ kind: 'linear', path: 'blocks.3.feedForward' })).toBe('feed-forward');
    expect(groupOfBlock({ kind: 'crossEntropyTraining', path: 'head' })).toBe('head and loss');
    expect(groupOfBlock({ kind: 'attentionGradient', path: 'blocks.0.attention' })).toBe('gradients and the rest');
    expect(groupOfBlock({ kind: 'rotaryAngles', path: '' })).toBe('gradients and the rest');
  });
});
