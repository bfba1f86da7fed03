/**
 * `node scripts/picture.mjs <run folder>`: writes the run's report and takes its picture for the README,
 * docs/images/report.png, as sharp as fits into 300 kB. Needs Chromium (CHROMIUM names another than /usr/bin/chromium).
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { ensure, main, root, Stop } from './ensure.mjs';

const mostBytes = 300_000;
const width = 1280;

await main(async () => {
  const folder = process.argv[2];
  if (folder === undefined)
    throw new Stop('Name a run folder, for example: node scripts/picture.mjs my-project/runs/main');
  await ensure();
  const { systemClock } = await import('../packages/octavo/dist/core/index.js');
  const { parseRunName, runFolder } = await import('../packages/octavo/dist/project/index.js');
  const { writeReport } = await import('../packages/octavo/dist/pipeline/index.js');
  const path = resolve(folder);
  const report = await writeReport(runFolder(dirname(dirname(path)), parseRunName(basename(path))), systemClock);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync'],
  });
  try {
    for (const deviceScaleFactor of [2, 1.5, 1]) {
      const page = await browser.newPage({ viewport: { width, height: 900 }, deviceScaleFactor, colorScheme: 'light' });
      await page.goto(pathToFileURL(report.path).href);
      // Down to the curve on held-out text, where there is one.
      const end = await page.evaluate(() => {
        const last = document.querySelector('#training .plot') ?? document.querySelector('#forecast');
        return last.getBoundingClientRect().bottom + 8;
      });
      const picture = await page.screenshot({ fullPage: true, clip: { x: 0, y: 0, width, height: Math.round(end) } });
      await page.close();
      if (picture.length > mostBytes && deviceScaleFactor > 1) continue;
      const target = join(root, 'docs/images/report.png');
      mkdirSync(dirname(target), { recursive: true });
      writeFileSync(target, picture);
      process.stdout.write(`${target}: ${Math.round(picture.length / 1000)} kB at ${deviceScaleFactor}×\n`);
      return 0;
    }
    return 1;
  } finally {
    await browser.close();
  }
});
