import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { dataSection } from '../section.js';
import { dataCard } from './data-card.js';
import { filtersOf } from './filters.js';

it('says what the run knows and octavo.yaml says, and what a source is called stays text', () => {
  const part = { documents: 1, bytes: 9, sources: {} };
  const name = 'a | <script>\u001b[2J\u202e [x](y)';
  const data = dataSection.parse({
    card: { title: 'Lamps', gaps: 'Only English.' },
    clean: { gopher: { minWords: 77 }, pii: true },
  });
  const card = dataCard({
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
    split: {
      train: part,
      validation: part,
      test: part,
      facts: {
        licences: { 'CC0: yes': { documents: 2, bytes: 18 }, unknown: { documents: 1, bytes: 9 } },
        lengths: { '3': 3 },
        times: { from: '1999-01-02', to: '2026-11-25', documents: 1 },
      },
    },
    tokens: undefined,
    card: data.card,
    clean: data.clean,
    filters: filtersOf(data.clean),
    languages: { drawn: 2, of: 3, counts: { en: 1, de: 1 } },
  });
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
    '| minCharacters |  | minCharacters 100 |',
    'minWords 77, maxWords 100000',
    '| email | 7 | 1 |',
    'From 1999-01-02 to 2026-11-25; 1 documents have a date.',
    '| CC0: yes | 2 | 18 B |',
    'The licence of 1 documents is unknown.',
    'Languages are those of 2 documents drawn at random.',
  ])
    expect(card.replaceAll('\\', '')).toContain(said);
  expect(card).toContain(String.raw`a \| \<script\>`);
  expect(card).not.toContain('## Uses');
  expect(card.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
});
