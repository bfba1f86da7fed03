import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';

const root = new URL('../', import.meta.url);
const config = createRequire(import.meta.url)('../.dependency-cruiser.cjs');

/** `data → text`, `training → models, engine`: the arrows that docs/architecture.md lists. */
const documented = (): ReadonlyMap<string, readonly string[]> => {
  const text = readFileSync(new URL('docs/architecture.md', root), 'utf8').replaceAll('\n', ' ');
  const arrows = [...text.matchAll(/`(\w+) → ([\w, ]+)`/g)].map(
    ([, from = '', to = '']) => [from, to.split(/, */).toSorted()] as const,
  );
  return new Map(arrows);
};

const checked = (room: string): readonly string[] => {
  const rule = config.forbidden.find(({ name }: { name: string }) => name === `arrows-of-${room}`);
  const targets: readonly string[] = rule.comment.replace(`${room} may import `, '').split(', ');
  return targets.filter((target) => !['core', 'formats', 'project'].includes(target)).toSorted();
};

describe('the arrows between rooms', () => {
  it('are checked as docs/architecture.md lists them', () => {
    const arrows = documented();
    expect(arrows.size).toBeGreaterThan(8);
    for (const [room, targets] of arrows) expect([room, checked(room)]).toEqual([room, targets]);
  });
});
