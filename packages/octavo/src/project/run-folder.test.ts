import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findProjectFolder, listRuns, openRunFolder, parseRunName } from './run-folder.js';
import { readStepState, writeStepState } from './step-state.js';

let project = '';
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'octavo-project-'));
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

describe('the run folder', () => {
  it.each(['main', 'wide-2', '2026.11', 'A_b'])('may be named %s', (name) => expect(parseRunName(name)).toBe(name));

  it.each([
    '',
    '.',
    '..',
    '../x',
    'a/b',
    'a\\b',
    '.hidden',
    '-rf',
    'a b',
    'con',
    'NUL.txt',
    'x.',
    'a\u0000b',
    'é',
    'x'.repeat(65),
  ])('may not be named %j', (name) => expect(() => parseRunName(name)).toThrowError('PATH_NOT_ALLOWED'));

  it.each(['runs', 'runs/main', 'runs/main/artifacts', 'runs/main/steps', 'runs/main/lock'])(
    'refuses %s as a link',
    (link) => {
      const elsewhere = mkdtempSync(join(tmpdir(), 'octavo-elsewhere-'));
      mkdirSync(join(project, link, '..'), { recursive: true });
      symlinkSync(elsewhere, join(project, link));
      expect(() => openRunFolder(project, parseRunName('main'))).toThrowError(
        'a link or a file stands where a folder of the run belongs',
      );
      rmSync(elsewhere, { recursive: true });
    },
  );

  it('is found from a folder below, and lists runs that have begun', () => {
    writeFileSync(join(project, 'octavo.yaml'), '');
    for (const name of ['b', 'a', 'begun-not']) openRunFolder(project, parseRunName(name));
    for (const name of ['a', 'b']) writeFileSync(join(project, 'runs', name, 'events.jsonl'), '');
    expect(findProjectFolder(join(project, 'runs', 'a'))).toBe(project);
    expect(listRuns(project)).toEqual(['a', 'b']);
  });

  it('keeps the state of a step, and trusts nothing damaged', () => {
    const { state } = openRunFolder(project, parseRunName('main'));
    expect(readStepState(state('plan'))).toBeUndefined();
    const done = { kind: 'done', key: 'k', elapsedMs: 1.5, summary: { a: 1 } } as const;
    writeStepState(state('plan'), done);
    expect(readStepState(state('plan'))).toEqual(done);
    for (const text of [
      '',
      '{',
      '{}',
      JSON.stringify({ ...done, kind: 'finished' }),
      JSON.stringify({ ...done, extra: 1 }),
    ]) {
      writeFileSync(state('plan'), text);
      expect(readStepState(state('plan'))).toBeUndefined();
    }
  });
});
