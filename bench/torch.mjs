/** PyTorch as contestants of the training race, one a mode: float32 and bf16 autocast, eager and compiled. */
import { fileURLToPath } from 'node:url';
import { startLineProcess } from './line-process.mjs';

/** Freed memory is kept and large pages are used: the best that PyTorch's allocations can have on Linux. */
const keepMemory = {
  THP_MEM_ALLOC_ENABLE: '1',
  GLIBC_TUNABLES: 'glibc.malloc.mmap_threshold=17179869184:glibc.malloc.trim_threshold=17179869184',
};

/**
 * Starts PyTorch's process: `ready` says version and threads, `contestants` take turns, `memory` says what the process
 * takes, `close` ends it.
 */
export const startTorch = async (shape, { python, threads, stepsPerTurn = 1, env = keepMemory }) => {
  const script = fileURLToPath(new URL('train-torch.py', import.meta.url));
  const sizes = Object.entries({ ...shape, ...(threads === undefined ? {} : { threads }) });
  const child = await startLineProcess(
    python,
    [script, ...sizes.flatMap(([name, size]) => [`--${name}`, String(size)])],
    { env },
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
    memory: () => child.ask('memory'),
    close: () => child.close(),
  };
};
