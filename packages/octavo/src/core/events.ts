/**
 * The event stream of a run: `events.jsonl`, one JSON object a line, append-only. Progress bars, the report, charts and
 * Studio read nothing else. Times are milliseconds since the epoch.
 */
import type { StepName } from './steps.js';

export type EventBody =
  | {
      readonly kind: 'run-started';
      readonly run: string;
      readonly version: string;
      readonly machine: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'run-finished'; readonly outcome: 'done' | 'failed' | 'interrupted'; readonly elapsedMs: number }
  | { readonly kind: 'step-started'; readonly step: StepName; readonly key: string }
  | { readonly kind: 'step-skipped'; readonly step: StepName; readonly key: string }
  | {
      readonly kind: 'step-finished';
      readonly step: StepName;
      readonly elapsedMs: number;
      readonly summary: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'step-failed'; readonly step: StepName; readonly error: Readonly<Record<string, unknown>> }
  | { readonly kind: 'step-interrupted'; readonly step: StepName }
  /** `done` of `total` in `unit`; readers derive rate and ETA. */
  | {
      readonly kind: 'progress';
      readonly step: StepName;
      readonly done: number;
      readonly total: number;
      readonly unit: string;
      readonly note?: string;
    }
  /** Numbers at one training step, e.g. { loss, learningRate, tokensPerSecond, gradientNorm } or { validationBitsPerByte }. */
  | {
      readonly kind: 'metric';
      readonly step: StepName;
      readonly at: number;
      readonly values: Readonly<Record<string, number>>;
    }
  /** Text from the model while it trains, or an answer afterwards. */
  | {
      readonly kind: 'sample';
      readonly step: StepName;
      readonly at: number;
      readonly prompt: string;
      readonly text: string;
    }
  | {
      readonly kind: 'checkpoint';
      readonly step: StepName;
      readonly at: number;
      readonly path: string;
      readonly bytes: number;
      readonly elapsedMs: number;
    }
  /** Memory of a training step, known before it runs: the arena's largest blocks, alive from instruction `from` through `to`. */
  | {
      readonly kind: 'memory';
      readonly step: StepName;
      readonly arenaBytes: number;
      readonly scratchBytes: number;
      readonly stateBytes: number;
      readonly blocks: readonly {
        readonly kind: string;
        readonly path: string;
        readonly bytes: number;
        readonly offset: number;
        readonly from: number;
        readonly to: number;
      }[];
    }
  /** Training went back to `at`: readers drop metrics and samples of this step with a later `at`. */
  | { readonly kind: 'rewind'; readonly step: StepName; readonly at: number; readonly reason: string }
  | { readonly kind: 'warning'; readonly step: StepName; readonly text: string };

export type RunEvent = EventBody & { readonly timeMs: number };
export type Emit = (event: EventBody) => void;
