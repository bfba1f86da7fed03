/** The room against a GPT written out in plain TypeScript, and against what the methods promise. */
import { describe, expect, it } from 'vitest';
import { activationPatching, patchable, siteNames, sites } from './activation-patching.js';
import { attentionMaps, headOf } from './attention-maps.js';
import { direct, tinyConfig, tinyConfigs, tinyModel } from './direct-gpt.test-support.js';
import { integratedGradients } from './integrated-gradients.js';
import { logitLens } from './logit-lens.js';
import { compiled, logitsGraph, promptInputs } from './model.js';
import { likeliest, nextLogits, softmax } from './next-token.js';

const clean = [3, 17, 5, 5, 0, 22, 9];
const corrupted = [3, 17, 11, 5, 0, 2, 9];

const expectNear = (actual: ArrayLike<number>, expected: ArrayLike<number>, within = 2e-5) => {
  expect(actual.length).toBe(expected.length);
  const far = Array.from(
    actual,
    (value, i) => Math.abs(value - (expected[i] ?? Number.NaN)) / Math.max(1, Math.abs(expected[i] ?? 0)),
  );
  expect(Math.max(...far)).toBeLessThan(within);
};
const last = <Item>(items: readonly Item[]): Item | undefined => items.at(-1);

describe.each(tinyConfigs)('a tiny %s', (_, config) => {
  const model = tinyModel(config);

  it('gives the logits of the plain computation', async () => {
    expectNear(await nextLogits(model, clean), last(direct(model, clean).logits) ?? []);
  });

  it('attention maps are its attention weights', async () => {
    const maps = await attentionMaps(model, clean);
    const { attention } = direct(model, clean);
    expect(maps.map(({ path }) => path)).toEqual(attention.map((_, layer) => `blocks.${layer}.attention`));
    maps.forEach((map, layer) => {
      expect([map.batch, map.heads, map.queries, map.keys]).toEqual([1, config.heads, clean.length, clean.length]);
      attention[layer]?.forEach((rows, head) => {
        expectNear(headOf(map, head), rows.flat());
      });
      for (let row = 0; row < map.weights.length; row += clean.length)
        expect(map.weights.subarray(row, row + clean.length).reduce((a, b) => a + b, 0)).toBeCloseTo(1, 5);
    });
  });

  it('the lens reads each layer through the final norm and head, and its last row is what the model says', async () => {
    const { layers } = await logitLens(model, clean, { top: 4 });
    const whole = direct(model, clean);
    const final = softmax(await nextLogits(model, clean));
    expect(layers).toHaveLength(config.depth + 1);
    expect(last(layers)?.at(-1)?.top).toEqual(likeliest(final, 4));
    layers.forEach((row, layer) => {
      // The stream of this layer in place of the last.
      const { logits } = direct(model, clean, (at, stream) =>
        at === config.depth ? [...(whole.residuals[layer] ?? stream)] : stream,
      );
      row.forEach((cell, t) => {
        const probabilities = softmax(logits[t] ?? []);
        const best = likeliest(probabilities, 4);
        expect(cell.top.map(({ id }) => id)).toEqual(best.map(({ id }) => id));
        expectNear(
          cell.top.map(({ probability }) => probability),
          best.map(({ probability }) => probability),
        );
        const said = likeliest(softmax(whole.logits[t] ?? []), 1)[0]?.id ?? -1;
        expect(cell.finalProbability).toBeCloseTo(probabilities[said] ?? -1, 4);
      });
    });
  });

  it('integrated gradients add up to the difference, each as a long sum of differences says', async () => {
    const choice = { target: 7, other: 12 };
    const prompt = clean.slice(3);
    const found = await integratedGradients(model, prompt, choice);
    expect(found.error).toBeLessThanOrEqual(found.bound);
    const table = model.backend.read(model.parameters.get('embedding.token') ?? failing());
    const mean = Array.from(
      { length: config.width },
      (_, i) =>
        Array.from({ length: config.vocabularySize }, (_, row) => table[row * config.width + i] ?? 0).reduce(
          (a, b) => a + b,
          0,
        ) / config.vocabularySize,
    );
    const chosen = (path: (t: number) => number): number => {
      const { logits } = direct(model, prompt, (layer, stream) =>
        layer >= 0
          ? stream
          : stream.map((row, t) => row.map((v, i) => (mean[i] ?? 0) + path(t) * (v - (mean[i] ?? 0)))),
      );
      return (last(logits)?.[choice.target] ?? 0) - (last(logits)?.[choice.other] ?? 0);
    };
    expect(found.value).toBeCloseTo(
      chosen(() => 1),
      3,
    );
    expect(found.baseline).toBeCloseTo(
      chosen(() => 0),
      3,
    );
    const [steps, h] = [16, 1e-4];
    const expected = prompt.map((_, token) => {
      let sum = 0;
      for (let k = 0; k < steps; k++) {
        const at = (k + 0.5) / steps;
        sum += chosen((t) => at + (t === token ? h : 0)) - chosen((t) => at - (t === token ? h : 0));
      }
      return sum / (2 * h * steps);
    });
    expectNear(found.tokens, expected, 0.02);
  });

  it('patching gives what the plain computation gives with that value exchanged', async () => {
    const [target, other] = [7, 12];
    const found = await activationPatching(model, {
      clean,
      corrupted,
      target,
      other,
      names: siteNames(config, 'residual'),
    });
    const of = (logits: readonly (readonly number[])[]) => (last(logits)?.[target] ?? 0) - (last(logits)?.[other] ?? 0);
    const [good, bad] = [direct(model, clean), direct(model, corrupted)];
    expect(found.cleanDifference).toBeCloseTo(of(good.logits), 3);
    expect(found.corruptedDifference).toBeCloseTo(of(bad.logits), 3);
    found.recovered.forEach((row, layer) => {
      const expected = clean.map((_, position) => {
        const { logits } = direct(model, corrupted, (at, stream) =>
          at === layer
            ? stream.map((values, t) => (t === position ? (good.residuals[layer]?.[t] ?? []) : values))
            : stream,
        );
        return (of(logits) - of(bad.logits)) / (of(good.logits) - of(bad.logits));
      });
      expectNear(row, expected, 1e-3);
    });
    // After the last block, the last position is all that the answer comes from.
    expectNear(last(found.recovered) ?? [], [0, 0, 0, 0, 0, 0, 1], 1e-4);
  });

  it('patching everything equals the other run, whichever layer it is done at', async () => {
    const names = siteNames(config, 'residual');
    const time = clean.length;
    const run = compiled(model, patchable(logitsGraph(model, clean), names));
    const donorOf = (layer: number) => Float32Array.from(direct(model, clean).residuals[layer]?.flat() ?? []);
    const nowhere = Object.fromEntries(
      names.flatMap((_, i) => [
        [`where:${i}`, new Float32Array(time)],
        [`donor:${i}`, donorOf(i)],
      ]),
    );
    const everywhere = new Float32Array(time).fill(1);
    const cleanLogits = direct(model, clean).logits.flat();
    for (const layer of names.keys()) {
      const logits = (await run({ ...promptInputs(model, corrupted), ...nowhere, [`where:${layer}`]: everywhere }))(
        'logits',
      );
      expectNear(logits, cleanLogits, 1e-4);
    }
    expectNear(
      (await run({ ...promptInputs(model, corrupted), ...nowhere }))('logits'),
      direct(model, corrupted).logits.flat(),
      1e-4,
    );
  });
});

const failing = (): never => {
  throw new Error('the model has token embeddings');
};

describe('what is asked', () => {
  const model = tinyModel(tinyConfig);

  it.each(sites.slice(1))('may be patched at %s too: a matrix of blocks and positions', async (site) => {
    const { recovered } = await activationPatching(model, {
      clean,
      corrupted,
      target: 7,
      other: 12,
      names: siteNames(tinyConfig, site),
    });
    expect(recovered.map((row) => row.length)).toEqual([7, 7, 7]);
    expect(recovered.flat().every(Number.isFinite)).toBe(true);
    // What lies behind the only changed tokens cannot differ: position 0 and 1 see neither.
    expectNear(
      recovered.flatMap((row) => row.slice(0, 2)),
      [0, 0, 0, 0, 0, 0],
      1e-4,
    );
  });

  it('a prompt of one token, and one as long as the context', async () => {
    const one = await attentionMaps(model, [4]);
    expect(one.map(({ weights }) => [...weights])).toEqual(Array.from({ length: 3 }, () => [1, 1, 1, 1]));
    const longest = Array.from({ length: 16 }, (_, i) => i);
    const { tokens, error, bound } = await integratedGradients(model, longest, { target: 1 });
    expect(tokens).toHaveLength(16);
    expect(error).toBeLessThanOrEqual(bound);
  });

  it('is refused where it makes no sense', async () => {
    await expect(attentionMaps(model, [])).rejects.toMatchObject({ code: 'PROMPT_TOO_LONG' });
    await expect(
      logitLens(
        model,
        Array.from({ length: 17 }, () => 1),
      ),
    ).rejects.toMatchObject({ code: 'PROMPT_TOO_LONG' });
    await expect(nextLogits(model, [23])).rejects.toThrow('token 23 is not in the vocabulary of 23');
    const names = siteNames(tinyConfig, 'residual');
    const request = { clean, corrupted: [1], target: 1, other: 2, names };
    await expect(activationPatching(model, request)).rejects.toThrow(
      'the clean prompt has 7 tokens and the corrupted one 1',
    );
    await expect(activationPatching(model, { clean, corrupted, target: 1, other: 1, names })).rejects.toMatchObject({
      code: 'PROMPTS_DIFFER',
    });
  });
});

it('the likeliest tokens come best first, and of equals the lower id', () =>
  expect(likeliest([0.1, 0.4, 0.1, 0.4], 3)).toEqual([
    { id: 1, probability: 0.4 },
    { id: 3, probability: 0.4 },
    { id: 0, probability: 0.1 },
  ]));
