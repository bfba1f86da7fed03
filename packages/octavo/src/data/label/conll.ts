/**
 * CoNLL's columns for spans: a word and its tag (B-PER, I-PER, O) a line, an empty line after each item. Comments before
 * an item (# id, # annotator, # text) carry what columns cannot, so that a project comes back as it was.
 */
import { fileLines, wrongFile } from './jsonl.js';
import type { LabelledItem, Span } from './kinds.js';
import type { GivenItem } from './projects.js';
import { tokensOf } from './tokens.js';

interface Row {
  readonly word: string;
  readonly tag: string;
}

/** Places of words in a text, which is given or made by single spaces. */
const place = (rows: readonly Row[], given: string | undefined, where: string) => {
  const text = given ?? rows.map(({ word }) => word).join(' ');
  let at = 0;
  const words = rows.map(({ word, tag }) => {
    const start = text.indexOf(word, at);
    if (start < 0 || text.slice(at, start).trim() !== '')
      throw wrongFile(`the words are not those of the text`, where, 'leave out the comment # text');
    at = start + word.length;
    return { start, end: at, tag };
  });
  return { text, words };
};

/** Spans of tags; I- without a span before it begins one, as in the older form of the tags. */
const spansOf = (
  words: readonly { readonly start: number; readonly end: number; readonly tag: string }[],
  where: string,
): readonly Span[] => {
  const spans: Span[] = [];
  let open: Span | undefined;
  for (const { start, end, tag } of words) {
    const [, form, label] = /^([BI])-(.+)$/su.exec(tag) ?? [];
    if (form === undefined || label === undefined) {
      if (tag !== 'O') throw wrongFile(`"${tag.slice(0, 60)}" is not a tag`, where, 'tags are O, B-LABEL and I-LABEL');
      open = undefined;
    } else if (form === 'I' && open?.label === label) {
      open = { ...open, end };
      spans[spans.length - 1] = open;
    } else {
      open = { start, end, label };
      spans.push(open);
    }
  }
  return spans;
};

/** Words as columns can hold them: a label with a space would be two columns. */
const asTag = (label: string): string => encodeURIComponent(label).replaceAll('%2F', '/');
const asLabel = (tag: string, where: string): string => {
  try {
    return tag.replace(/(?<=^[BI]-).+$/su, (label) => decodeURIComponent(label));
  } catch {
    throw wrongFile(`"${tag.slice(0, 60)}" is not a tag`, where, 'write % as %25');
  }
};

/** Items of a CoNLL file; the tag is the last column. Errors: LABEL_FORMAT. */
export async function* readConll(
  path: string,
  { name, annotator }: { readonly name: string; readonly annotator: string },
): AsyncGenerator<GivenItem> {
  let rows: Row[] = [];
  let comments = new Map<string, string>();
  let begun = name;
  const finish = (): GivenItem | undefined => {
    if (rows.length === 0) return undefined;
    const where = begun;
    const given = comments.get('text');
    const { text, words } = place(rows, given === undefined ? undefined : unquoted(given), where);
    const who = unquoted(comments.get('annotator') ?? annotator);
    return {
      where,
      content: { id: unquoted(comments.get('id') ?? where), text },
      annotations: who === '-' ? [] : [{ annotator: who, value: { spans: spansOf(words, where) } }],
    };
  };
  for await (const { text, where } of fileLines(path, name)) {
    if (rows.length === 0 && comments.size === 0) begun = where;
    const [, key, value] = (rows.length === 0 && /^# (id|annotator|text) = (.*)$/su.exec(text)) || [];
    if (key !== undefined && value !== undefined) {
      comments.set(key, value);
      continue;
    }
    const columns = text.split(/[ \t]+/u).filter((column) => column !== '');
    if (columns.length === 0) {
      const item = finish();
      if (item !== undefined) yield item;
      [rows, comments] = [[], new Map()];
      continue;
    }
    const [word, tag] = [columns[0], columns.at(-1)];
    if (word === '-DOCSTART-') continue;
    if (word === undefined || tag === undefined || columns.length < 2)
      throw wrongFile('a line has one column', where, 'write the word, then its tag');
    rows.push({ word, tag: asLabel(tag, where) });
  }
  const item = finish();
  if (item !== undefined) yield item;
}

/** A comment's value: as it is where it fits a line, else quoted. */
const quoted = (text: string): string =>
  /^(?!")[\x20-\x7e\u00a0-\u2027\u2030-\ud7ff]+$/.test(text) && text.trim() === text ? text : JSON.stringify(text);
const unquoted = (text: string): string => {
  if (!text.startsWith('"')) return text;
  try {
    return String(JSON.parse(text));
  } catch {
    return text;
  }
};

/** An item as columns, once for each who labelled it. Errors: LABEL_FORMAT for spans that overlap. */
export function conllText({ content, annotations }: LabelledItem): string {
  const text = content.text ?? '';
  const said = annotations.flatMap(({ annotator, value }) =>
    'spans' in value ? [{ annotator, spans: value.spans }] : [],
  );
  return (said.length === 0 ? [{ annotator: '-', spans: [] }] : said)
    .map(({ annotator, spans }) => {
      const cuts = spans.flatMap(({ start, end }) => [start, end]);
      const lines = tokensOf(text, cuts).map(({ start, end }) => {
        const over = spans.filter((span) => span.start <= start && span.end >= end);
        const [span] = over;
        if (over.length > 1)
          throw wrongFile(
            'two spans overlap',
            `item ${content.id.slice(0, 100)}`,
            'export as jsonl or label-studio: columns hold one tag a word',
          );
        if (span === undefined) return `${text.slice(start, end)}\tO`;
        const isFirst = text.slice(span.start, start).trim() === '';
        return `${text.slice(start, end)}\t${isFirst ? 'B' : 'I'}-${asTag(span.label)}`;
      });
      return `# id = ${quoted(content.id)}\n# annotator = ${quoted(annotator)}\n# text = ${JSON.stringify(text)}\n${lines.join('\n')}\n\n`;
    })
    .join('');
}
