/**
 * Matrix products that training and decoding use, beside the best of OpenBLAS, MKL (float32) and oneDNN (bf16).
 *
 *   node bench/products.mjs [--rounds 3] [--seconds 0.1] [--only TEXT] [--json]
 *
 * Contestants take turns shape by shape; a figure is the best of one turn, a ratio the median over rounds. Ours is the time
 * of the instruction inside a graph, theirs that of a call from Python, some 1 µs of which is the call.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { input, matmul, measureMachine, nativeBackend, trace } from '@octavo/engine';
import { columns, machine, orderOf, writeResult } from './harness.mjs';
import { startLineProcess } from './line-process.mjs';
import { peerPython } from './peers.mjs';
import { median } from './statistics.mjs';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '0.1' },
    only: { type: 'string', default: '' },
    json: { type: 'boolean', default: false },
  },
});

/** Forward (NT) and the two gradients (NN, TN) of a linear layer over `rows` tokens, from `k` to `n` channels. */
const layer = (name, rows, n, k) => [
  { name: `${name} forward`, m: rows, n, k, ta: 0, tb: 1 },
  { name: `${name} input gradient`, m: rows, n: k, k: n, ta: 0, tb: 0 },
  { name: `${name} weight gradient`, m: n, n: k, k: rows, ta: 1, tb: 0 },
];
const one = (name, m, n, k, ta = 0, tb = 1) => ({ name, m, n, k, ta, tb });
const shapes = [
  one('square', 512, 512, 512, 0, 0),
  one('square', 1024, 1024, 1024, 0, 0),
  one('square', 2048, 2048, 2048, 0, 0),
  one('square, odd', 1023, 1021, 1019, 0, 0),
  ...layer('nanoGPT qkv', 16384, 1152, 384),
  ...layer('nanoGPT up', 16384, 1536, 384),
  ...layer('GPT-2 up', 2048, 3072, 768),
  ...layer('GPT-2 output', 2048, 768, 768),
  ...layer('Llama gate', 4096, 1408, 512),
  ...layer('quickstart qkv', 2048, 576, 192),
  ...layer('quickstart down', 2048, 192, 576),
  ...layer('quickstart head', 2048, 4096, 192),
  one('decode 1', 1, 768, 768),
  one('decode 1', 1, 3072, 768),
  one('decode 1', 1, 32000, 768),
  one('decode 4', 4, 3072, 768),
  one('decode 16', 16, 3072, 768),
  one('decode 16', 16, 32000, 768),
  one('prompt 64', 64, 3072, 768),
  one('prompt 64', 64, 768, 3072),
  one('prompt 128', 128, 3072, 768),
  one('one head, scores', 256, 256, 64),
  one('one head, values', 256, 64, 256, 0, 0),
  one('tall, skinny', 4096, 16, 768),
  one('deep, small', 64, 64, 16384, 1, 0),
].filter(({ name }) => name.includes(options.only));

const facts = await measureMachine();
const threads = availableParallelism();
const backend = nativeBackend(facts);
const kinds = [
  { dtype: 'float32', peers: ['openblas f32', 'torch f32'] },
  ...(facts.mixedPrecision === 'bfloat16' ? [{ dtype: 'bfloat16', peers: ['torch bf16'] }] : []),
];

/** Best seconds of our product within a turn. */
const ours = ({ m, n, k, ta, tb }, dtype) => {
  const a = { dtype, shape: ta ? [k, m] : [m, k] };
  const b = { dtype, shape: tb ? [n, k] : [k, n] };
  const graph = trace((t) => ({
    outputs: {},
    updates: [
      [
        input(t, 'y', { dtype, shape: [m, n] }),
        matmul(input(t, 'a', a), input(t, 'b', b), { transposeA: ta === 1, transposeB: tb === 1 }),
      ],
    ],
  }));
  const executable = backend.compile(graph, { precision: dtype });
  const random = (type) =>
    backend.allocate(
      type,
      Float32Array.from({ length: type.shape[0] * type.shape[1] }, (_, i) => ((i * 7919) % 1000) / 500 - 1),
    );
  const inputs = { y: random({ dtype, shape: [m, n] }), a: random(a), b: random(b) };
  return async (seconds) => {
    await backend.run(executable, inputs);
    let best = Infinity;
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
      const times = await backend.profile(executable, inputs);
      best = Math.min(best, times.reduce((sum, ms) => sum + ms, 0) / 1000);
    }
    return best;
  };
};

const python = peerPython();
const child =
  python === undefined
    ? undefined
    : await startLineProcess(python, [fileURLToPath(new URL('products.py', import.meta.url)), String(threads)], {
        env: { OPENBLAS_NUM_THREADS: String(threads) },
      });
const seconds = Number(options.seconds);
const peak = { float32: facts.peakGflops.fma, bfloat16: facts.peakGflops.dot };
const results = [];
const head = ['', 'm × n × k', '', 'octavo GFLOP/s', 'of peak', 'best peer', 'GFLOP/s', 'octavo is'];
for (const { dtype, peers } of kinds)
  for (const shape of shapes) {
    const { name, m, n, k, ta, tb } = shape;
    const own = ours(shape, dtype);
    const contestants = [
      { name: 'octavo', run: () => own(seconds) },
      ...(child === undefined ? [] : peers).map((peer) => ({
        name: peer,
        run: async () => (await child.ask(`${peer} ${m} ${n} ${k} ${ta} ${tb} ${seconds}`)).seconds,
      })),
    ];
    const samples = new Map(contestants.map(({ name: who }) => [who, []]));
    for (let round = 0; round < Number(options.rounds); round++)
      for (const place of orderOf(round, contestants.length)) {
        const { name: who, run } = contestants[place];
        samples.get(who).push(await run());
      }
    const rate = (who) => (2e-9 * m * n * k) / median(samples.get(who));
    const best = peers.filter((peer) => samples.has(peer)).sort((a, b) => rate(b) - rate(a))[0];
    const ratio =
      best === undefined ? undefined : median(samples.get(best).map((theirs, i) => theirs / samples.get('octavo')[i]));
    results.push({ ...shape, dtype, gflops: rate('octavo'), best, ratio, samples: Object.fromEntries(samples) });
    const row = results.at(-1);
    process.stderr.write(
      `${columns([
        [
          name.padEnd(26),
          `${m} × ${n} × ${k}`.padStart(20),
          `${ta ? 'T' : 'N'}${tb ? 'T' : 'N'} ${dtype}`.padStart(11),
          row.gflops.toFixed(0).padStart(5),
          `${((100 * row.gflops) / peak[dtype]).toFixed(0)} %`.padStart(5),
          (best ?? '').padStart(12),
          best === undefined ? '' : rate(best).toFixed(0).padStart(5),
          ratio === undefined ? '' : `${ratio.toFixed(2)}×`,
        ],
      ])}\n`,
    );
  }
await child?.close();
const compared = results.filter(({ ratio }) => ratio !== undefined);
process.stderr.write(
  `${compared.filter(({ ratio }) => ratio >= 0.95).length} of ${compared.length} at least 0.95 × the best peer; columns: ${head.filter(Boolean).join(', ')}\n`,
);
process.stderr.write(
  `${await writeResult('products', { date: new Date().toISOString(), machine: machine(), facts, results })}\n`,
);
if (options.json) process.stdout.write(`${JSON.stringify(results)}\n`);
