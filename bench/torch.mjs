/**
 * PyTorch as contestants of a training benchmark, one a mode; alone, it prints PyTorch's own figures:
 *
 *   node bench/torch.mjs large    # 6 layers, 6 heads, 384 wide, context 256, batch 64: 10.7M parameters
 *   node bench/torch.mjs small    # 4 layers, 4 heads, 128 wide, context 64, batch 12: 0.8M
 */
import { fileURLToPath } from 'node:url';
import { alternate, table, writeResult } from './harness.mjs';
import { startLineProcess } from './line-process.mjs';
import { peerPython } from './peers.mjs';

export const trainingShapes = {
  large: { layers: 6, heads: 6, width: 384, context: 256, batch: 64, vocabulary: 65 },
  small: { layers: 4, heads: 4, width: 128, context: 64, batch: 12, vocabulary: 65 },
};

/** Floating-point operations of a training step: (6N + 12·L·D·T) a token, N without the positions. */
export const flopOf = ({ layers, width, context, batch, vocabulary }) => {
  const parameters = vocabulary * width + layers * (12 * width * width + 2 * width) + width;
  return (6 * parameters + 12 * layers * width * context) * batch * context;
};

/** Freed memory is kept and large pages are used: the best that PyTorch's allocations can have on Linux. */
const keepMemory = {
  THP_MEM_ALLOC_ENABLE: '1',
  GLIBC_TUNABLES: 'glibc.malloc.mmap_threshold=17179869184:glibc.malloc.trim_threshold=17179869184',
};

/** Starts PyTorch's process: `ready` says version and threads, `contestants` take turns, `close` ends it. */
export const startTorch = async (shape, { python = peerPython(), modes, threads } = {}) => {
  if (python === undefined) throw new Error('PyTorch is not installed\n  → node bench/peers.mjs');
  const script = fileURLToPath(new URL('train-torch.py', import.meta.url));
  const sizes = Object.entries({ ...shape, ...(threads === undefined ? {} : { threads }) });
  const child = await startLineProcess(
    python,
    [script, ...sizes.flatMap(([name, size]) => [`--${name}`, String(size)])],
    {
      env: keepMemory,
    },
  );
  const step = async (mode) => {
    const answer = await child.ask(`step ${mode}`);
    if (answer.kind === 'failed') throw new Error(answer.reason);
    return answer.seconds;
  };
  return {
    ready: child.ready,
    contestants: (modes ?? child.ready.modes).map((mode) => ({ name: `torch ${mode}`, run: () => step(mode) })),
    close: () => child.close(),
  };
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const size = process.argv[2] ?? 'small';
  const shape = trainingShapes[size];
  if (shape === undefined) throw new Error(`${size} is not a size\n  → ${Object.keys(trainingShapes).join(' or ')}`);
  const rounds = Number(process.argv[3] ?? (size === 'small' ? 50 : 5));
  const torch = await startTorch(shape);
  const { ready } = torch;
  const result = await alternate(torch.contestants, { rounds, warmup: 2 });
  await torch.close();
  const gflop = flopOf(shape) / 1e9;
  process.stdout.write(`${table(result, { amount: ready.tokensPerStep, unit: 'tokens' })}\n`);
  process.stdout.write(
    `torch ${ready.torch}, ${ready.threads} threads, ${ready.capability}, ${ready.parameters} parameters\n`,
  );
  for (const { name, median, best } of result.contestants)
    process.stdout.write(`${name}: ${(gflop / median).toFixed(0)} GFLOP/s, at best ${(gflop / best).toFixed(0)}\n`);
  process.stdout.write(`${await writeResult(`torch-${size}`, { ...result, shape, torch: ready })}\n`);
}
