import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { prose } from './step.test-support.js';
import { windows } from './windows.js';

async function cut(text: string, windowBytes: number, pieceLength = 1000): Promise<readonly string[]> {
  const pieces = async function* () {
    for (let at = 0; at < text.length; at += pieceLength) yield text.slice(at, at + pieceLength);
  };
  const found = [];
  for await (const window of windows(pieces(), windowBytes)) found.push(window);
  return found;
}

describe('windows', () => {
  it('lose nothing and keep to their size, whatever the text and its pieces', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'grapheme', maxLength: 400 }),
        fc.integer({ min: 16, max: 80 }),
        fc.integer({ min: 1, max: 50 }),
        async (text, bytes, piece) => {
          const found = await cut(text, bytes, piece);
          expect(found.join('')).toBe(text);
          for (const window of found) expect(Buffer.byteLength(window)).toBeLessThanOrEqual(bytes);
        },
      ),
    );
  });

  it('end at paragraphs if they can, else at sentences, and leave no crumb at the end', async () => {
    const paragraphs = Array.from({ length: 30 }, (_, n) => prose(n, 4)).join('\n\n');
    for (const window of (await cut(paragraphs, 1200)).slice(0, -1)) expect(window.endsWith('\n\n')).toBe(true);
    const line = prose(1, 200);
    const found = await cut(line, 1000);
    for (const window of found.slice(0, -1)) expect(window).toMatch(/\. $/);
    for (const window of found) expect(window.length).toBeGreaterThan(250);
  });

  it('never part a surrogate pair', async () => {
    for (const window of await cut('🐋'.repeat(500), 101, 7)) expect(Buffer.from(window).toString()).toBe(window);
  });
});
