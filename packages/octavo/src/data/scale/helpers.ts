/** Processes that clean beside this one and end with it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { CleanPlace } from '../clean/clean-work.js';

export type HelperPlace = Omit<CleanPlace, 'signal' | 'weights'>;

/** Processes run what was built, also when this file is read as TypeScript. */
const program = fileURLToPath(new URL('./helper.js', import.meta.url)).replace(
  /([\\/])src([\\/]data[\\/]scale)/,
  '$1dist$2',
);

/**
 * Starts so many processes. One that fails or is killed leaves its shards to the others: what is wrong with the work is
 * told by the process that asked.
 */
export function startHelpers(count: number, place: HelperPlace) {
  const children = Array.from({ length: Math.max(0, count) }, () => {
    // The pipe ends when this process does, however it does; then the helper leaves.
    const child = spawn(process.execPath, [program], { stdio: ['pipe', 'ignore', 'ignore'] });
    const ended = once(child, 'close').catch(() => undefined);
    child.stdin.on('error', () => {});
    child.stdin.write(`${JSON.stringify(place)}\n`);
    return { child, ended };
  });
  return {
    [Symbol.asyncDispose]: async (): Promise<void> => {
      for (const { child } of children) child.kill('SIGKILL');
      await Promise.all(children.map(({ ended }) => ended));
    },
  };
}
