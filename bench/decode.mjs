/**
 * Greedy decoding of a 110M-parameter model, one sequence, in 16 bits and in int8 by turns: tokens a second, and the bytes of weights read a second beside the
 * machine's measured read bandwidth, which bounds it.
 *
 *   node bench/decode.mjs [--tokens 48] [--rounds 5] [--json]
 */
import { parseArgs } from 'node:util';
import { loadAddon, measureMachine, nativeBackend, precisionOf } from '@octavo/engine';
import { createDecoder, quantiseWeights } from '../packages/octavo/dist/generation/index.js';
import { gptParameters } from '../packages/octavo/dist/models/index.js';
import { machine, writeResult } from './harness.mjs';
import { median } from './statistics.mjs';

const { values: options } = parseArgs({
  options: {
    tokens: { type: 'string', default: '48' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const config = {
  vocabularySize: 32000,
  contextLength: 512,
  depth: 12,
  width: 768,
  heads: 12,
  keyValueHeads: 12,
  headWidth: 64,
  feedForwardWidth: 2048,
  positions: 'rotary',
  rotaryBase: 10000,
  norm: 'rms',
  normEpsilon: 1e-5,
  activation: 'swiglu',
  biases: false,
  tiedEmbeddings: true,
  queryKeyNorm: false,
  outputBias: false,
  dropout: 0,
};
const facts = await measureMachine();
const backend = nativeBackend(facts);
const precision = precisionOf(facts.form);
let state = 1;
const noise = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state / 2 ** 32 - 0.5) * 0.05;
};
const parameters = new Map(
  gptParameters(config).map(({ path, shape, role }) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return [
      path,
      backend.allocate(
        { dtype: role === 'vector' ? 'float32' : precision, shape },
        Float32Array.from({ length: size }, role === 'vector' ? () => 1 : noise),
      ),
    ];
  }),
);
const sizeOf = ({ shape }) => shape.reduce((a, b) => a * b, 1);
const model = { backend, precision, config, parameters };
const quantised = await quantiseWeights(model);
// Of each weight that a token reads whole: a tied embedding that has a copy for the head is only looked up in.
const bytesOf = ({ parameters }) =>
  [...parameters].reduce((total, [path, { type }]) => {
    if (path === 'embedding.token' && parameters.has('head.weight')) return total;
    return total + sizeOf(type) * ({ float32: 4, int8: 1 }[type.dtype] ?? 2);
  }, 0);
const contestants = [
  { name: precision, bytes: bytesOf(model), decoder: createDecoder(model, 1) },
  { name: 'int8', bytes: bytesOf(quantised), decoder: createDecoder(quantised, 1) },
].map((one) => ({ ...one, rates: [], bandwidths: [] }));
const greedy = (logits) => logits.reduce((best, value, id) => (value > logits[best] ? id : best), 0);
const tokens = Number(options.tokens);
for (let round = 0; round <= Number(options.rounds); round++)
  for (const { decoder, rates, bandwidths } of round % 2 === 0 ? contestants : contestants.toReversed()) {
    const read = loadAddon().measure('read', facts.threads, facts.isa);
    let [logits] = await decoder.forward([{ slot: 0, start: 0, ids: [1, 2, 3, 4] }]);
    const startedMs = performance.now();
    for (let i = 0; i < tokens; i++)
      [logits] = await decoder.forward([{ slot: 0, start: 4 + i, ids: [greedy(logits)] }]);
    if (round === 0) continue;
    rates.push((tokens * 1000) / (performance.now() - startedMs));
    bandwidths.push(read);
  }
const count = [...parameters.values()].reduce((total, { type }) => total + sizeOf(type), 0);
const results = contestants.map(({ name, bytes, rates, bandwidths }) => {
  const [tokensPerSecond, readGigabytesPerSecond] = [median(rates), median(bandwidths)];
  const gigabytesPerSecond = (tokensPerSecond * bytes) / 1e9;
  const shareOfBandwidth = gigabytesPerSecond / readGigabytesPerSecond;
  return { name, tokensPerSecond, gigabytesPerSecond, readGigabytesPerSecond, shareOfBandwidth };
});
const result = { parameters: count, form: facts.form, threads: facts.threads, results };
if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else
  for (const { name, tokensPerSecond, gigabytesPerSecond, readGigabytesPerSecond, shareOfBandwidth } of results)
    process.stdout.write(
      `${(count / 1e6).toFixed(1)}M parameters in ${name}: ${tokensPerSecond.toFixed(1)} tokens/s = ${gigabytesPerSecond.toFixed(1)} GB/s of weights, ${(100 * shareOfBandwidth).toFixed(0)} % of ${readGigabytesPerSecond.toFixed(1)} GB/s read bandwidth\n`,
    );
await writeResult('decode', { date: new Date().toISOString(), machine: machine(), ...result });
