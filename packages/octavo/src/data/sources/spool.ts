import { once } from 'node:events';
import { createWriteStream, existsSync, renameSync, statSync } from 'node:fs';
import { notWritten, OctavoError } from '../../core/index.js';

/** Lines between two words of progress. */
const toldLines = 1000;

/**
 * Writes lines to a file once: it takes its name when it is whole, so what is there was read to the end and is not read
 * again. The bytes of the file. Errors: FILE_NOT_WRITTEN, those of `lines`.
 */
export async function spool(
  path: string,
  {
    lines,
    tell,
    signal,
  }: {
    readonly lines: () => AsyncIterable<string>;
    readonly tell: (lines: number) => void;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  if (existsSync(path)) return statSync(path).size;
  const part = `${path}.part-${process.pid}`;
  const out = createWriteStream(part);
  let failed: unknown;
  out.on('error', (error) => {
    failed = error;
  });
  let number = 0;
  try {
    for await (const line of lines()) {
      signal.throwIfAborted();
      if (failed !== undefined) throw notWritten(path, failed);
      if (!out.write(`${line}\n`)) await once(out, 'drain');
      if (++number % toldLines === 0) tell(number);
    }
    out.end();
    await once(out, 'close');
    renameSync(part, path);
  } catch (cause) {
    out.destroy();
    if (cause instanceof OctavoError || signal.aborted) throw cause;
    throw notWritten(path, cause);
  }
  return statSync(path).size;
}
