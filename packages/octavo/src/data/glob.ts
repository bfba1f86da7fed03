/**
 * Shell patterns over paths with `/`: `*` and `?` stay inside one part, `**` spans parts, `[3-9]` and `[!a]` are classes,
 * `{a,b}` are alternatives. Each part is matched without backtracking over parts, so a hostile pattern costs little.
 */
import { fail } from '../core/index.js';

const isMagic = (part: string): boolean => /[*?[\]{}]/.test(part);

/** `data/19[3-9]*.txt` → base `data`, pattern `19[3-9]*.txt`; a path without magic is all base. */
export function splitGlob(glob: string): { readonly base: string; readonly pattern: string } {
  const parts = glob.split('/');
  const first = parts.findIndex(isMagic);
  if (first === -1) return { base: glob, pattern: '' };
  return {
    base: parts.slice(0, first).join('/') || (glob.startsWith('/') ? '/' : '.'),
    pattern: parts.slice(first).join('/'),
  };
}

/** Characters of a pattern, and patterns that its braces stand for. */
const most = { characters: 2048, patterns: 1000 };

const tooMuch = (glob: string, what: string) =>
  fail('DATA_SOURCE', {
    what: `the pattern ${glob.slice(0, 60)} ${what}`,
    where: 'octavo.yaml',
    remedy: 'use * instead, or several patterns',
  });

function expandBraces(glob: string): readonly string[] {
  if (glob.length > most.characters) throw tooMuch(glob, `has more than ${most.characters} characters`);
  const expanded: string[] = [];
  const waiting = [glob];
  for (let pattern = waiting.pop(); pattern !== undefined; pattern = waiting.pop()) {
    const found = /\{([^{}]*)\}/.exec(pattern);
    if (found === null) expanded.push(pattern);
    else {
      const [whole, inside = ''] = found;
      for (const choice of inside.split(','))
        waiting.push(pattern.slice(0, found.index) + choice + pattern.slice(found.index + whole.length));
    }
    if (expanded.length + waiting.length > most.patterns)
      throw tooMuch(glob, `stands for more than ${most.patterns} patterns`);
  }
  return expanded;
}

type Unit = { readonly kind: 'star' } | { readonly kind: 'one'; readonly fits: (character: string) => boolean };

function parsePart(part: string): readonly Unit[] {
  const units: Unit[] = [];
  for (let at = 0; at < part.length; at++) {
    const character = part[at];
    const close = character === '[' ? part.indexOf(']', at + 2) : -1;
    if (character === '*') units.push({ kind: 'star' });
    else if (character === '?') units.push({ kind: 'one', fits: () => true });
    else if (close !== -1) {
      const inverted = part[at + 1] === '!' || part[at + 1] === '^';
      const set = part.slice(at + (inverted ? 2 : 1), close);
      units.push({ kind: 'one', fits: (found) => inClass(set, found) !== inverted });
      at = close;
    } else units.push({ kind: 'one', fits: (found) => found === character });
  }
  return units;
}

function inClass(set: string, found: string): boolean {
  for (let at = 0; at < set.length; at++) {
    const low = set[at] ?? '';
    const isRange = set[at + 1] === '-' && at + 2 < set.length;
    const high = isRange ? (set[at + 2] ?? low) : low;
    if (found >= low && found <= high) return true;
    if (isRange) at += 2;
  }
  return false;
}

/** Greedy with one point of return, the last star: linear in pattern × name at worst. */
function matchesPart(units: readonly Unit[], name: string): boolean {
  let unitAt = 0;
  let nameAt = 0;
  let starAt = -1;
  let resumeAt = 0;
  while (nameAt < name.length) {
    const unit = units[unitAt];
    if (unit?.kind === 'star') {
      starAt = unitAt++;
      resumeAt = nameAt;
    } else if (unit?.kind === 'one' && unit.fits(name[nameAt] ?? '')) {
      unitAt++;
      nameAt++;
    } else if (starAt !== -1) {
      unitAt = starAt + 1;
      nameAt = ++resumeAt;
    } else return false;
  }
  while (units[unitAt]?.kind === 'star') unitAt++;
  return unitAt === units.length;
}

type Part = 'any-depth' | readonly Unit[];

function matchesParts(pattern: readonly Part[], names: readonly string[]): boolean {
  // reached[p]: the first p parts of the pattern can match the names seen so far.
  let reached = pattern.map(() => false);
  reached.push(false);
  reached[0] = true;
  const spread = (row: boolean[]) => {
    for (const [p, part] of pattern.entries()) if (part === 'any-depth' && row[p] === true) row[p + 1] = true;
  };
  spread(reached);
  for (const name of names) {
    const next = reached.map(() => false);
    for (const [p, part] of pattern.entries()) {
      if (reached[p] !== true) continue;
      if (part === 'any-depth') next[p] = true;
      else if (matchesPart(part, name)) next[p + 1] = true;
    }
    spread(next);
    reached = next;
  }
  return reached[pattern.length] === true;
}

/** A test of paths for a pattern. Errors: DATA_SOURCE for one that is too long or stands for too many. */
export function globMatcher(glob: string): (path: string) => boolean {
  const patterns = expandBraces(glob).map((pattern) =>
    pattern.split('/').map((part): Part => (part === '**' ? 'any-depth' : parsePart(part))),
  );
  return (path) => patterns.some((pattern) => matchesParts(pattern, path.split('/')));
}
