/** A real Chromium that opens our pages from disk, and hears everything they say and ask for. */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';

const executablePath = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
export const hasBrowser = existsSync(executablePath);
export const whyNoBrowser = `because there is no ${executablePath} (apt-get install chromium)`;

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync'],
  });

export interface Visit {
  readonly page: Page;
  readonly said: readonly string[];
  readonly asked: readonly string[];
}

export const visitFile = async (
  browser: Browser,
  file: string,
  { width, colorScheme }: { readonly width: number; readonly colorScheme: 'light' | 'dark' },
): Promise<Visit> => {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const said: string[] = [];
  const asked: string[] = [];
  page.on('console', (message) => said.push(message.text()));
  page.on('pageerror', (error) => said.push(String(error)));
  page.on('request', (request) => asked.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  return { page, said, asked };
};

/** Texts whose contrast with what lies behind them is below 4.5. */
export const faintTexts = (page: Page): Promise<readonly string[]> =>
  page.evaluate(() => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    if (canvas === null) throw new Error('no canvas');
    /** Colours over each other, the lowest first, as the screen shows them. */
    const mixed = (colours: readonly string[]): readonly number[] => {
      canvas.clearRect(0, 0, 1, 1);
      for (const colour of colours) {
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
      }
      return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3);
    };
    const luminance = (colour: readonly number[]) =>
      [0.2126, 0.7152, 0.0722].reduce((sum, weight, at) => {
        const share = (colour[at] ?? 0) / 255;
        return sum + weight * (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4);
      }, 0);
    const inkOf = (element: Element): string => {
      const { color, fill } = getComputedStyle(element);
      return element instanceof SVGElement ? fill : color;
    };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found: string[] = [];
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const element = node.parentElement;
      if (element === null || node.textContent?.trim() === '' || element.closest('title, .hidden, .skip, .leaf-number'))
        continue;
      const behind: string[] = [];
      for (let at: Element | null = element; at !== null; at = at.parentElement)
        behind.unshift(getComputedStyle(at).backgroundColor);
      const [ground, ink] = [mixed(behind), mixed([...behind, inkOf(element)])].map(luminance);
      const [darker, lighter] = [Math.min(ground ?? 0, ink ?? 0), Math.max(ground ?? 0, ink ?? 0)];
      const contrast = (lighter + 0.05) / (darker + 0.05);
      if (contrast < 4.5) found.push(`${contrast.toFixed(2)} ${element.className}: ${node.textContent?.slice(0, 40)}`);
    }
    return found;
  });
