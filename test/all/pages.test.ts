/** The pages of `octavo inspect` and `octavo interpret`, in Chromium from disk. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faintTexts, hasBrowser, launchBrowser, visitFile, whyNoBrowser } from './support/browser.js';

const octavo = fileURLToPath(new URL('../../packages/octavo/bin/octavo.js', import.meta.url));
if (!hasBrowser) console.warn(`skipped: the pages in a browser, ${whyNoBrowser}`);

const project = mkdtempSync(join(tmpdir(), 'octavo-pages-'));
let browser: Browser | undefined;

const config = `
data:
  sources: ['*.txt']
  chat:
    families: [addition]
plan:
  budget: 1m
tokenizer:
  vocabularySize: 512
model:
  depth: 2
  width: 64
pretrain:
  steps: 8
finetune:
  steps: 4
`;
const lines = (chapter: number): string =>
  Array.from(
    { length: 90 },
    (_, line) => `Chapter ${chapter}: the keeper counts ${line * chapter} lamps at ${line % 24}.`,
  ).join('\n');

const command = (...args: readonly string[]): void => {
  const { status, stderr } = spawnSync(process.execPath, [octavo, ...args], { cwd: project, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
};

const prompt = ['--prompt', 'What is <b>1</b> + 2?'];
const pages: readonly (readonly [string, readonly string[], { readonly svg: number }])[] = [
  ['model', ['inspect', 'model', '--preset', 'gpt2'], { svg: 1 }],
  ['graph', ['inspect', 'graph', '--run', 'main'], { svg: 4 }],
  ['gpt2', ['inspect', 'graph', '--preset', 'gpt2', '--kind', 'forward', '--length', '64'], { svg: 4 }],
  ['data', ['data', 'report'], { svg: 0 }],
  ['lens', ['interpret', 'lens', ...prompt], { svg: 0 }],
  ['attention', ['interpret', 'attention', ...prompt], { svg: 2 }],
  ['attribute', ['interpret', 'attribute', ...prompt], { svg: 0 }],
  [
    'patch',
    ['interpret', 'patch', ...prompt, '--corrupted', 'What is <b>3</b> + 2?', '--answer', '1', '--other', '2'],
    { svg: 0 },
  ],
];

beforeAll(async () => {
  writeFileSync(join(project, 'octavo.yaml'), config);
  for (let chapter = 0; chapter < 30; chapter += 1) writeFileSync(join(project, `${chapter}.txt`), lines(chapter));
  command('run', '--until', 'finetune');
  for (const [name, args] of pages) command(...args, '--html', `${name}.html`);
  if (hasBrowser) browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  rmSync(project, { recursive: true, force: true });
});

const visit = (name: string, width: number, colorScheme: 'light' | 'dark') => {
  if (browser === undefined) throw new Error('the browser has not started');
  return visitFile(browser, join(project, `${name}.html`), { width, colorScheme });
};

describe.skipIf(!hasBrowser).each(pages)('the page %s', (name, _, { svg }) => {
  it('says nothing to the console, asks for nothing, and draws', async () => {
    const { page, said, asked } = await visit(name, 1280, 'light');
    expect(said).toEqual([]);
    expect(asked.filter((url) => !url.startsWith('data:'))).toEqual([
      pathToFileURL(join(project, `${name}.html`)).href,
    ]);
    expect(await page.$$eval('script, img, iframe, h1 b', (all) => all.length)).toBe(0);
    expect(
      await page.$$eval('svg[role=img]', (all) => all.filter((one) => one.getAttribute('aria-label')).length),
    ).toBeGreaterThanOrEqual(svg);
    // No text of a drawing is cut at its edge.
    const cut = await page.$$eval('svg text', (all) =>
      all
        .filter((one) => {
          const [own, whole] = [one.getBoundingClientRect(), one.closest('svg')?.getBoundingClientRect()];
          return whole === undefined || own.left < whole.left - 1 || own.right > whole.right + 1;
        })
        .map((one) => one.textContent),
    );
    expect(cut).toEqual([]);
    await page.close();
  });

  it.each(['light', 'dark'] as const)('can be read, also on a telephone (%s)', async (scheme) => {
    const { page } = await visit(name, 390, scheme);
    await page.$$eval('details', (all) => {
      for (const one of all) one.open = true;
    });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    expect(await faintTexts(page)).toEqual([]);
    await page.close();
  });
});
