import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acquireLock, openRunFolder, parseEvent, parseRunName, readEvents } from '../project/index.js';
import { runCommandLine } from './program.js';
import { surroundings } from './surroundings.test-support.js';

let project = '';
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'octavo-run-'));
  mkdirSync(join(project, 'texts', 'sub'), { recursive: true });
  const names = ['ash', 'birch', 'cedar', 'elm', 'fir', 'hazel', 'larch', 'maple', 'oak', 'pine', 'rowan', 'willow'];
  for (const [index, name] of names.entries())
    for (let copy = 0; copy < 3; copy += 1)
      writeFileSync(
        join(project, 'texts', `${name}-${copy}.txt`),
        Array.from(
          { length: 12 },
          (_, line) =>
            `The ${name} number ${index * 36 + copy * 12 + line} stands by water ${(index * 7919 + copy * 104729 + line * 31) % 997} and word${index}x${copy}x${line}.`,
        ).join('\n'),
      );
  writeFileSync(join(project, 'texts', 'tiny.txt'), 'too short');
  writeFileSync(join(project, 'texts', 'again.txt'), readFileSync(join(project, 'texts', 'oak-0.txt')));
  writeFileSync(join(project, 'octavo.yaml'), 'data:\n  sources: [texts]\n');
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

/** The command, typed in a folder below the project. */
const octavo = async (...argv: readonly string[]) => {
  const around = surroundings(join(project, 'texts', 'sub'));
  const code = await runCommandLine(argv, around);
  return { code, out: around.printed(), err: around.said() };
};

const eventsOf = (out: string) =>
  out
    .trim()
    .split('\n')
    .map((line) => parseEvent(line));
const kindsByStep = (out: string) =>
  eventsOf(out).flatMap((event) =>
    event !== undefined && 'step' in event && /step-(skipped|finished)/.test(event.kind)
      ? [`${event.step} ${event.kind.slice(5)}`]
      : [],
  );

describe('octavo run on a project of text files', () => {
  it('runs the data steps, and then finds nothing to do', async () => {
    const first = await octavo('run', '--until', 'split');
    expect({ code: first.code, out: first.out }).toEqual({ code: 0, out: '' });
    expect(first.err).toMatch(/✓ collect .*38 documents/);
    expect(first.err).toMatch(/runs\/main: 4 of 4 steps done, 0 unchanged/);
    const again = await octavo('split', '--json');
    expect(again).toMatchObject({ code: 0, err: '' });
    expect(kindsByStep(again.out).slice(-3)).toEqual(['collect skipped', 'clean skipped', 'split skipped']);
    expect(await readEvents(openRunFolder(project, parseRunName('main')).events)).toEqual(
      expect.arrayContaining(eventsOf(again.out)),
    );
  });

  it('does what changed, and what is asked for anew', async () => {
    const set = await octavo('split', '--set', 'data.clean.minCharacters=120', '--json');
    expect(kindsByStep(set.out).slice(-3)).toEqual(['collect skipped', 'clean finished', 'split finished']);
    const from = await octavo('split', '--set', 'data.clean.minCharacters=120', '--from', 'split', '--json');
    expect(kindsByStep(from.out).slice(-3)).toEqual(['collect skipped', 'clean skipped', 'split finished']);
    expect(readFileSync(join(project, 'runs', 'main', 'config.yaml'), 'utf8')).toContain('minCharacters: 120');
    writeFileSync(join(project, 'texts', 'tiny.txt'), 'still too short');
    const input = await octavo('split', '--json');
    expect(kindsByStep(input.out).slice(-3)).toEqual(['collect finished', 'clean finished', 'split finished']);
  });

  it('shows how far it has come', async () => {
    const { code, out } = await octavo('status');
    expect(code).toBe(0);
    expect(out).toMatch(/^runs\/main\n/);
    expect(out).toMatch(/✓ {2}split .*\n·. tokenizer {2}waiting\n/);
    const status = JSON.parse((await octavo('status', '--json')).out);
    expect(status).toMatchObject({ run: 'main', outcome: 'done' });
    expect(status.steps).toHaveLength(11);
    expect(await octavo('status', '--run', 'other')).toMatchObject({
      code: 2,
      err: 'error runs/other: this run has not begun [RUN_ABSENT]\n  → begin with `octavo run`, or name one that is there: main\n',
    });
  });

  it('tells what became of the data', async () => {
    const report = await octavo('data', 'report');
    expect(report.code).toBe(0);
    expect(report.out).toMatch(/kept 36 of 38 documents/);
    expect(report.out).toMatch(/too-short +1\n/);
    expect(report.out).toMatch(/exact-duplicate +1\n/);
    const sample: { documents: readonly { id: string }[] } = JSON.parse(
      (await octavo('data', 'sample', '--reason', 'too-short', '--json')).out,
    );
    expect(sample).toMatchObject({ of: 1, documents: [{ dropped: { reason: 'too-short' } }] });
    expect((await octavo('data', 'why', sample.documents[0]?.id ?? '')).out).toContain('still too short');
    expect(await octavo('data', 'why', 'nowhere.txt')).toMatchObject({
      code: 1,
      out: 'runs/main\nthere is no document nowhere.txt\n',
    });
    expect(await octavo('data', 'sample', '--reason', 'to-short')).toMatchObject({
      code: 2,
      err: expect.stringContaining('did you mean too-short?'),
    });
    const diff = await octavo('data', 'diff', 'main', 'main', '--exit-code');
    expect(diff).toMatchObject({ code: 0, out: expect.stringContaining('38 documents are the same in both') });
    expect(await octavo('data', 'diff', 'main')).toMatchObject({ code: 2 });
    // Words are today's, settings those of the run.
    const now = ['--set', 'data.card.title=Notes', '--set', 'data.clean.minCharacters=999'];
    expect(await octavo('data', 'card', ...now)).toMatchObject({ code: 0 });
    const card = readFileSync(join(project, 'runs', 'main', 'data-card.md'), 'utf8');
    for (const said of ['# Notes', '| minCharacters 100 |', '| en |']) expect(card).toContain(said);
    expect(await octavo('data', 'why')).toMatchObject({
      code: 2,
      err: expect.stringContaining('the id of a document is missing'),
    });
    expect(await octavo('data', 'reprot')).toMatchObject({
      code: 2,
      err: expect.stringContaining('"reprot" is not one of report, card, sample, duplicates, why'),
    });
  });

  it('refuses a second writer, and says who the first is', async () => {
    const lock = acquireLock(openRunFolder(project, parseRunName('main')).lock, 'runs/main');
    const { code, err } = await octavo('run', '--until', 'split');
    expect(code).toBe(2);
    expect(err).toContain(`runs/main: process ${process.pid} on`);
    expect((await octavo('status')).out).toContain(`written by process ${process.pid}`);
    lock.release();
    expect((await octavo('run', '--until', 'split')).code).toBe(0);
  });

  it('says what is wrong with the project, and marks the run as failed', async () => {
    const { code, err } = await octavo('run', '--until', 'split', '--set', 'data.sources=[nowhere]', '--run', 'broken');
    expect(code).toBe(2);
    expect(err).toMatch(/nowhere.*\[DATA_SOURCE\]\n {2}→ /s);
    expect((await readEvents(openRunFolder(project, parseRunName('broken')).events)).at(-1)).toMatchObject({
      kind: 'run-finished',
      outcome: 'failed',
    });
  });
});
