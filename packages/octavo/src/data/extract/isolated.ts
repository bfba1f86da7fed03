/**
 * Files that are read in a process of their own, with limits on memory and time: a reader that crashes, hangs or grows takes
 * that one file down, which is then rejected with the reason.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { fail } from '../../core/index.js';
import { limits } from '../limits.js';
import { type Bytes, isBomb } from './decompress.js';
import { type FactFields, type Facts, factFieldsOf, facts } from './row-facts.js';
import { byteLines } from './text-pieces.js';

export type IsolatedItem =
  | { readonly kind: 'text'; readonly text: string; readonly facts: Facts }
  | {
      readonly kind: 'bad';
      readonly reason: 'no-text' | 'line-too-long' | 'file-refused';
      readonly detail: string;
      readonly excerpt: string;
    };

const Answer = z.union([
  z.strictObject({ text: z.string(), facts: z.partialRecord(z.enum(facts), z.string()).default({}) }),
  z.strictObject({
    reason: z.enum(['no-text', 'line-too-long', 'file-refused']),
    detail: z.string(),
    excerpt: z.string().default(''),
  }),
  z.strictObject({ absent: z.string(), version: z.string() }),
  z.strictObject({ end: z.literal(true) }),
]);

/** Under a test the sources run, but a child runs what was built of them. */
const childPath = fileURLToPath(new URL('./isolated-child.js', import.meta.url)).replace(
  /([\\/])src([\\/]data[\\/]extract)/,
  '$1dist$2',
);

/** What a row counts for besides its text: a file of three hundred bytes can claim a hundred million empty ones. */
const rowCharacters = 16;

const isolation = { heapMegabytes: 1024, silentMs: 60_000 };

const refused = (detail: string): IsolatedItem => ({ kind: 'bad', reason: 'file-refused', detail, excerpt: '' });

/** Writes the bytes to a file for the child, and says how many there were; more than `most` are not written. */
async function spill(bytes: Bytes, path: string, most: number): Promise<number> {
  let size = 0;
  const bounded = async function* () {
    for await (const piece of bytes) {
      size += piece.length;
      if (size > most) return;
      yield piece;
    }
  };
  await pipeline(bounded(), createWriteStream(path));
  return size;
}

async function* answersOf(child: ChildProcess, format: string): AsyncGenerator<IsolatedItem, void, undefined> {
  const { stdout } = child;
  if (stdout === null) return;
  let timer: NodeJS.Timeout | undefined;
  let isSilent = false;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      isSilent = true;
      child.kill('SIGKILL');
    }, isolation.silentMs);
  };
  const ended = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(signal ?? `code ${code}`));
  });
  wait();
  try {
    // A character takes at most six bytes of JSON.
    for await (const line of byteLines(stdout, 6 * limits.lineBytes + 1024)) {
      // While we are busy with what was said, the child waits for us: that is not its silence.
      clearTimeout(timer);
      if (line.kind === 'too-long') continue;
      const answer = Answer.parse(JSON.parse(Buffer.from(line.bytes).toString('utf8')));
      if ('end' in answer) return;
      if ('absent' in answer) {
        throw fail('PACKAGE_ABSENT', {
          what: `reading .${format} files needs the package ${answer.absent}, which is not installed`,
          where: answer.absent,
          remedy: `npm install ${answer.absent}@${answer.version}`,
        });
      }
      if ('text' in answer) yield { kind: 'text', ...answer };
      else yield { kind: 'bad', ...answer };
      wait();
    }
    const how = await ended;
    yield refused(
      isSilent
        ? `its reader said nothing for ${isolation.silentMs / 1000} s and was stopped`
        : `its reader ended with ${how}`,
    );
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
  }
}

/** What a file of such a format holds. Errors: PACKAGE_ABSENT where its reader is an optional package. */
export async function* readIsolated(
  bytes: Bytes,
  {
    format,
    textField,
    ...fields
  }: FactFields & { readonly format: 'parquet' | 'pdf' | 'docx'; readonly textField: string },
): AsyncGenerator<IsolatedItem, void, undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'octavo-read-'));
  try {
    const path = join(folder, `file.${format}`);
    const most = format === 'parquet' ? limits.archiveBytes : limits.wholeFileBytes;
    const size = await spill(bytes, path, most);
    if (size > most) {
      yield refused(`it has more than ${most} bytes`);
      return;
    }
    const child = spawn(
      process.execPath,
      [
        `--max-old-space-size=${isolation.heapMegabytes}`,
        childPath,
        JSON.stringify({ format, path, textField, ...factFieldsOf((option) => fields[option]) }),
      ],
      { stdio: ['ignore', 'pipe', 'ignore'], env: {} },
    );
    const ratio = { in: size, out: 0 };
    for await (const item of answersOf(child, format)) {
      ratio.out += rowCharacters + (item.kind === 'text' ? item.text.length : 0);
      if (isBomb(ratio)) {
        yield refused(`${size} bytes became ${ratio.out} characters and more, beyond ${limits.compressionRatio} to 1`);
        return;
      }
      yield item;
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
