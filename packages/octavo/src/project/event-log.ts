import { closeSync, constants, fstatSync, fsyncSync, ftruncateSync, openSync, readSync } from 'node:fs';
import { type Clock, type Emit, type EventBody, notWritten, type RunEvent, writeAll } from '../core/index.js';

/** JSON has no words for them, and a diverged loss must not become null. */
const nonFinite = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;

/** The byte after the last whole line. */
const endOfLines = (file: number, size: number): number => {
  const chunk = Buffer.alloc(64 * 1024);
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - chunk.length);
    const count = readSync(file, chunk, 0, end - start, start);
    const newline = chunk.subarray(0, count).lastIndexOf(0x0a);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
};

/** The events of a run, appended one line a write: what was written stays readable after any crash. */
export class EventLog implements Disposable {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #file: number;
  readonly #listener: (event: RunEvent) => void;
  #open = true;

  /** Opens the file for its one writer and cuts off a line that a crash left torn; `listener` hears what was written. */
  constructor(path: string, clock: Clock, listener: (event: RunEvent) => void = () => undefined) {
    this.#path = path;
    this.#clock = clock;
    this.#listener = listener;
    this.#file = openSync(
      path,
      constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW,
      0o644,
    );
    const { size } = fstatSync(this.#file);
    const whole = endOfLines(this.#file, size);
    if (whole < size) ftruncateSync(this.#file, whole);
  }

  readonly emit: Emit = (body: EventBody) => {
    const event: RunEvent = { ...body, timeMs: this.#clock.now() };
    const line = Buffer.from(`${JSON.stringify(event, nonFinite)}\n`);
    const { size } = fstatSync(this.#file);
    try {
      writeAll(this.#file, line);
    } catch (cause) {
      // Half a line before the next one would spoil both.
      ftruncateSync(this.#file, size);
      throw notWritten(this.#path, cause);
    }
    this.#listener(event);
  };

  [Symbol.dispose](): void {
    if (!this.#open) return;
    this.#open = false;
    fsyncSync(this.#file);
    closeSync(this.#file);
  }
}
