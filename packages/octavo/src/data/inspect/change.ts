import { type Excerpt, excerptAround } from './hit.js';

export interface Change {
  readonly before: Excerpt;
  readonly after: Excerpt;
}

/** Where two texts differ, from the first character to the last that does, with what stands around it. */
export function changeBetween(before: string, after: string, characters: number): Change {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && before[head] === after[head]) head++;
  let tail = 0;
  while (tail < shorter - head && before[before.length - 1 - tail] === after[after.length - 1 - tail]) tail++;
  const of = (text: string): Excerpt => excerptAround(text, { from: head, to: text.length - tail }, characters);
  return { before: of(before), after: of(after) };
}
