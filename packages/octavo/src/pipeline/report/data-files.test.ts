import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { EventBody } from '../../core/index.js';
import { openRunFolder, parseRunName } from '../../project/index.js';
import { configSchema } from '../config.js';
import { afterStep } from './data-files.js';

const project = mkdtempSync(join(tmpdir(), 'octavo-data-files-'));
afterAll(() => rmSync(project, { recursive: true, force: true }));

it('gives an exported model the card of its data, and warns where a card cannot be written', async () => {
  const run = openRunFolder(project, parseRunName('main'));
  const model = join(run.artifact('export'), 'huggingface');
  mkdirSync(model, { recursive: true });
  for (const name of ['data-card.md', 'data-card.json']) writeFileSync(join(run.folder, name), name);
  const events: EventBody[] = [];
  const emit = (event: EventBody): void => {
    events.push(event);
  };
  const told = { run, config: configSchema.parse({}), clock: { now: () => 0 }, emit };
  await afterStep(told, 'export', 'done');
  expect(readFileSync(join(model, 'data-card.json'), 'utf8')).toBe('data-card.json');
  expect(readFileSync(join(model, 'data-card.md'), 'utf8')).toBe('data-card.md');
  await afterStep(told, 'tokenize', 'skipped');
  expect(events).toEqual([]);
  await afterStep(told, 'tokenize', 'done');
  expect(events).toMatchObject([{ kind: 'warning', step: 'tokenize', text: expect.stringContaining('summary.json') }]);
});
