import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EventBody } from '../../core/index.js';
import { EventLog, openRunFolder, parseRunName, type RunFolder } from '../../project/index.js';
import { readReport } from './read-report.js';
import { writeReport } from './write-report.js';

let project = '';
let run: RunFolder;
beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'octavo-report-'));
  run = openRunFolder(project, parseRunName('wide'));
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

const clock = { now: () => Date.UTC(2026, 10, 25, 12, 30) };

const log = (...events: readonly EventBody[]): void => {
  using file = new EventLog(run.events, clock);
  for (const event of events) file.emit(event);
};

const loss = (at: number, value: number): EventBody => ({
  kind: 'metric',
  step: 'pretrain',
  at,
  values: { loss: value },
});

/** The page without its style sheet. */
const page = async (): Promise<string> =>
  readFileSync((await writeReport(run, clock)).path, 'utf8').replace(/<style>.*<\/style>/s, '');

describe('the report of half a run', () => {
  it('tells what there is, and says of the rest that it is not there yet', async () => {
    log(
      { kind: 'run-started', run: 'wide', version: '1', machine: { cpu: 'Zen <4>', threads: 2 } },
      { kind: 'step-started', step: 'plan', key: 'a' },
      { kind: 'step-finished', step: 'plan', elapsedMs: 1500, summary: {} },
      { kind: 'step-started', step: 'collect', key: 'b' },
      {
        kind: 'step-failed',
        step: 'collect',
        error: { code: 'DATA_SOURCE', what: 'no file matches <b>*.txt', where: 'data.sources', remedy: 'name another' },
      },
      { kind: 'run-finished', outcome: 'failed', elapsedMs: 2000 },
    );
    const text = await page();
    expect(text).toContain('The run is <b>failed</b>');
    expect(text).toContain('The step collect failed.');
    expect(text).toContain('no file matches &lt;b&gt;*.txt');
    expect(text).toContain('Zen &lt;4&gt;');
    expect(text).toContain('Not there yet: the step evaluate has not finished.');
    expect(text).toContain('Written 2026-11-25 12:30 UTC');
    expect(text).toContain('1.5 s');
  });

  it('leaves out what a rewind took back', async () => {
    log(
      { kind: 'run-started', run: 'wide', version: '1', machine: {} },
      { kind: 'step-started', step: 'pretrain', key: 'a' },
      loss(1, 7),
      loss(2, 6.5),
      loss(3, 99.25),
      { kind: 'sample', step: 'pretrain', at: 3, prompt: 'The ', text: 'lost words' },
      { kind: 'rewind', step: 'pretrain', at: 2, reason: 'resumed' },
      loss(3, 6.25),
      { kind: 'sample', step: 'pretrain', at: 3, prompt: 'The ', text: 'found words' },
    );
    const text = await page();
    expect(text).toContain('<title>step 3: 6.25</title>');
    expect(text).not.toContain('99.25');
    expect(text).toContain('found words');
    expect(text).not.toContain('lost words');
    // No process holds the run, and it did not say that it ended.
    expect(text).toContain('stopped before its end');
  });

  it('says which file is damaged, and shows the others', async () => {
    log({ kind: 'run-started', run: 'wide', version: '1', machine: {} });
    const put = (step: 'plan' | 'evaluate' | 'size', name: string, text: string) => {
      mkdirSync(run.artifact(step), { recursive: true });
      writeFileSync(join(run.artifact(step), name), text);
    };
    put('plan', 'plan.json', '{"version":9}');
    put('evaluate', 'evaluation.json', '{"heldOut":');
    put('size', 'size.json', '[]');
    const report = await readReport(run, 0);
    expect([report.plan.kind, report.evaluation.kind, report.size.kind, report.data.kind]).toEqual([
      'unreadable',
      'unreadable',
      'unreadable',
      'absent',
    ]);
    const text = await page();
    expect(text).toContain('The file of the step plan cannot be read');
    expect(text).toContain('evaluation.json is not JSON');
  });

  it('is a page without scripts or addresses, whatever the texts say', async () => {
    const hostile = '</script><script>alert(1)</script><img src=x onerror=alert(1)>\u001b[2J\u202egpj.exe"\' onload=1';
    log(
      { kind: 'run-started', run: 'wide', version: '1', machine: { cpu: hostile, node: hostile } },
      { kind: 'step-started', step: 'pretrain', key: 'a' },
      { kind: 'sample', step: 'pretrain', at: 1, prompt: hostile, text: hostile },
      { kind: 'warning', step: 'pretrain', text: hostile },
      {
        kind: 'memory',
        step: 'pretrain',
        arenaBytes: 9,
        scratchBytes: 1,
        stateBytes: 1,
        blocks: [{ kind: hostile, path: hostile, bytes: 9, offset: 0, from: 0, to: 1 }],
      },
    );
    const text = await page();
    expect(text).toContain('&lt;/script&gt;');
    expect(text).not.toMatch(/<(script|img|iframe|object|embed|a [^>]*href="(?!#))/i);
    // Every tag is one of ours: no attribute begins an event handler.
    for (const [tag] of text.matchAll(/<[a-z][^>]*>/g)) expect(tag).not.toMatch(/\son[a-z]+=/);
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
    expect(text).toContain("default-src 'none'; style-src 'unsafe-inline'; img-src data:");
    expect(text).not.toMatch(/https?:/);
  });
});
