import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { type Clock, type Emit, fail, invariant, OctavoError, type StepName, syncFolder } from '../core/index.js';
import { type RunFolder, readStepState, type StepState, writeStepState } from '../project/index.js';
import { type GraphNode, keyOf } from './node.js';

export interface GraphRun<Config> {
  /** In order: every step stands after its inputs. */
  readonly nodes: readonly GraphNode<Config>[];
  readonly config: Config;
  readonly run: RunFolder;
  readonly projectFolder: string;
  readonly cacheFolder: string;
  /** The last step to run; all when left out. */
  readonly until?: StepName | undefined;
  /** This step and those after it are done anew, changed or not. */
  readonly from?: StepName | undefined;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly emit: Emit;
  /** Told of each step that is done or skipped, before the next begins. */
  readonly after?: (result: StepResult) => Promise<void>;
}

export interface StepResult {
  readonly name: StepName;
  readonly kind: 'done' | 'skipped';
  readonly elapsedMs: number;
  readonly summary: Readonly<Record<string, unknown>>;
}

export type GraphOutcome =
  | { readonly kind: 'done'; readonly steps: readonly StepResult[] }
  | { readonly kind: 'interrupted'; readonly step: StepName; readonly steps: readonly StepResult[] };

const positionOf = <Config>(nodes: readonly GraphNode<Config>[], name: StepName, option: string): number => {
  const position = nodes.findIndex((node) => node.name === name);
  if (position < 0)
    throw fail('USAGE', {
      what: `there is no step ${name}`,
      where: option,
      remedy: `steps are ${nodes.map((node) => node.name).join(', ')}`,
    });
  return position;
};

const emptied: StepState = { kind: 'emptied', key: '', elapsedMs: 0, summary: {} };

/** Empties a step's folder. Its state says so first: a crash in between must not leave 'done' over half a folder. */
const beginAnew = (run: RunFolder, name: StepName): void => {
  writeStepState(run.state(name), emptied);
  rmSync(run.artifact(name), { recursive: true, force: true });
  mkdirSync(run.artifact(name), { recursive: true });
  syncFolder(run.artifact(name));
};

const asOctavoError = (name: StepName, cause: unknown): OctavoError =>
  cause instanceof OctavoError
    ? cause
    : fail('STEP_FAILED', {
        what: cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause),
        where: `step ${name}`,
        remedy: 'this is a mistake of ours: please report it with the output of `octavo doctor`',
        cause,
      });

const isAbort = (error: unknown): boolean =>
  error instanceof Error &&
  (error.name === 'AbortError' || (error instanceof OctavoError && error.code === 'INTERRUPTED'));

/** The folders that a step may read: those of its inputs and of theirs. Any other would not be part of its key. */
const readable = <Config>(graph: GraphRun<Config>, node: GraphNode<Config>): ((step: StepName) => string) => {
  const allowed = new Set<StepName>(node.inputs);
  for (const earlier of graph.nodes.toReversed())
    if (allowed.has(earlier.name)) for (const input of earlier.inputs) allowed.add(input);
  return (step) => {
    invariant(allowed.has(step), `step ${node.name} names ${step} among its inputs before reading it`);
    return graph.run.artifact(step);
  };
};

/** Runs one step whose key is known, going on where an equal one stopped. */
const runNode = async <Config>(
  graph: GraphRun<Config>,
  node: GraphNode<Config>,
  key: string,
  anew: boolean,
): Promise<StepResult | undefined> => {
  const { run, emit, clock, signal } = graph;
  const before = readStepState(run.state(node.name));
  const goesOn = !anew && before?.key === key && existsSync(run.artifact(node.name));
  if (goesOn && before.kind === 'done') {
    emit({ kind: 'step-skipped', step: node.name, key });
    return { name: node.name, kind: 'skipped', elapsedMs: before.elapsedMs, summary: before.summary };
  }
  if (!goesOn) beginAnew(run, node.name);
  const spentMs = goesOn ? before.elapsedMs : 0;
  const startedMs = clock.now();
  const save = (kind: StepState['kind'], summary: StepState['summary'] = {}): number => {
    const elapsedMs = spentMs + Math.max(0, clock.now() - startedMs);
    writeStepState(run.state(node.name), { kind, key, elapsedMs, summary });
    return elapsedMs;
  };
  save('running');
  // What an earlier start told about this step no longer holds.
  if (!goesOn && before !== undefined)
    emit({ kind: 'rewind', step: node.name, at: -1, reason: 'the step begins anew' });
  emit({ kind: 'step-started', step: node.name, key });
  try {
    const outcome = await node.run(graph.config, {
      folder: run.artifact(node.name),
      artifact: readable(graph, node),
      projectFolder: graph.projectFolder,
      cacheFolder: graph.cacheFolder,
      emit,
      clock,
      signal,
    });
    if (outcome.kind === 'done') {
      const elapsedMs = save('done', outcome.summary);
      emit({ kind: 'step-finished', step: node.name, elapsedMs, summary: outcome.summary });
      return { name: node.name, kind: 'done', elapsedMs, summary: outcome.summary };
    }
  } catch (cause) {
    if (!(signal.aborted && isAbort(cause))) {
      const error = asOctavoError(node.name, cause);
      emit({ kind: 'step-failed', step: node.name, error: error.toJSON() });
      save('failed');
      throw error;
    }
  }
  save('interrupted');
  emit({ kind: 'step-interrupted', step: node.name });
  return undefined;
};

/** Runs the steps whose key changed, skips the others, goes on with what was interrupted. */
export const runGraph = async <Config>(graph: GraphRun<Config>): Promise<GraphOutcome> => {
  const { nodes, config, projectFolder } = graph;
  const last = graph.until === undefined ? nodes.length - 1 : positionOf(nodes, graph.until, '--until');
  const first = graph.from === undefined ? nodes.length : positionOf(nodes, graph.from, '--from');
  if (graph.from !== undefined && first > last)
    throw fail('USAGE', {
      what: `--from ${graph.from} comes after --until ${graph.until}`,
      remedy: 'exchange them, or leave one out',
    });
  const keys = new Map<StepName, string>();
  const results: StepResult[] = [];
  for (const [position, node] of nodes.slice(0, last + 1).entries()) {
    if (graph.signal.aborted) return { kind: 'interrupted', step: node.name, steps: results };
    const key = await keyOf(node, config, { keys, projectFolder });
    keys.set(node.name, key);
    const result = await runNode(graph, node, key, position >= first);
    if (result === undefined) return { kind: 'interrupted', step: node.name, steps: results };
    results.push(result);
    await graph.after?.(result);
  }
  return { kind: 'done', steps: results };
};
