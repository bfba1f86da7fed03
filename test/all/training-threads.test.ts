// Whole steps of the trainer on numbers of threads that two cores can only take in turns: too slow for the fast tests.
import { expect, it } from 'vitest';
import { allNumbers, smallTrainer, testBackend } from '../../packages/octavo/src/training/small-model.test-support.js';

it.each(['float32', 'bfloat16'] as const)('gives the same bits on 1, 2, 3 and 7 threads in %s', async (precision) => {
  const results = [];
  for (const threads of [1, 2, 3, 7]) {
    const the = smallTrainer({ precision, backend: testBackend(threads) });
    for (let step = 0; step < 5; step++) await the.step(step);
    results.push(Float32Array.from(allNumbers(the)));
  }
  for (const result of results) expect(result).toEqual(results[0]);
});
