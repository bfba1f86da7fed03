/** Characters that stand for markup between the passes over wikitext; XML cannot hold them, and other input loses them first. */
export const mark = {
  /** Where a template was dropped. */
  gone: '\u0001',
  /** Around the number of a text that is no wikitext. */
  verbatim: '\u0002',
  verbatimEnd: '\u0003',
  quote: '\u0004',
  quoteEnd: '\u0005',
  /** A line break inside a paragraph, and the end of one. */
  line: '\u0006',
  paragraph: '\u0007',
  verse: '\u000e',
  verseEnd: '\u000f',
} as const;

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are the marks.
const allMarks = /[\u0001-\u0008\u000e-\u001f]/g;

export const withoutMarks = (text: string): string => text.replaceAll(allMarks, '');
