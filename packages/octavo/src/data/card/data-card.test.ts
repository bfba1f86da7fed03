import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { dataSection } from '../section.js';
import { dataCard } from './data-card.js';

it('says what the run knows and octavo.yaml says, and what a source is called stays text', () => {
  const part = { documents: 1, bytes: 9, sources: {} };
  const name = 'a | <script>\u001b[2J\u202e [x](y)';
  const card = dataCard(
    {
      collected: {
        documents: 3,
        bytes: 27,
        rejected: 0,
        sources: [{ name, from: 'a', licence: 'CC0: yes', documents: 3, bytes: 27, rejected: 0 }],
        chat: { conversations: 0, families: {} },
      },
      cleaned: {
        documentsIn: 3,
        kept: 3,
        dropped: 0,
        droppedByReason: { 'too-short': 4321 },
        changes: { 'pii.email': { documents: 1, places: 7 } },
        bytesIn: 27,
        bytesKept: 27,
        sources: [],
      },
      split: { train: part, validation: part, test: part },
      tokens: undefined,
    },
    dataSection.parse({ card: { title: 'Lamps', gaps: 'Only English.' } }),
  );
  expect(parse(card.split('---\n')[1] ?? '')).toEqual({
    pretty_name: 'Lamps',
    license: 'other',
    license_name: 'CC0: yes',
  });
  for (const said of [
    '# Lamps',
    '| too-short | 4,321 |',
    '| pii.email | 7 | 1 |',
    'Only English.',
    '"minCharacters": 100',
  ])
    expect(card.replaceAll('\\', '')).toContain(said);
  expect(card).toContain(String.raw`a \| \<script\>`);
  expect(card).not.toContain('## Uses');
  expect(card.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
});
