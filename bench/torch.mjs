/** PyTorch as contestants of the training race, one a mode: float32 and bf16 autocast, eager and compiled. */
import { fileURLToPath } from 'node:url';
import { startLineProcess } from './line-process.mjs';

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
export const startTorch = async (shape, { python, threads, stepsPerTurn = 1 }) => {
  const script = fileURLToPath(new URL('train-torch.py', import.meta.url));
  const sizes = Object.entries({ ...shape, ...(threads === undefined ? {} : { threads }) });
  const child = await startLineProcess(
    python,
    [script, ...sizes.flatMap(([name, size]) => [`--${name}`, String(size)])],
    {
      env: keepMemory,
    },
  );
  const turn = async (mode) => {
    let seconds = 0;
    for (let i = 0; i < stepsPerTurn; i++) {
      const answer = await child.ask(`step ${mode}`);
      if (answer.kind === 'failed') throw new Error(answer.reason);
      seconds += answer.seconds;
    }
    return seconds;
  };
  return {
    ready: child.ready,
    contestants: child.ready.modes.map((mode) => ({ name: `torch ${mode}`, run: () => turn(mode) })),
    close: () => child.close(),
  };
};
