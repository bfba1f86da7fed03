import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { EventLog, openRunFolder, parseRunName } from '../project/index.js';
import { runCommandLine } from './program.js';
import { surroundings } from './surroundings.test-support.js';

const project = mkdtempSync(join(tmpdir(), 'octavo-report-command-'));
afterAll(() => rmSync(project, { recursive: true, force: true }));

const octavo = async (...argv: readonly string[]) => {
  const around = surroundings(project);
  const code = await runCommandLine(argv, around);
  return { code, out: around.printed(), err: around.said() };
};

it('asks for a run that has begun, then writes its page and prints where it lies', async () => {
  const none = await octavo('report');
  expect(none).toMatchObject({ code: 2, out: '' });
  expect(none.err).toContain('octavo run');

  const run = openRunFolder(project, parseRunName('wide'));
  using log = new EventLog(run.events, { now: () => 0 });
  log.emit({ kind: 'run-started', run: 'wide', version: '1', machine: {} });
  const other = await octavo('report');
  expect(other.err).toContain('name one that is there: wide');

  const path = join(run.folder, 'report.html');
  const { code, out, err } = await octavo('report', '--run', 'wide');
  expect({ code, out }).toEqual({ code: 0, out: `${path}\n` });
  expect(err).toMatch(/· open +gate +Bits per byte, beside the bigram/);
  expect(readFileSync(path, 'utf8')).toMatch(/^<!doctype html>/);
  expect(JSON.parse((await octavo('report', '--run', 'wide', '--json')).out)).toMatchObject({ path, forecast: [] });
});
