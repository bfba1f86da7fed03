import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EventBody, type RunEvent, type StepName, steps } from '../core/index.js';
import { limits } from './limits.js';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isStep = (value: unknown): value is StepName => steps.some(({ name }) => name === value);
const isText = (value: unknown): value is string => typeof value === 'string';
const isNumber = (value: unknown): value is number => typeof value === 'number';

/** A number as the log writes it: not-a-number and infinities are texts there. */
const numberOf = (value: unknown): number | undefined => {
  if (isNumber(value)) return value;
  return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : undefined;
};

const numbersOf = (value: unknown): Readonly<Record<string, number>> | undefined => {
  if (!isFields(value)) return undefined;
  const pairs = Object.entries(value).flatMap(([name, field]) => {
    const number = numberOf(field);
    return number === undefined || name === '__proto__' ? [] : [[name, number] as const];
  });
  return Object.fromEntries(pairs);
};

type Memory = Extract<EventBody, { kind: 'memory' }>;

const blockOf = (value: unknown): readonly Memory['blocks'][number][] => {
  if (!isFields(value)) return [];
  const { kind, path, bytes, offset, from, to } = value;
  if (!isText(kind) || !isText(path) || !isNumber(bytes) || !isNumber(offset) || !isNumber(from) || !isNumber(to))
    return [];
  return [{ kind, path, bytes, offset, from, to }];
};

const memoryOf = (event: Fields, step: StepName): Memory | undefined => {
  const { arenaBytes, scratchBytes, stateBytes, blocks } = event;
  if (!isNumber(arenaBytes) || !isNumber(scratchBytes) || !isNumber(stateBytes) || !Array.isArray(blocks))
    return undefined;
  return { kind: 'memory', step, arenaBytes, scratchBytes, stateBytes, blocks: blocks.flatMap(blockOf) };
};

const bodyOf = (event: Fields): EventBody | undefined => {
  const {
    kind,
    step,
    key,
    at,
    text,
    elapsedMs,
    summary,
    outcome,
    prompt,
    path,
    bytes,
    reason,
    done,
    total,
    unit,
    note,
    run,
    version,
  } = event;
  if (kind === 'run-started')
    return isText(run) && isText(version) && isFields(event['machine'])
      ? { kind, run, version, machine: event['machine'] }
      : undefined;
  if (kind === 'run-finished')
    return isNumber(elapsedMs) && (outcome === 'done' || outcome === 'failed' || outcome === 'interrupted')
      ? { kind, outcome, elapsedMs }
      : undefined;
  if (!isStep(step)) return undefined;
  switch (kind) {
    case 'step-started':
    case 'step-skipped':
      return isText(key) ? { kind, step, key } : undefined;
    case 'step-finished':
      return isNumber(elapsedMs) && isFields(summary) ? { kind, step, elapsedMs, summary } : undefined;
    case 'step-failed':
      return isFields(event['error']) ? { kind, step, error: event['error'] } : undefined;
    case 'step-interrupted':
      return { kind, step };
    case 'progress':
      return isNumber(done) && isNumber(total) && isText(unit)
        ? { kind, step, done, total, unit, ...(isText(note) ? { note } : {}) }
        : undefined;
    case 'metric': {
      const values = numbersOf(event['values']);
      return isNumber(at) && values !== undefined ? { kind, step, at, values } : undefined;
    }
    case 'sample':
      return isNumber(at) && isText(prompt) && isText(text) ? { kind, step, at, prompt, text } : undefined;
    case 'checkpoint':
      return isNumber(at) && isText(path) && isNumber(bytes) && isNumber(elapsedMs)
        ? { kind, step, at, path, bytes, elapsedMs }
        : undefined;
    case 'memory':
      return memoryOf(event, step);
    case 'rewind':
      return isNumber(at) && isText(reason) ? { kind, step, at, reason } : undefined;
    case 'warning':
      return isText(text) ? { kind, step, text } : undefined;
    default:
      return undefined;
  }
};

/** One line of events.jsonl; undefined for what is no event, or one of a later version that this one does not know. */
export const parseEvent = (line: string): RunEvent | undefined => {
  if (line.length > limits.eventCharacters) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    if (!isFields(value) || !isNumber(value['timeMs'])) return undefined;
    const body = bodyOf(value);
    return body === undefined ? undefined : { ...body, timeMs: value['timeMs'] };
  } catch {
    return undefined;
  }
};

export interface FollowOptions {
  /** Ends the following. */
  readonly signal: AbortSignal;
  /** How often the file is looked at. */
  readonly pollMs?: number;
}

/** Whole lines from a byte on; a line without its end is not there yet. */
async function* eventsFrom(
  path: string,
  from: number,
): AsyncGenerator<{ readonly event: RunEvent | undefined; readonly end: number }> {
  let file: Awaited<ReturnType<typeof open>>;
  try {
    file = await open(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return;
    throw error;
  }
  try {
    const chunk = Buffer.alloc(256 * 1024);
    let rest: Buffer[] = [];
    let end = from;
    for (let at = from; ; ) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, at);
      if (bytesRead === 0) return;
      at += bytesRead;
      let start = 0;
      for (
        let newline = chunk.indexOf(0x0a);
        newline >= 0 && newline < bytesRead;
        newline = chunk.indexOf(0x0a, start)
      ) {
        const line = Buffer.concat([...rest, chunk.subarray(start, newline)]);
        rest = [];
        end += line.length + 1;
        start = newline + 1;
        yield { event: parseEvent(line.toString('utf8')), end };
      }
      rest.push(Buffer.from(chunk.subarray(start, bytesRead)));
    }
  } finally {
    await file.close();
  }
}

/** All events of a run so far, oldest first; none when the run has not begun. A torn last line is left out. */
export const readEvents = async (path: string): Promise<readonly RunEvent[]> => {
  const events: RunEvent[] = [];
  for await (const { event } of eventsFrom(path, 0)) if (event !== undefined) events.push(event);
  return events;
};

/** All events so far and then each new one as it is written, until the signal. */
export async function* followEvents(path: string, { signal, pollMs = 200 }: FollowOptions): AsyncGenerator<RunEvent> {
  let position = 0;
  while (!signal.aborted) {
    for await (const { event, end } of eventsFrom(path, position)) {
      position = end;
      if (event !== undefined) yield event;
      if (signal.aborted) return;
    }
    await sleep(pollMs, undefined, { signal }).catch(() => undefined);
  }
}
