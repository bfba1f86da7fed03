import type { Clock } from '../core/index.js';
import type { Terminal } from './terminal.js';

export type ExitCode = 0 | 1 | 2 | 130;

/** What a command is given when it runs. */
export interface Invocation {
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  readonly json: boolean;
  readonly terminal: Terminal;
  /** Where the user stands. */
  readonly cwd: string;
  readonly clock: Clock;
  /** Octavo's version. */
  readonly version: string;
  /** Does work that Ctrl-C and SIGTERM stop: at the first the signal aborts, at the second the process leaves. `says` tells the user what the first does. */
  readonly interruptible: <Result>(work: (signal: AbortSignal) => Promise<Result>, says?: string) => Promise<Result>;
}

/** A command: parse, call one function, print. Loaded only when it is the one that was typed. */
export interface Command {
  /** Arguments in commander's form, such as `[folder]`. */
  readonly args?: readonly { readonly form: string; readonly says: string; readonly choices?: readonly string[] }[];
  /** Options in commander's form; `--json` comes by itself. */
  readonly options: readonly { readonly form: string; readonly says: string; readonly repeats?: true }[];
  readonly examples: readonly string[];
  readonly run: (invocation: Invocation) => Promise<ExitCode>;
}
