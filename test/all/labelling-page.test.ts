/** The labelling page in Chromium, by keyboard alone: all five kinds, undo, skip, comment, progress, what a stranger may not do. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { faintTexts, hasBrowser, launchBrowser, whyNoBrowser } from './support/browser.js';

const octavo = fileURLToPath(new URL('../../packages/octavo/bin/octavo.js', import.meta.url));
if (!hasBrowser) console.warn(`skipped: the labelling page, ${whyNoBrowser}`);
const folder = mkdtempSync(join(tmpdir(), 'octavo-labelling-'));
let browser: Browser | undefined;

const octavoLabel = async (...args: readonly string[]): Promise<string> => {
  const child = spawn(process.execPath, [octavo, 'label', ...args], { cwd: folder });
  let [out, error] = ['', ''];
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString();
  });
  child.stderr.on('data', (data: Buffer) => {
    error += data.toString();
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(error);
  return out;
};

/** Serves a project while `work` runs. */
async function served(project: string, work: (url: string) => Promise<void>): Promise<void> {
  const child = spawn(process.execPath, [octavo, 'label', 'serve', project, '--json'], { cwd: folder });
  try {
    let out = '';
    for await (const data of child.stdout) {
      out += String(data);
      if (out.includes('\n')) break;
    }
    const told: unknown = JSON.parse(out);
    await work(typeof told === 'object' && told !== null && 'url' in told ? String(told.url) : '');
  } finally {
    child.kill('SIGINT');
    if (child.exitCode === null) await once(child, 'close');
  }
}

const hostile = '<img src=x onerror=alert(1)> & </script><script>alert(2)</script>';
const texts = ['Anna Smith lives in Paris.', `Bob wrote ${hostile}`, 'A third text.'];
const kinds: Readonly<Record<string, readonly string[]>> = {
  classification: ['--labels', 'praise,complaint', '--question', `What is the tone? ${hostile}`],
  spans: ['--labels', 'PER,LOC'],
  pairs: [],
  rating: ['--to', '5'],
  text: [],
};

beforeAll(async () => {
  writeFileSync(
    join(folder, 'texts.jsonl'),
    texts.map((text, at) => `${JSON.stringify({ id: `t${at}`, text, prompt: 'Why?', a: text, b: 'No.' })}\n`).join(''),
  );
  for (const [kind, options] of Object.entries(kinds)) {
    await octavoLabel('create', kind, '--kind', kind, ...options);
    await octavoLabel('import', kind, 'texts.jsonl');
  }
  if (hasBrowser) browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

const open = async (
  url: string,
  said: string[],
  { width = 1100, colorScheme = 'light' as 'light' | 'dark' } = {},
): Promise<Page> => {
  if (browser === undefined) throw new Error('the browser has not started');
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme });
  const page = await context.newPage();
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  page.on('dialog', (dialog) => said.push(`dialog ${dialog.message()}`));
  await page.goto(url);
  return page;
};

/** What is labelled: the text of the item on the screen. */
const shown = (page: Page, text: string) =>
  page.waitForFunction((expected) => document.querySelector('main')?.textContent?.includes(expected), text);

const press = async (page: Page, ...keys: readonly string[]): Promise<void> => {
  for (const key of keys) await page.keyboard.press(key);
};

interface Row {
  readonly id: string;
  readonly annotations: readonly { readonly annotator: string; readonly value: unknown; readonly comment?: string }[];
}
const exported = async (project: string): Promise<readonly Row[]> => {
  await octavoLabel('export', project, '--out', `${project}.jsonl`);
  return readFileSync(join(folder, `${project}.jsonl`), 'utf8')
    .trim()
    .split('\n')
    .map((line): Row => JSON.parse(line));
};
const values = async (project: string) => (await exported(project)).map(({ annotations }) => annotations[0]?.value);

/** What each kind is answered by, item by item: keys, then what is stored. */
const answers: Readonly<Record<string, readonly (readonly [readonly string[], unknown])[]>> = {
  classification: [
    [['2'], { labels: ['complaint'] }],
    [['1'], { labels: ['praise'] }],
    [['s'], { skipped: true }],
  ],
  spans: [
    [
      [
        'Shift+ArrowRight',
        '1',
        'End',
        'ArrowLeft',
        '2',
        'Home',
        'End',
        'ArrowLeft',
        'ArrowLeft',
        '1',
        'Backspace',
        'Enter',
      ],
      {
        spans: [
          { start: 0, end: 10, label: 'PER' },
          { start: 20, end: 25, label: 'LOC' },
        ],
      },
    ],
    [['1', 'Enter'], { spans: [{ start: 0, end: 3, label: 'PER' }] }],
    [['Enter'], { spans: [] }],
  ],
  pairs: [
    [['1'], { choice: 'a' }],
    [['ArrowRight'], { choice: 'b' }],
    [['3'], { choice: 'tie' }],
  ],
  rating: [
    [['5'], { rating: 5 }],
    [['1'], { rating: 1 }],
    [['3'], { rating: 3 }],
  ],
  text: [
    [['H', 'i', 'Control+Enter'], { text: 'Hi' }],
    [['s', 'u', 'Control+Enter'], { text: 'su' }],
    [['Escape', 's'], { skipped: true }],
  ],
};

describe.skipIf(!hasBrowser).each(Object.keys(kinds))('labelling %s', (kind) => {
  it('works by keyboard alone, takes back, shows progress, and runs nothing of the texts', async () => {
    const said: string[] = [];
    await served(kind, async (url) => {
      const page = await open(url, said);
      await page.waitForSelector('#who');
      await page.keyboard.type('ann');
      await press(page, 'Enter');
      for (const [at, [keys]] of (answers[kind] ?? []).entries()) {
        await shown(page, texts[at] ?? '');
        // The field or the words take the focus a moment after they are drawn.
        await page.waitForTimeout(60);
        await press(page, ...keys);
      }
      await shown(page, 'All labelled');
      expect(await page.textContent('#count')).toBe('3 of 3 done · 3 by you');
      await press(page, 'u');
      await shown(page, texts[2] ?? '');
      await shown(page, 'Taken back');
      expect(await page.textContent('#count')).toBe('2 of 3 done · 2 by you');
      await page.waitForTimeout(60);
      if (kind === 'text') await press(page, 'Escape');
      await press(page, 'c');
      await page.keyboard.type('unsure');
      await press(page, 'Escape', 's');
      await shown(page, 'All labelled');
      expect(await page.$$eval('img, main script', (all) => all.length)).toBe(0);
      expect(page.url()).not.toContain('token');
      await page.context().close();
    });
    expect(said).toEqual([]);
    const rows = await exported(kind);
    expect(rows.map(({ annotations }) => annotations[0]?.annotator)).toEqual(['ann', 'ann', 'ann']);
    expect(rows[2]?.annotations[0]).toMatchObject({ value: { skipped: true }, comment: 'unsure' });
    expect((await values(kind)).slice(0, 2)).toEqual((answers[kind] ?? []).slice(0, 2).map(([, value]) => value));
  });

  it.each(['light', 'dark'] as const)('can be read, also on a telephone (%s)', async (colorScheme) => {
    await served(kind, async (url) => {
      const page = await open(`${url}&name=${colorScheme}`, [], { width: 390, colorScheme });
      await page.waitForSelector('main h1');
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
      expect(await faintTexts(page)).toEqual([]);
      expect(
        await page.$$eval(
          'button, textarea, input',
          (all) => all.filter((one) => one.textContent === '' && !one.getAttribute('aria-label')).length,
        ),
      ).toBe(0);
      await page.context().close();
    });
  });
});

describe('the server', () => {
  it('answers its page to nobody else, and its data to whoever has the token', async () => {
    await served('classification', async (url) => {
      const { origin, hash } = new URL(url);
      const token = new URLSearchParams(hash.slice(1)).get('token') ?? '';
      const ask = (path: string, headers: Readonly<Record<string, string>>) => fetch(`${origin}${path}`, { headers });
      expect((await ask('/api/project', {})).status).toBe(401);
      expect((await ask('/api/project', { authorization: `Bearer ${token}x` })).status).toBe(401);
      expect((await ask('/api/project', { authorization: `Bearer ${token}` })).status).toBe(200);
      expect(
        (await ask('/api/project', { authorization: `Bearer ${token}`, origin: 'http://evil.example' })).status,
      ).toBe(403);
      const page = await ask('/', {});
      expect(page.headers.get('content-security-policy')).toMatch(/default-src 'none'; script-src 'sha256-/);
      expect(await page.text()).not.toContain(token);
    });
  });
});
