import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { basename } from 'node:path';
import { notWritten, OctavoError } from '../../core/index.js';
import type { Balance } from '../balance/classes.js';
import type { Store } from '../store/store.js';
import { balancedLines } from './balanced.js';
import { conllText, readConll } from './conll.js';
import { csvHead, csvRows } from './csv.js';
import { jsonlLine, type RowFields, readJsonl, wrongFile } from './jsonl.js';
import { labelStudioTask, readLabelStudio } from './label-studio.js';
import { type GivenItem, type LabelProject, labelledItems } from './projects.js';

export const labelFormats = ['jsonl', 'conll', 'label-studio', 'csv'] as const;
export type LabelFormat = (typeof labelFormats)[number];

/** The format that a file's name says. */
export const formatOf = (path: string): LabelFormat => {
  if (/\.(conll|bio|iob|iob2)$/i.test(path)) return 'conll';
  if (/\.csv$/i.test(path)) return 'csv';
  return /\.json$/i.test(path) ? 'label-studio' : 'jsonl';
};

const onlySpans = (project: LabelProject): void => {
  if (project.settings.kind !== 'spans')
    throw wrongFile(
      `CoNLL's columns hold spans, and ${project.id} is of kind ${project.settings.kind}`,
      `project ${project.id}`,
      'use jsonl or label-studio',
    );
};

/** Items of a file, to be added to a project. Errors: LABEL_FORMAT. */
export function readItems(
  path: string,
  project: LabelProject,
  {
    format,
    textField,
    labelField,
    annotator,
  }: RowFields & { readonly format: LabelFormat; readonly annotator: string },
): AsyncIterable<GivenItem> | Iterable<GivenItem> {
  const name = basename(path);
  if (format === 'jsonl') return readJsonl(path, { name, textField, labelField, annotator });
  if (format === 'csv')
    throw wrongFile('CSV is written for people and not read back', name, "give JSONL, CoNLL or Label Studio's JSON");
  if (format === 'label-studio') return readLabelStudio(path, { name, textField, settings: project.settings });
  onlySpans(project);
  return readConll(path, { name, annotator });
}

async function* exported(
  store: Store,
  project: LabelProject,
  { format, balance = 'none' }: Wanted,
): AsyncGenerator<string> {
  if (balance !== 'none') {
    if (format !== 'jsonl')
      throw wrongFile('balanced labels go as JSONL', `project ${project.id}`, 'name a .jsonl file with --out');
    yield* balancedLines(store, project, balance);
    return;
  }
  if (format === 'conll') onlySpans(project);
  let number = 0;
  if (format === 'label-studio') yield '[';
  if (format === 'csv') yield csvHead;
  for await (const item of labelledItems(store, project)) {
    number++;
    if (format === 'jsonl') yield jsonlLine(item);
    else if (format === 'conll') yield conllText(item);
    else if (format === 'csv') yield csvRows(item);
    else yield `${number === 1 ? '\n' : ',\n'}${JSON.stringify(labelStudioTask(project.settings, item, number))}`;
  }
  if (format === 'label-studio') yield '\n]\n';
}

interface Wanted {
  readonly format: LabelFormat;
  /** How classes are brought to equal weight: by leaving out, repeating, or a `weight` in each row. */
  readonly balance?: Balance;
}

/** Where text goes that is not a file. */
interface Sink {
  readonly write: (text: string) => void;
}

/** Writes all items with their labels; the number of characters written. */
export async function exportLabels(
  store: Store,
  project: LabelProject,
  { to, ...wanted }: Wanted & { readonly to: Sink | string },
): Promise<number> {
  let characters = 0;
  if (typeof to !== 'string') {
    for await (const text of exported(store, project, wanted)) {
      characters += text.length;
      to.write(text);
    }
    return characters;
  }
  const out = createWriteStream(to);
  try {
    for await (const text of exported(store, project, wanted)) {
      characters += text.length;
      if (!out.write(text)) await once(out, 'drain');
    }
    out.end();
    await once(out, 'close');
  } catch (cause) {
    out.destroy();
    throw cause instanceof OctavoError ? cause : notWritten(to, cause);
  }
  return characters;
}
