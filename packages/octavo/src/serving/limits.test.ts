import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { defaultLimits, limitsMarkdown, limitTable } from './limits.js';
import { servingSection } from './section.js';

it('stand in docs/security.md as they are', () => {
  expect(readFileSync(new URL('../../../../docs/security.md', import.meta.url), 'utf8')).toContain(limitsMarkdown());
});

it('have their defaults from one table, in octavo.yaml too', () => {
  const section: Readonly<Record<string, unknown>> = servingSection.parse({});
  for (const [name, { value }] of Object.entries(limitTable)) {
    expect(Object.entries(defaultLimits)).toContainEqual([name, value]);
    if (name in section) expect(section[name]).toBe(value);
  }
});
