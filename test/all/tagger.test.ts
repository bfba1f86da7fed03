// A tagger of words in both directions, on the Brown corpus, beside each word's most frequent part of speech.
import { chooseIsa, nativeBackend } from '@octavo/engine';
import { expect, it } from 'vitest';
import { taggerLoss, taggerParameters, taggerTags } from '../../packages/octavo/src/models/index.js';
import { brownCorpus, type Sentence } from './support/brown.js';
import { evaluated } from './support/evaluate-model.js';
import { trainModel } from './support/train-model.js';

const backend = nativeBackend({ threads: 2, isa: chooseIsa(undefined), form: 'widened' });
const integers = (...shape: readonly number[]) => ({ dtype: 'int32', shape }) as const;
const floats = (...shape: readonly number[]) => ({ dtype: 'float32', shape }) as const;

const rest = 'x';
/** The universal part of speech (Petrov et al. 2012) of a tag of the corpus; of joined words that of the first. */
function partOfSpeech(tag: string): string {
  const [first = ''] = tag.replace(/-(tl|hl|nc)/g, '').split('+');
  if (first.startsWith('fw') || /^(uh|nil)/.test(first)) return rest;
  if (!/[a-z]/.test(first)) return first === '*' ? 'adverb' : '.';
  const kinds: readonly (readonly [RegExp, string])[] = [
    [/^n/, 'noun'],
    [/^(v|be|do|hv|md)/, 'verb'],
    [/^(j|od)/, 'adjective'],
    [/^(rp|to)/, 'particle'],
    [/^(r|wrb|q|wql)/, 'adverb'],
    [/^(pp|pn|wp)/, 'pronoun'],
    [/^(a|dt|wdt|ex)/, 'determiner'],
    [/^in/, 'adposition'],
    [/^c[cs]/, 'conjunction'],
    [/^cd/, 'number'],
  ];
  return kinds.find(([pattern]) => pattern.test(first))?.[1] ?? rest;
}

/** What is known of an unknown word: its shape and its last two letters. */
const classOf = (word: string): string => {
  const shape = /\d/.test(word) ? '0' : /^[A-Z]/.test(word) ? 'A' : word.includes('-') ? '-' : 'a';
  return `<${shape}${word.slice(-2).toLowerCase()}>`;
};

it('a tagger finds far more parts of speech than the most frequent tag of each word', async ({ skip }) => {
  const brown = await brownCorpus();
  if (brown === undefined) return skip();
  const [batch, time, hidden, tagSteps] = [32, 40, 96, 900];
  const fits = (sentence: Sentence): boolean => sentence.length <= time;
  const [train, test] = [brown.train.filter(fits), brown.test.filter(fits)];
  const tags = [...new Set(train.flatMap((sentence) => sentence.map(([, tag]) => partOfSpeech(tag))))].toSorted();
  const counts = new Map<string, number>();
  for (const sentence of train) for (const [word] of sentence) counts.set(word, (counts.get(word) ?? 0) + 1);
  const known = (word: string): string => ((counts.get(word) ?? 0) > 4 ? word : classOf(word));
  const vocabulary = new Map<string, number>([['<unknown>', 0]]);
  for (const word of counts.keys()) if (!vocabulary.has(known(word))) vocabulary.set(known(word), vocabulary.size);
  const idOf = (word: string): number => vocabulary.get(known(word)) ?? 0;

  const config = {
    kind: 'lstm',
    vocabularySize: vocabulary.size,
    width: 64,
    hidden,
    layers: 1,
    tags: tags.length,
    dropout: 0.2,
  } as const;
  const specs = taggerParameters(config);
  const inputTypes = { tokens: integers(batch, time), lengths: integers(batch) };
  const filled = (sentences: readonly Sentence[]) => {
    const [tokens, own] = [new Int32Array(batch * time), new Int32Array(batch * time)];
    sentences.forEach((sentence, row) => {
      sentence.forEach(([word, tag], t) => {
        tokens[row * time + t] = idOf(word);
        own[row * time + t] = tags.indexOf(partOfSpeech(tag));
      });
    });
    const lengths = Int32Array.from({ length: batch }, (_, row) => sentences[row]?.length ?? 0);
    return { tokens, tags: own, lengths };
  };
  let state = 20260101;
  const below = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const { parameters } = await trainModel({
    backend,
    parameters: specs,
    seed: 1,
    inputs: { ...inputTypes, tags: integers(batch, time), weights: floats(batch), step: integers() },
    loss: (of, { tokens, lengths, tags, weights, step }) =>
      taggerLoss(config, of, { tokens, lengths, tags, weights, dropout: { step, seed: 1 } }).loss,
    batch: (step) => {
      const made = filled(Array.from({ length: batch }, () => train[below(train.length)]));
      const words = made.lengths.reduce((sum, words) => sum + words, 0);
      return { ...made, weights: new Float32Array(batch).fill(1 / words), step: Int32Array.of(step) };
    },
    steps: tagSteps,
    learningRate: 5e-3,
  });

  const batches = Array.from({ length: Math.ceil(test.length / batch) }, (_, i) =>
    filled(test.slice(i * batch, (i + 1) * batch)),
  );
  const found = await evaluated(
    backend,
    specs,
    parameters,
    inputTypes,
    (of, { tokens, lengths }) => taggerTags(config, of, { tokens, lengths }),
    batches.map(({ tokens, lengths }) => ({ tokens, lengths })),
  );
  const frequent = new Map<number, Map<number, number>>();
  for (const sentence of train)
    for (const [word, tag] of sentence) {
      const own = frequent.get(idOf(word)) ?? new Map<number, number>();
      frequent.set(
        idOf(word),
        own.set(tags.indexOf(partOfSpeech(tag)), (own.get(tags.indexOf(partOfSpeech(tag))) ?? 0) + 1),
      );
    }
  const usual = new Map([...frequent].map(([id, own]) => [id, [...own].toSorted(([, a], [, b]) => b - a)[0][0]]));
  const right = { model: 0, usual: 0, words: 0 };
  batches.forEach(({ tokens, tags: own, lengths }, i) => {
    lengths.forEach((words, row) => {
      for (let at = row * time; at < row * time + words; at++) {
        right.words++;
        right.model += Number(found[i][at] === own[at]);
        right.usual += Number((usual.get(tokens[at]) ?? tags.indexOf('noun')) === own[at]);
      }
    });
  });
  const [accuracy, bar] = [right.model / right.words, right.usual / right.words];
  process.stderr.write(
    `parts of speech of ${right.words} unseen words: ${accuracy.toFixed(4)}, most frequent tag ${bar.toFixed(4)}\n`,
  );
  expect(right.words).toBeGreaterThan(50_000);
  expect(accuracy).toBeGreaterThan(0.955);
  expect(accuracy).toBeGreaterThan(bar + 0.015);
});
