import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runCommandLine } from '../../packages/octavo/src/cli/program.js';
import { surroundings } from '../../packages/octavo/src/cli/surroundings.test-support.js';
import { openRunFolder, parseRunName, writeStepState } from '../../packages/octavo/src/project/index.js';

const folder = mkdtempSync(join(tmpdir(), 'octavo-cli-transfer-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const octavo = async (project: string, ...argv: readonly string[]) => {
  const around = surroundings(join(folder, project));
  const code = await runCommandLine(['data', ...argv], around);
  return { code, out: around.printed(), err: around.said() };
};

it('carries the data of a run from one project to another', async () => {
  for (const project of ['one', 'two']) {
    mkdirSync(join(folder, project));
    writeFileSync(join(folder, project, 'octavo.yaml'), 'data: { blobs: ../store }\n');
  }
  const run = openRunFolder(join(folder, 'one'), parseRunName('main'));
  writeFileSync(run.events, '');
  expect((await octavo('one', 'push')).err).toContain('no data step of this run is finished');
  const path = join(run.artifact('split'), 'train.parquet');
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, 'rows');
  writeStepState(run.state('split'), { kind: 'done', key: 'k', elapsedMs: 1, summary: {} });

  expect(await octavo('two', 'pull')).toMatchObject({ code: 2, err: expect.stringContaining('[BLOB_ABSENT]') });
  const pushed = await octavo('one', 'push');
  expect(pushed).toMatchObject({ code: 0, err: '' });
  expect(pushed.out).toMatch(/^2 files \(\d+ B\) are in .*store; 0 were there already\n$/);
  const pulled = await octavo('two', 'pull', '--json');
  expect(JSON.parse(pulled.out)).toMatchObject({ files: 2, unchanged: 0 });
  expect(readFileSync(join(folder, 'two/runs/main/artifacts/split/train.parquet'), 'utf8')).toBe('rows');
  expect((await octavo('two', 'push', '--set', 'data.blobs=hdfs://user:hush@host/a')).err).toMatch(/BLOB_PLACE/);
  expect((await octavo('two', 'push', '--set', 'data.blobs=hdfs://user:hush@host/a')).err).not.toContain('hush');
});

it('asks for a place', async () => {
  mkdirSync(join(folder, 'none'));
  writeFileSync(join(folder, 'none', 'octavo.yaml'), '');
  expect(await octavo('none', 'pull')).toMatchObject({ code: 2, err: expect.stringContaining('data.blobs') });
});
