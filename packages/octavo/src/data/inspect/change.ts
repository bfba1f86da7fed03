import { type Excerpt, excerptAround } from './hit.js';

export interface Change {
  readonly before: Excerpt;
  readonly after: Excerpt;
}

/** Texts that agree in so many characters go on alike. */
const anchorCharacters = 16;
const longestHunk = 1000;

/** How much of each text the first difference takes, from where it begins: up to where they agree again. */
function hunkAt(before: string, after: string, head: number): readonly [number, number] {
  const there = before.slice(head, head + longestHunk + anchorCharacters);
  for (let taken = 0; taken <= longestHunk; taken++) {
    const anchor = after.slice(head + taken, head + taken + anchorCharacters);
    if (anchor.length < anchorCharacters) break;
    const found = there.indexOf(anchor);
    if (found !== -1) return [found, taken];
  }
  const shorter = Math.min(before.length, after.length) - head;
  let tail = 0;
  while (tail < shorter && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  return [before.length - tail - head, after.length - tail - head];
}

/** Where two texts first differ, with what stands around it. */
export function changeBetween(before: string, after: string, characters: number): Change {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  const [gone, come] = hunkAt(before, after, head);
  return {
    before: excerptAround(before, { from: head, to: head + gone }, characters),
    after: excerptAround(after, { from: head, to: head + come }, characters),
  };
}
