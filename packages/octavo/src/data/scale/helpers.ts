/** Processes that work beside this one and end with it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Emit, visibleLine } from '../../core/index.js';
import type { OpenWork, Work } from './work.js';

/** Processes run what was built, also when this file is read as TypeScript. */
const program = fileURLToPath(new URL('./helper.js', import.meta.url)).replace(
  /([\\/])src([\\/]data[\\/]scale)/,
  '$1dist$2',
);

const keptBytes = 2000;

/**
 * Starts so many processes. One that fails or is killed leaves its shards to the others, and `onFailure` hears why: what
 * is wrong with the work itself is told by the process that asked.
 */
function startHelpers(count: number, work: Work, onFailure: (why: string) => void) {
  let isOver = false;
  const children = Array.from({ length: count }, () => {
    // The pipe ends when this process does, however it does; then the helper leaves.
    const child = spawn(process.execPath, [program], { stdio: ['pipe', 'ignore', 'pipe'] });
    let said = '';
    child.stderr.on('data', (data: Buffer) => {
      said = (said + data.toString()).slice(-keptBytes);
    });
    const tell = (how: string) => {
      const last = said.trim().split('\n').slice(-3).join(' ');
      if (!isOver)
        onFailure(`a process that helped ended with ${how}${last === '' ? '' : `: ${visibleLine(last, 400)}`}`);
    };
    child.on('error', (error) => tell(error.message));
    const ended = once(child, 'close').then(
      ([code, signal]) => {
        if (code !== 0) tell(signal === null ? `exit code ${code}` : String(signal));
      },
      () => undefined,
    );
    child.stdin.on('error', () => {});
    child.stdin.write(`${JSON.stringify(work)}\n`);
    return { child, ended };
  });
  return {
    [Symbol.asyncDispose]: async (): Promise<void> => {
      isOver = true;
      for (const { child } of children) child.kill('SIGKILL');
      await Promise.all(children.map(({ ended }) => ended));
    },
  };
}

/** Does the shards of a step with so many processes. A lone shard is left to be made where its result is asked for. */
export async function shareOut(
  opened: OpenWork,
  work: Work,
  { workers, emit }: { readonly workers: number; readonly emit: Emit },
): Promise<void> {
  if (opened.shards < 2) return;
  const warn = (text: string) => emit({ kind: 'warning', step: work.kind, text });
  await using _helpers = startHelpers(Math.min(workers, opened.shards) - 1, work, warn);
  await opened.run();
}
