import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventBody, StepName } from '../core/index.js';
import { hashFile, openRunFolder, parseRunName, type Step } from '../project/index.js';
import { type GraphNode, node } from './node.js';
import { type GraphRun, runGraph } from './run-graph.js';

/** A small real graph: plan → collect (reads words.txt) → clean, and tokenizer, which reads plan alone. */
interface Config {
  readonly plan: { readonly factor: number };
  readonly data: { readonly file: string; readonly upper: boolean };
  readonly text: { readonly size: number; readonly optional?: number | undefined };
}

const read = (folder: string) => readFileSync(join(folder, 'out'), 'utf8');

const step = <Section>(
  name: StepName,
  inputs: readonly StepName[],
  make: (section: Section, input: (step: StepName) => string, project: string) => string,
  more: Partial<Step<Section>> = {},
): Step<Section> => ({
  name,
  version: 1,
  inputs,
  run: async ({ section, folder, artifact, projectFolder }) => {
    writeFileSync(
      join(folder, 'out'),
      make(section, (input) => read(artifact(input)), projectFolder),
    );
    return { kind: 'done', summary: { step: name } };
  },
  ...more,
});

const plan = step<Config['plan']>('plan', [], ({ factor }) => String(factor));
const collect = step<Config['data']>(
  'collect',
  ['plan'],
  ({ file }, input, project) => readFileSync(join(project, file), 'utf8').repeat(Number(input('plan'))),
  {
    externalInputs: async ({ file }, project) => ({ [file]: await hashFile(join(project, file)) }),
  },
);
const clean = step<Config['data']>('clean', ['collect'], ({ upper }, input) =>
  upper ? input('collect').toUpperCase() : input('collect'),
);
const tokenizer = step<Config['text']>('tokenizer', ['plan'], ({ size }, input) => input('plan') + size);

const graphOf = (
  collectStep: Step<Config['data']> = collect,
  planStep: Step<Config['plan']> = plan,
): readonly GraphNode<Config>[] => [
  node(planStep, (config: Config) => config.plan),
  node(collectStep, (config: Config) => config.data),
  node(clean, (config: Config) => config.data),
  node(tokenizer, (config: Config) => config.text),
];

const config: Config = { plan: { factor: 2 }, data: { file: 'words.txt', upper: true }, text: { size: 8 } };
let project = '';
let events: EventBody[] = [];
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'octavo-graph-'));
  writeFileSync(join(project, 'words.txt'), 'ab');
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

const run = async (options: Partial<GraphRun<Config>> = {}) => {
  events = [];
  return runGraph({
    nodes: graphOf(),
    config,
    run: openRunFolder(project, parseRunName('main')),
    projectFolder: project,
    cacheFolder: join(project, 'cache'),
    signal: new AbortController().signal,
    clock: { now: () => Date.now() },
    emit: (event) => events.push(event),
    ...options,
  });
};

/** p, c, l, t for the steps; capital when it was run, small when skipped. */
const letters = { plan: 'p', collect: 'c', clean: 'l', tokenizer: 't' } as Readonly<Record<StepName, string>>;
const trace = async (options: Partial<GraphRun<Config>> = {}): Promise<string> => {
  const outcome = await run(options);
  return outcome.steps
    .map(({ name, kind }) => (kind === 'done' ? letters[name].toUpperCase() : letters[name]))
    .join('');
};
const artifact = (name: StepName) => openRunFolder(project, parseRunName('main')).artifact(name);

describe('the cache of steps', () => {
  it('runs all, then nothing, and answers the same', async () => {
    expect(await trace()).toBe('PCLT');
    expect(read(artifact('clean'))).toBe('ABAB');
    const started = performance.now();
    expect(await trace()).toBe('pclt');
    expect(performance.now() - started).toBeLessThan(1000);
    expect(events.map(({ kind }) => kind)).toEqual(['step-skipped', 'step-skipped', 'step-skipped', 'step-skipped']);
    expect(events[0]).toMatchObject({ key: expect.stringMatching(/^[0-9a-f]{64}$/) });
  });

  it.each([
    ['a section changes', 'pclT', { config: { ...config, text: { size: 9 } } }],
    ['a section of two steps changes', 'pCLt', { config: { ...config, data: { ...config.data, upper: false } } }],
    ['the section of the first step changes', 'PCLT', { config: { ...config, plan: { factor: 3 } } }],
    ['a version rises', 'pCLt', { nodes: graphOf({ ...collect, version: 2 }) }],
    ['an input is added', 'pclt', { config: { ...config, text: { size: 8, optional: undefined } } }],
    [
      'fields change their order only',
      'pclt',
      { config: { text: { size: 8 }, data: { upper: true, file: 'words.txt' }, plan: { factor: 2 } } },
    ],
  ])('when %s runs %s', async (_, expected, options) => {
    await run();
    expect(await trace(options)).toBe(expected);
    expect(await trace(options)).toBe('pclt');
    expect(await trace()).toBe(expected === 'pclt' ? 'pclt' : expected);
  });

  it('notices an outside file by its contents, whatever its time', async () => {
    await run();
    const file = join(project, 'words.txt');
    writeFileSync(file, 'cd');
    utimesSync(file, 0, 0);
    expect(await trace()).toBe('pCLt');
    expect(read(artifact('clean'))).toBe('CDCD');
    utimesSync(file, 2e9, 2e9);
    expect(await trace()).toBe('pclt');
  });

  it('answers the same when the clock is a month early or late', async () => {
    const month = 30 * 86_400_000;
    expect(await trace({ clock: { now: () => Date.now() - month } })).toBe('PCLT');
    expect(await trace({ clock: { now: () => Date.now() + month } })).toBe('pclt');
    expect(await trace({ clock: { now: () => Date.now() - month } })).toBe('pclt');
  });

  it('notices a folder or a state that somebody removed', async () => {
    await run();
    rmSync(artifact('clean'), { recursive: true });
    expect(await trace()).toBe('pcLt');
    rmSync(openRunFolder(project, parseRunName('main')).state('tokenizer'));
    expect(await trace()).toBe('pclT');
  });

  it('empties the folder of a changed step, and tells readers to forget it', async () => {
    await run();
    writeFileSync(join(artifact('tokenizer'), 'old'), '');
    await run({ config: { ...config, text: { size: 9 } } });
    expect(readdirSync(artifact('tokenizer'))).toEqual(['out']);
    expect(events.filter(({ kind }) => kind !== 'step-skipped').map(({ kind }) => kind)).toEqual([
      'rewind',
      'step-started',
      'step-finished',
    ]);
  });

  it('--from does a step and those after it anew; --until stops', async () => {
    await run();
    expect(await trace({ from: 'clean' })).toBe('pcLT');
    expect(await trace({ from: 'collect', until: 'clean' })).toBe('pCL');
    await expect(run({ from: 'clean', until: 'plan' })).rejects.toThrowError('--from clean comes after --until plan');
    await expect(run({ until: 'export' })).rejects.toThrowError(
      '--until: there is no step export [USAGE]\n  → steps are plan, collect, clean, tokenizer',
    );
  });
});

describe('what a step may read', () => {
  it('is what its key depends on, also through its inputs', async () => {
    const far = step<Config['data']>('clean', ['collect'], (_, input) => input('plan'));
    const undeclared = step<Config['text']>('tokenizer', ['plan'], (_, input) => input('collect'));
    expect((await run({ nodes: [...graphOf().slice(0, 2), node(far, ({ data }) => data)] })).kind).toBe('done');
    await expect(run({ nodes: [...graphOf().slice(0, 3), node(undeclared, ({ text }) => text)] })).rejects.toThrowError(
      'step tokenizer names collect among its inputs before reading it',
    );
  });
});

describe('a step that does not finish', () => {
  /** Writes one file a call, three in all; interrupted or broken after the first. */
  const partial = (how: 'interrupts' | 'breaks' | 'aborts', stop: AbortController): Step<Config['plan']> => ({
    name: 'plan',
    version: 1,
    inputs: [],
    run: async ({ folder, signal }) => {
      const before = readdirSync(folder).length;
      writeFileSync(join(folder, String(before)), '');
      if (before < 1) {
        if (how === 'breaks') throw new TypeError('no such thing');
        stop.abort();
        if (how === 'aborts') signal.throwIfAborted();
        return { kind: 'interrupted' };
      }
      writeFileSync(join(folder, 'out'), '2');
      return { kind: 'done', summary: { before } };
    },
  });

  it.each(['interrupts', 'aborts'] as const)('is kept and gone on with: %s', async (how) => {
    const stop = new AbortController();
    const outcome = await run({ nodes: graphOf(collect, partial(how, stop)), signal: stop.signal });
    expect(outcome).toEqual({ kind: 'interrupted', step: 'plan', steps: [] });
    expect(events.map(({ kind }) => kind)).toEqual(['step-started', 'step-interrupted']);
    const second = await run({ nodes: graphOf(collect, partial(how, stop)) });
    expect(second.steps[0]).toMatchObject({ kind: 'done', summary: { before: 1 } });
    expect(events.some(({ kind }) => kind === 'rewind')).toBe(false);
  });

  it('begins anew when its section changed in between', async () => {
    const stop = new AbortController();
    await run({ nodes: graphOf(collect, partial('interrupts', stop)), signal: stop.signal });
    const again = new AbortController();
    await run({
      nodes: graphOf(collect, partial('interrupts', again)),
      signal: again.signal,
      config: { ...config, plan: { factor: 5 } },
    });
    expect(readdirSync(artifact('plan'))).toEqual(['0']);
  });

  it('stops between steps when the signal came', async () => {
    const stop = new AbortController();
    stop.abort();
    expect(await run({ signal: stop.signal })).toEqual({ kind: 'interrupted', step: 'plan', steps: [] });
    expect(existsSync(artifact('plan'))).toBe(false);
  });

  it('that throws is told, kept, and tried again', async () => {
    const nodes = graphOf(collect, partial('breaks', new AbortController()));
    await expect(run({ nodes })).rejects.toThrowError('step plan: TypeError: no such thing [STEP_FAILED]');
    expect(events.at(-1)).toMatchObject({ kind: 'step-failed', step: 'plan', error: { code: 'STEP_FAILED' } });
    expect((await run({ nodes })).steps[0]).toMatchObject({ kind: 'done', summary: { before: 1 } });
  });
});
