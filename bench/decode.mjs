/**
 * Greedy decoding of a 110M-parameter model, one sequence: tokens a second, and the bytes of weights read a second beside the
 * machine's measured read bandwidth, which bounds it.
 *
 *   node bench/decode.mjs [--tokens 48] [--rounds 5] [--json]
 */
import { parseArgs } from 'node:util';
import { loadAddon, measureMachine, nativeBackend, precisionOf } from '@octavo/engine';
import { createDecoder } from '../packages/octavo/dist/generation/index.js';
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
let bytes = 0;
const parameters = new Map(
  gptParameters(config).map(({ path, shape, role }) => {
    const size = shape.reduce((a, b) => a * b, 1);
    bytes += size * (role === 'vector' ? 4 : 2);
    return [
      path,
      backend.allocate(
        { dtype: role === 'vector' ? 'float32' : precision, shape },
        Float32Array.from({ length: size }, role === 'vector' ? () => 1 : noise),
      ),
    ];
  }),
);
const decoder = createDecoder({ backend, precision, config, parameters }, 1);
const greedy = (logits) => logits.reduce((best, value, id) => (value > logits[best] ? id : best), 0);
const tokens = Number(options.tokens);
const rates = [];
const bandwidths = [];
for (let round = 0; round <= Number(options.rounds); round++) {
  const read = loadAddon().measure('read', facts.threads, facts.isa);
  let [logits] = await decoder.forward([{ slot: 0, start: 0, ids: [1, 2, 3, 4] }]);
  const startedMs = performance.now();
  for (let i = 0; i < tokens; i++) [logits] = await decoder.forward([{ slot: 0, start: 4 + i, ids: [greedy(logits)] }]);
  const rate = (tokens * 1000) / (performance.now() - startedMs);
  if (round === 0) continue;
  rates.push(rate);
  bandwidths.push(read);
}
const result = {
  parameters: [...parameters.values()].reduce((total, { type }) => total + type.shape.reduce((a, b) => a * b, 1), 0),
  tokensPerSecond: median(rates),
  gigabytesPerSecond: (median(rates) * bytes) / 1e9,
  readGigabytesPerSecond: median(bandwidths),
  form: facts.form,
  threads: facts.threads,
};
result.shareOfBandwidth = result.gigabytesPerSecond / result.readGigabytesPerSecond;
if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`);
else
  process.stdout.write(
    `${(result.parameters / 1e6).toFixed(1)}M parameters: ${result.tokensPerSecond.toFixed(1)} tokens/s = ${result.gigabytesPerSecond.toFixed(1)} GB/s of weights, ${(100 * result.shareOfBandwidth).toFixed(0)} % of ${result.readGigabytesPerSecond.toFixed(1)} GB/s read bandwidth\n`,
  );
await writeResult('decode', { date: new Date().toISOString(), machine: machine(), ...result });
