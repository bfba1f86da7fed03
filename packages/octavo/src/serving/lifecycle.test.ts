import { describe, expect, it } from 'vitest';
import { createLifecycle } from './lifecycle.js';

describe('createLifecycle', () => {
  it('drains at once when nothing is under way', async () => {
    const lifecycle = createLifecycle();
    expect(lifecycle.state()).toBe('serving');
    expect(await lifecycle.drain(10_000)).toEqual({ cut: 0 });
    expect(lifecycle.state()).toBe('draining');
  });

  it('waits for what is under way, and cuts nothing that ends in time', async () => {
    const lifecycle = createLifecycle();
    const cuts: string[] = [];
    const endOne = lifecycle.begin(() => cuts.push('one'));
    const endTwo = lifecycle.begin(() => cuts.push('two'));
    const drained = lifecycle.drain(10_000);
    endOne();
    endOne();
    expect(lifecycle.inFlight()).toBe(1);
    endTwo();
    expect(await drained).toEqual({ cut: 0 });
    expect(cuts).toEqual([]);
  });

  it('cuts short what is still under way at the deadline, and waits until it has ended', async () => {
    const lifecycle = createLifecycle();
    const done = lifecycle.begin(() => setTimeout(done, 5));
    lifecycle.begin(() => undefined)();
    expect(await lifecycle.drain(10)).toEqual({ cut: 1 });
    expect(lifecycle.inFlight()).toBe(0);
  });
});
