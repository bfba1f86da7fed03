/** The benchmark harness: fair order, honest statistics, peers that fail or die. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { againstBest, alternate, orderOf, table, writeResult } from '../bench/harness.mjs';
import { startLineProcess } from '../bench/line-process.mjs';
import { median, quantile, speedup, summary } from '../bench/statistics.mjs';
import { flopOf, trainingShapes } from '../bench/training-shapes.mjs';

const seconds = (values: readonly number[]) => {
  const left = [...values];
  return async () => left.shift();
};

describe('statistics', () => {
  it('interpolates quantiles and says the spread as a share of the median', () => {
    expect(median([3, 1, 2, 10])).toBe(2.5);
    expect(quantile([1, 2, 3, 4, 5], 0.25)).toBe(2);
    expect(summary([4, 2, 3, 1, 5])).toEqual({ n: 5, best: 1, median: 3, lower: 2, upper: 4, spread: 2 / 3 });
  });
  it('compares within rounds, so that a slow spell of both does not count', () => {
    expect(speedup([1, 10, 1], [2, 20, 2])).toEqual({ median: 2, lower: 2, upper: 2, n: 3 });
  });
});

describe('alternate', () => {
  it.each([2, 3, 4])('gives each of %i contestants every place equally often', (count) => {
    const orders = Array.from({ length: 2 * count }, (_, round) => orderOf(round, count));
    for (let place = 0; place < count; place++)
      for (let who = 0; who < count; who++) expect(orders.filter((order) => order[place] === who)).toHaveLength(2);
  });

  it('leaves warm-up out, keeps samples by round and finds the best peer', async () => {
    const contestants = [
      { name: 'ours', run: seconds([9, 1, 1, 1]) },
      { name: 'slow', run: seconds([9, 4, 4, 4]) },
      { name: 'fast', run: seconds([9, 3, 3, 2]) },
    ];
    const result = await alternate(contestants, { rounds: 3 });
    expect(result.contestants.map(({ samples }) => samples)).toEqual([
      [1, 1, 1],
      [4, 4, 4],
      [3, 3, 2],
    ]);
    expect(againstBest(result, 'ours')).toEqual({ peer: 'fast', median: 3, lower: 2.5, upper: 3, n: 3 });
    expect(table(result, { ours: 'ours', amount: 100, unit: 'tokens' })).toMatch(
      /slow +4\.00 s +±0\.0 % +4\.00 s +3 +25\.0 +25\.0 +4\.00× \(4\.00–4\.00\)/,
    );
  });

  it('drops a peer that throws, with its reason, and goes on', async () => {
    let calls = 0;
    const breaks = async () => {
      calls += 1;
      if (calls === 3) throw new Error('out of luck');
      return 1;
    };
    const result = await alternate(
      [
        { name: 'ours', run: async () => 1 },
        { name: 'peer', run: breaks },
      ],
      { rounds: 5 },
    );
    expect(result.failed).toEqual([{ name: 'peer', reason: 'out of luck' }]);
    expect(result.contestants).toMatchObject([{ name: 'ours', n: 5 }]);
    expect(againstBest(result, 'ours')).toBeUndefined();
    const required = { name: 'ours', required: true, run: () => Promise.reject(new Error('broken')) };
    await expect(alternate([required], { rounds: 1 })).rejects.toThrow('broken');
  });

  it('measures by its own clock where a contestant returns nothing', async () => {
    const wait = () => new Promise<void>((resolve) => setTimeout(resolve, 20));
    const [sample] = (await alternate([{ name: 'wait', run: wait }], { rounds: 1 })).contestants;
    expect(sample?.median).toBeGreaterThan(0.015);
  });

  it('writes a result whole', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'octavo-bench-'));
    try {
      const path = await writeResult(
        'demo',
        await alternate([{ name: 'a', run: async () => 1 }], { rounds: 2 }),
        folder,
      );
      expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
        name: 'demo',
        contestants: [{ samples: [1, 1] }],
      });
      expect(await readdir(folder)).toHaveLength(1);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('startLineProcess', () => {
  const echo = `console.log('{"kind":"ready"}');process.stdin.on('data', (line) => {
    if (String(line).includes('die')) { console.error('no memory'); process.exit(3); }
    console.log('noise'); console.log(JSON.stringify({ heard: String(line).trim() })); });`;

  it('answers line by line and ends with its input', async () => {
    const child = await startLineProcess(process.execPath, ['-e', echo]);
    expect(child.ready).toEqual({ kind: 'ready' });
    expect(await child.ask('one')).toEqual({ heard: 'one' });
    expect(await child.ask('two')).toEqual({ heard: 'two' });
    await child.close();
    await expect(child.ask('three')).rejects.toThrow('ended with 0');
  });

  it('rejects with the last complaint when the child dies or does not start', async () => {
    const child = await startLineProcess(process.execPath, ['-e', echo]);
    await expect(child.ask('die')).rejects.toThrow(/ended with 3: no memory/);
    await child.close();
    await expect(startLineProcess('no-such-python', [])).rejects.toThrow(/did not start/);
  });
});

it('counts the floating-point operations of a step', () => {
  expect(flopOf(trainingShapes.large) / (64 * 256)).toBe(6 * 10_646_784 + 12 * 6 * 384 * 256);
});
