import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faintTexts, hasBrowser, launchBrowser, type Visit, visitFile, whyNoBrowser } from './support/browser.js';

const octavo = fileURLToPath(new URL('../../packages/octavo/bin/octavo.js', import.meta.url));
if (!hasBrowser) console.warn(`skipped: the report in a browser, ${whyNoBrowser}`);

const hostile =
  '</script><script>document.title="owned"</script><img src="https://example.invalid/x.png" onerror="document.title=\'owned\'"><style>@import "https://example.invalid/x.css"</style>\u001b[2J\u202egpj.exe\u0000';

const config = `
data:
  sources: ['*.txt']
  chat:
    families: [addition, copy]
plan:
  budget: 1m
tokenizer:
  vocabularySize: 512
model:
  depth: 2
  width: 64
pretrain:
  steps: 12
  validateEvery: 4
  sampleEvery: 6
finetune:
  steps: 6
evaluate:
  chatPerFamily: 6
`;

const story = (chapter: number): string =>
  Array.from({ length: 120 }, (_, line) => {
    const what = ['the lamps', 'a small boat', 'three apples', 'an empty jar'][(chapter * 7 + line * 3) % 4] ?? '';
    return `In chapter ${chapter}, the keeper watched ${what} before ${(line * 13 + chapter) % 24} o'clock, ${line * chapter} times.`;
  }).join('\n');

const project = mkdtempSync(join(tmpdir(), 'octavo-report-'));
const run = join(project, 'runs', 'main');
const file = join(run, 'report.html');
let browser: Browser | undefined;

const command = (...args: readonly string[]) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [octavo, ...args], { cwd: project, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout;
};

beforeAll(async () => {
  writeFileSync(join(project, 'octavo.yaml'), config);
  for (let chapter = 0; chapter < 40; chapter += 1) writeFileSync(join(project, `${chapter}.txt`), story(chapter));
  // Dropped as too short, so it is shown among the dropped; the long one may be shown among the kept.
  writeFileSync(join(project, 'tiny.txt'), hostile.slice(0, 60));
  writeFileSync(join(project, 'zz-hostile.txt'), `${hostile.replaceAll('\u0000', '')}\n${story(99)}`);
  command('run');
  const sample = { kind: 'sample', step: 'pretrain', at: 12, prompt: hostile, text: hostile, timeMs: Date.now() };
  appendFileSync(join(run, 'events.jsonl'), `${JSON.stringify(sample)}\n`);
  const evaluation = join(run, 'artifacts', 'evaluate', 'evaluation.json');
  const value = JSON.parse(readFileSync(evaluation, 'utf8'));
  value.answers = [{ question: hostile, answer: hostile }];
  writeFileSync(evaluation, JSON.stringify(value));
  expect(command('report').trim()).toBe(file);
  if (hasBrowser) browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  rmSync(project, { recursive: true, force: true });
});

const visit = (width: number, colorScheme: 'light' | 'dark' = 'light'): Promise<Visit> => {
  if (browser === undefined) throw new Error('the browser has not started');
  return visitFile(browser, file, { width, colorScheme });
};

describe.skipIf(!hasBrowser)('the report of a whole run, in Chromium from disk', () => {
  it('shows every section, says nothing to the console, and asks for nothing', async () => {
    const { page, said, asked } = await visit(1280);
    const sections = await page.$$eval('main > section', (all) => all.map(({ id }) => id));
    expect(sections).toEqual([
      'steps',
      'forecast',
      'training',
      'evaluation',
      'chat',
      'inside',
      'samples',
      'data',
      'tokenizer',
      'memory',
      'export',
      'machine',
    ]);
    expect(await page.$$eval('.leaf.done', (all) => all.length)).toBe(8);
    expect(await page.$$eval('.not-yet', (all) => all.map((one) => one.textContent))).toEqual([]);
    expect(await page.$$eval('#training .line', (all) => all.length)).toBeGreaterThanOrEqual(9);
    expect(await page.$$eval('#training .chart-levels span', (all) => all.length)).toBeGreaterThanOrEqual(4);
    expect(await page.$$eval('#memory rect', (all) => all.length)).toBeGreaterThan(20);
    expect(await page.$$eval('#evaluation .verdict', (all) => all.length)).toBe(4);
    expect(await page.$$eval('#data .reasons summary', (all) => all.map((one) => one.textContent))).toEqual([
      expect.stringContaining('too-short'),
    ]);
    expect(said).toEqual([]);
    expect(asked.filter((url) => !url.startsWith('data:'))).toEqual([pathToFileURL(file).href]);
    await page.close();
  });

  it('keeps hostile texts inert and visible', async () => {
    const { page } = await visit(1280);
    expect(await page.title()).toBe('main · Octavo report');
    expect(await page.$$eval('script, img, iframe, main style', (all) => all.length)).toBe(0);
    const text = (await page.textContent('main')) ?? '';
    expect(text).toContain('</script><script>document.title="owned"</script>');
    expect(text).toContain('␛[2J<U+202E>gpj.exe␀');
    expect(text.replaceAll(/[\n\t]/g, '')).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
    await page.close();
  });

  it('fits a telephone, also with everything opened', async () => {
    const { page } = await visit(390);
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth);
    expect(await overflow()).toBe(390);
    await page.$$eval('details', (all) => {
      for (const one of all) one.open = true;
    });
    expect(await overflow()).toBe(390);
    await page.close();
  });

  it('has names for charts and tables, headings in order, and no id twice', async () => {
    const { page } = await visit(1280);
    expect(
      await page.$$eval('svg[role=img]', (all) => all.filter((one) => !one.getAttribute('aria-label')).length),
    ).toBe(0);
    expect(
      await page.$$eval('svg:not([role=img])', (all) => all.filter((one) => !one.closest('[aria-hidden=true]')).length),
    ).toBe(0);
    expect(await page.$$eval('table', (all) => all.filter((one) => !one.caption?.textContent?.trim()).length)).toBe(0);
    expect(await page.$$eval('th', (all) => all.filter((one) => !one.getAttribute('scope')).length)).toBe(0);
    const levels = await page.$$eval('h1, h2, h3', (all) => all.map((one) => Number(one.tagName.slice(1))));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    for (const [at, level] of levels.entries()) expect(level - (levels[at - 1] ?? 0)).toBeLessThanOrEqual(1);
    const ids = await page.$$eval('[id]', (all) => all.map(({ id }) => id));
    expect(new Set(ids).size).toBe(ids.length);
    await page.close();
  });

  it.each(['light', 'dark'] as const)('can be read: contrast of at least 4.5 (%s)', async (scheme) => {
    const { page } = await visit(1280, scheme);
    await page.$$eval('details', (all) => {
      for (const one of all) one.open = true;
    });
    expect(await faintTexts(page)).toEqual([]);
    await page.close();
  });

  it('prints on white paper', async () => {
    const { page } = await visit(1280, 'dark');
    await page.emulateMedia({ media: 'print' });
    expect(await page.evaluate(() => getComputedStyle(document.body).backgroundColor)).toBe('rgb(255, 255, 255)');
    expect((await page.pdf({ format: 'A4' })).length).toBeGreaterThan(20_000);
    await page.close();
  });
});

it('says as JSON what was met and how the forecast did', () => {
  const { path, gates, forecast } = JSON.parse(command('report', '--json'));
  expect(path).toBe(file);
  expect(gates).toHaveLength(4);
  expect(forecast.map(({ verdict }: { verdict: string }) => verdict)).not.toContain('waiting');
});
