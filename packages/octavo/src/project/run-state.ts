/** What the events of a run amount to: the one reading of the log that terminal, report and charts share. */
import { absurd, type RunEvent, type StepName, steps } from '../core/index.js';

export type StepMemory = Extract<RunEvent, { readonly kind: 'memory' }>;

export interface Progress {
  readonly done: number;
  readonly total: number;
  readonly unit: string;
  readonly note: string | undefined;
  /** Units a second over the last half minute; undefined until two reports came. */
  readonly ratePerSecond: number | undefined;
  readonly etaMs: number | undefined;
}

export interface Point {
  readonly at: number;
  readonly value: number;
  readonly timeMs: number;
}

export interface Sample {
  readonly at: number;
  readonly prompt: string;
  readonly text: string;
  readonly timeMs: number;
}

export interface Checkpoint {
  readonly at: number;
  readonly path: string;
  readonly bytes: number;
  readonly elapsedMs: number;
  readonly timeMs: number;
}

export type StepStatus =
  | { readonly kind: 'waiting' }
  | { readonly kind: 'running'; readonly startedAtMs: number }
  | {
      readonly kind: 'done';
      readonly skipped: boolean;
      readonly elapsedMs: number;
      readonly summary: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'failed'; readonly error: Readonly<Record<string, unknown>> }
  | { readonly kind: 'interrupted' };

export interface StepView {
  readonly name: StepName;
  /** The leaf of the octavo, 1 to 8, that the step belongs to. */
  readonly leaf: number;
  readonly status: StepStatus;
  readonly progress: Progress | undefined;
  /** By name, in the order of `at`. */
  readonly metrics: ReadonlyMap<string, readonly Point[]>;
  readonly samples: readonly Sample[];
  readonly checkpoints: readonly Checkpoint[];
  /** What the step said of its memory before it ran. */
  readonly memory: StepMemory | undefined;
  readonly warnings: readonly string[];
}

export interface RunState {
  readonly run: string | undefined;
  readonly machine: Readonly<Record<string, unknown>>;
  /** 'running' also after a crash: only the lock tells whether the process lives. */
  readonly outcome: 'waiting' | 'running' | 'done' | 'failed' | 'interrupted';
  readonly startedAtMs: number | undefined;
  readonly lastEventMs: number | undefined;
  readonly steps: ReadonlyMap<StepName, StepView>;
}

interface StepBuild {
  readonly name: StepName;
  readonly leaf: number;
  status: StepStatus;
  /** What the step left when it last finished, for a later skip. */
  finished: { readonly elapsedMs: number; readonly summary: Readonly<Record<string, unknown>> } | undefined;
  reports: { readonly done: number; readonly timeMs: number }[];
  latest: { readonly total: number; readonly unit: string; readonly note: string | undefined } | undefined;
  metrics: Map<string, Point[]>;
  samples: Sample[];
  checkpoints: Checkpoint[];
  memory: StepMemory | undefined;
  warnings: string[];
}

const rateWindowMs = 30_000;

const progressOf = (step: StepBuild): Progress | undefined => {
  const last = step.reports.at(-1);
  if (last === undefined || step.latest === undefined) return undefined;
  const first = step.reports.find(({ timeMs }) => timeMs >= last.timeMs - rateWindowMs) ?? last;
  const seconds = (last.timeMs - first.timeMs) / 1000;
  const rate = seconds > 0 && last.done > first.done ? (last.done - first.done) / seconds : undefined;
  const etaMs = rate === undefined ? undefined : (Math.max(0, step.latest.total - last.done) / rate) * 1000;
  return { done: last.done, ...step.latest, ratePerSecond: rate, etaMs };
};

const rewind = (step: StepBuild, at: number): void => {
  for (const [name, points] of step.metrics)
    step.metrics.set(
      name,
      points.filter((point) => point.at <= at),
    );
  step.samples = step.samples.filter((sample) => sample.at <= at);
  step.checkpoints = step.checkpoints.filter((checkpoint) => checkpoint.at <= at);
  step.reports = [];
};

const countsReports = 512;

/** Takes events in order and tells the state at any time; cheap enough to call at every event. */
export class RunReducer {
  #run: string | undefined;
  #machine: Readonly<Record<string, unknown>> = {};
  #outcome: RunState['outcome'] = 'waiting';
  #startedAtMs: number | undefined;
  #lastEventMs: number | undefined;
  readonly #steps = new Map<StepName, StepBuild>(
    steps.map(({ name, leaf }) => [
      name,
      {
        name,
        leaf,
        status: { kind: 'waiting' },
        finished: undefined,
        reports: [],
        latest: undefined,
        metrics: new Map(),
        samples: [],
        checkpoints: [],
        warnings: [],
        memory: undefined,
      },
    ]),
  );

  apply(event: RunEvent): void {
    this.#lastEventMs = event.timeMs;
    if (event.kind === 'run-started') {
      this.#run = event.run;
      this.#machine = event.machine;
      this.#outcome = 'running';
      this.#startedAtMs = event.timeMs;
      // Whatever still ran when the process before this one died did not finish.
      for (const step of this.#steps.values())
        if (step.status.kind === 'running') step.status = { kind: 'interrupted' };
      return;
    }
    if (event.kind === 'run-finished') {
      this.#outcome = event.outcome;
      return;
    }
    const step = this.#steps.get(event.step);
    if (step !== undefined) applyToStep(step, event);
  }

  state(): RunState {
    return {
      run: this.#run,
      machine: this.#machine,
      outcome: this.#outcome,
      startedAtMs: this.#startedAtMs,
      lastEventMs: this.#lastEventMs,
      steps: new Map([...this.#steps].map(([name, step]) => [name, viewOf(step)])),
    };
  }
}

const viewOf = (step: StepBuild): StepView => ({
  name: step.name,
  leaf: step.leaf,
  status: step.status,
  progress: progressOf(step),
  metrics: step.metrics,
  samples: step.samples,
  checkpoints: step.checkpoints,
  warnings: step.warnings,
  memory: step.memory,
});

const applyToStep = (step: StepBuild, event: Exclude<RunEvent, { kind: 'run-started' | 'run-finished' }>): void => {
  const { timeMs } = event;
  switch (event.kind) {
    case 'step-started':
      step.status = { kind: 'running', startedAtMs: timeMs };
      step.reports = [];
      step.latest = undefined;
      step.warnings = [];
      return;
    case 'step-skipped':
      step.status = {
        kind: 'done',
        skipped: true,
        elapsedMs: step.finished?.elapsedMs ?? 0,
        summary: step.finished?.summary ?? {},
      };
      return;
    case 'step-finished':
      step.finished = { elapsedMs: event.elapsedMs, summary: event.summary };
      step.status = { kind: 'done', skipped: false, ...step.finished };
      return;
    case 'step-failed':
      step.status = { kind: 'failed', error: event.error };
      return;
    case 'step-interrupted':
      step.status = { kind: 'interrupted' };
      return;
    case 'progress':
      step.reports.push({ done: event.done, timeMs });
      if (step.reports.length > countsReports) step.reports.splice(0, countsReports / 2);
      step.latest = { total: event.total, unit: event.unit, note: event.note };
      return;
    case 'metric':
      for (const [name, value] of Object.entries(event.values)) {
        const points = step.metrics.get(name) ?? [];
        points.push({ at: event.at, value, timeMs });
        step.metrics.set(name, points);
      }
      return;
    case 'sample':
      step.samples.push({ at: event.at, prompt: event.prompt, text: event.text, timeMs });
      return;
    case 'checkpoint':
      step.checkpoints.push({ at: event.at, path: event.path, bytes: event.bytes, elapsedMs: event.elapsedMs, timeMs });
      return;
    case 'memory':
      step.memory = event;
      return;
    case 'rewind':
      rewind(step, event.at);
      return;
    case 'warning':
      step.warnings.push(event.text);
      return;
    default:
      absurd(event);
  }
};

/** The state after these events. */
export const runState = (events: Iterable<RunEvent>): RunState => {
  const reducer = new RunReducer();
  for (const event of events) reducer.apply(event);
  return reducer.state();
};
