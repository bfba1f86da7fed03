import { type Clock, fail, formatBytes, formatDuration } from '../core/index.js';
import { openBlobs, pull, push, type Transferred } from '../data/index.js';
import { cacheFolderOf, readProject } from '../pipeline/index.js';
import { findProjectFolder, parseRunName, runFolder } from '../project/index.js';
import type { Invocation } from './command.js';
import { existingRun } from './run-artifacts.js';
import type { Terminal } from './terminal.js';

/** A line that is written over, or one every five seconds where that cannot be. */
function transferLine(verb: string, terminal: Terminal, clock: Clock) {
  const startedMs = clock.now();
  const everyMs = terminal.live ? 100 : 5000;
  let toldMs = startedMs;
  let first: number | undefined;
  return {
    tell: (done: number, total: number): void => {
      first ??= done;
      const nowMs = clock.now();
      if (nowMs - toldMs < everyMs) return;
      toldMs = nowMs;
      const share = total === 0 ? 1 : done / total;
      const leftMs = ((nowMs - startedMs) * (total - done)) / Math.max(1, done - first);
      const text = `${verb} ${Math.floor(share * 100)}% · ${formatBytes(done)} of ${formatBytes(total)} · ${formatDuration(leftMs)} left`;
      terminal.err(terminal.live ? `\r\u001b[K${text}` : `${text}\n`);
    },
    clear: (): void => {
      if (terminal.live) terminal.err('\r\u001b[K');
    },
  };
}

/** `octavo data push` and `octavo data pull`. */
export async function transferData(
  verb: 'push' | 'pull',
  { terminal, clock, cwd, interruptible }: Invocation,
  options: { readonly run: string; readonly set: readonly string[]; readonly blobs?: string | undefined },
): Promise<{ readonly value: Transferred; readonly text: string }> {
  const projectFolder = findProjectFolder(cwd);
  const { blobs } = readProject(projectFolder, options.set).data;
  const given = typeof blobs === 'string' ? { to: blobs } : blobs;
  const to = options.blobs ?? given?.to;
  if (to === undefined)
    throw fail('USAGE', {
      what: 'no store is named',
      where: 'data.blobs',
      remedy: 'write blobs: s3://bucket/folder below data: in octavo.yaml, or give --blobs',
    });
  const run = verb === 'push' ? existingRun(cwd, options.run) : runFolder(projectFolder, parseRunName(options.run));
  const line = transferLine(verb, terminal, clock);
  const value = await interruptible(async (signal) => {
    try {
      return await (verb === 'push' ? push : pull)({
        run,
        projectFolder,
        cacheFolder: cacheFolderOf(projectFolder),
        open: (under) => openBlobs(to, given ?? {}, { projectFolder, signal: under }),
        signal,
        now: clock.now,
        tell: line.tell,
      });
    } catch (error) {
      if (!signal.aborted) throw error;
      throw fail('INTERRUPTED', { what: 'stopped; whole files stay', remedy: 'the same command goes on where it was' });
    } finally {
      line.clear();
    }
  }, 'stopping after this piece');
  const { files, bytes, unchanged, store } = value;
  const ends = verb === 'push' ? 'are in' : 'are here, from';
  return { value, text: `${files} files (${formatBytes(bytes)}) ${ends} ${store}; ${unchanged} were there already\n` };
}
