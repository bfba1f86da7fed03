import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openRunFolder, parseRunName, readEvents, readStepState, runState } from '../project/index.js';
import { transpileRooms } from '../project/transpile.test-support.js';

/**
 * A real graph in a real process: `collect` writes the numbers 1 to 40 into a file, one every few milliseconds, each kept for good;
 * `clean` sums them. `stubborn` makes collect deaf to the signal.
 */
const program = (rooms: string, project: string, stubborn: boolean): string => `
  import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
  import { setTimeout as sleep } from 'node:timers/promises';
  import { interruptibleBy } from '${rooms}/cli/interruptible.js';
  import { runGraph } from '${rooms}/pipeline/run-graph.js';
  import { node } from '${rooms}/pipeline/node.js';
  import { acquireLock, EventLog, openRunFolder, parseRunName } from '${rooms}/project/index.js';
  const numbersIn = (folder) => existsSync(folder + '/n') ? readFileSync(folder + '/n', 'utf8').trim().split('\\n').map(Number) : [];
  const collect = { name: 'collect', version: 1, inputs: [], run: async ({ folder, emit, signal }) => {
    for (let done = numbersIn(folder).length; done < 40; done += 1) {
      if (signal.aborted && !${stubborn}) return { kind: 'interrupted' };
      appendFileSync(folder + '/n', String(done + 1) + '\\n');
      emit({ kind: 'progress', step: 'collect', done: done + 1, total: 40, unit: 'numbers' });
      if (done === 5) console.log('five');
      await sleep(${stubborn ? 100 : 10});
    }
    return { kind: 'done', summary: {} };
  } };
  const clean = { name: 'clean', version: 1, inputs: ['collect'], run: async ({ folder, artifact }) => {
    const sum = numbersIn(artifact('collect')).reduce((a, b) => a + b, 0);
    writeFileSync(folder + '/sum', String(sum));
    return { kind: 'done', summary: { sum } };
  } };
  const run = openRunFolder('${project}', parseRunName('main'));
  const lock = acquireLock(run.lock, 'runs/main');
  const clock = { now: () => Date.now() };
  const log = new EventLog(run.events, clock);
  log.emit({ kind: 'run-started', run: 'main', version: '0', machine: {} });
  const outcome = await interruptibleBy(process, (text) => process.stderr.write(text))((signal) =>
    runGraph({ nodes: [node(collect, () => 0), node(clean, () => 0)], config: {}, run, projectFolder: '${project}', cacheFolder: '', signal, clock, emit: log.emit }));
  log.emit({ kind: 'run-finished', outcome: outcome.kind, elapsedMs: 0 });
  lock.release();
  process.exitCode = outcome.kind === 'interrupted' ? 130 : 0;
`;

let rooms: ReturnType<typeof transpileRooms>;
let project = '';
beforeAll(() => {
  rooms = transpileRooms(['core', 'project', 'pipeline', 'cli']);
});
afterAll(() => rooms.remove());
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'octavo-signal-'));
  return () => rmSync(project, { recursive: true, force: true });
});

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly said: string;
}

/** Starts the program; `onFive` is called once, when the sixth number is written. */
const start = async (onFive: (child: ChildProcess) => void = () => undefined, stubborn = false): Promise<Ended> => {
  const file = join(rooms.folder, 'program.mjs');
  writeFileSync(file, program(rooms.folder, project, stubborn));
  const child = spawn(process.execPath, [file], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (text) => {
    said += String(text);
  });
  createInterface({ input: child.stdout }).once('line', () => onFive(child));
  return new Promise((resolve) => child.once('close', (code, signal) => resolve({ code, signal, said })));
};

const run = () => openRunFolder(project, parseRunName('main'));
const numbers = () =>
  readFileSync(join(run().artifact('collect'), 'n'), 'utf8')
    .trim()
    .split('\n').length;
const finishes = async () => {
  expect(await start()).toMatchObject({ code: 0 });
  expect(readFileSync(join(run().artifact('clean'), 'sum'), 'utf8')).toBe('820');
};

describe('a run in a process of its own', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGUSR1', 'SIGHUP'] as const)(
    'saves and exits 130 at %s, and the same command goes on',
    async (signal) => {
      const ended = await start((child) => child.kill(signal));
      expect(ended).toMatchObject({
        code: 130,
        signal: null,
        said: `\n${signal}: saving, then stopping. Once more to leave at once.\n`,
      });
      expect(numbers()).toBeLessThan(40);
      expect(readStepState(run().state('collect'))?.kind).toBe('interrupted');
      const before = await readEvents(run().events);
      expect(before.slice(-2).map(({ kind }) => kind)).toEqual(['step-interrupted', 'run-finished']);
      await finishes();
      // Nothing was counted twice: the second process went on at the number the first one left.
      const done = (await readEvents(run().events)).flatMap((event) => (event.kind === 'progress' ? [event.done] : []));
      expect(done).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
    },
  );

  it('leaves at once at a second signal', async () => {
    const ended = await start((child) => {
      child.kill('SIGINT');
      setTimeout(() => child.kill('SIGINT'), 60);
    }, true);
    expect(ended).toMatchObject({ code: 130 });
    expect(numbers()).toBeLessThan(40);
    expect(readStepState(run().state('collect'))?.kind).toBe('running');
    await finishes();
  });

  it('survives kill -9: lock, log and step go on', async () => {
    expect(await start((child) => child.kill('SIGKILL'))).toMatchObject({ code: null, signal: 'SIGKILL' });
    expect(runState(await readEvents(run().events)).steps.get('collect')?.status.kind).toBe('running');
    await finishes();
    expect(runState(await readEvents(run().events)).steps.get('collect')?.status.kind).toBe('done');
  });
});
