/** Labels of documents, by id: from a project of labels, or a JSONL file as `octavo label export` writes it. */
import { resolve } from 'node:path';
import { z } from 'zod';
import { type Clock, fail } from '../../core/index.js';
import { canonicalJson, hashFile, sha256 } from '../../project/index.js';
import { groupOf } from '../document.js';
import { majorityOf } from '../label/balanced.js';
import { readJsonl } from '../label/jsonl.js';
import { labelValue } from '../label/kinds.js';
import { findProject, labelledItems } from '../label/projects.js';
import type { SplitSection } from '../section.js';
import { openStore } from '../store/open-store.js';

export interface LabelPlace {
  readonly projectFolder: string;
  readonly clock: Clock;
}

/** The label of a document, or of the text that it is a window of; else what its source says. */
export type LabelOf = (document: { readonly id: string; readonly label?: string | undefined }) => string;

export const unlabelled = 'unlabelled';

const projectOf = (labels: string): string | undefined => /^project:(.+)$/s.exec(labels)?.[1];

const named = z.object({ label: z.string() });

async function* fileLabels(labels: string, projectFolder: string): AsyncGenerator<readonly [string, string]> {
  const path = resolve(projectFolder, labels);
  for await (const { content, annotations } of readJsonl(path, { name: labels, textField: 'text' })) {
    const { id, meta } = z.object({ id: z.string(), meta: z.unknown().optional() }).parse(content);
    const told = named.safeParse(meta);
    const label = told.success
      ? told.data.label
      : majorityOf({ annotations: annotations.map(({ value }) => ({ value: labelValue.parse(value) })) });
    if (label !== undefined) yield [id, label];
  }
}

async function* projectLabels(
  name: string,
  place: LabelPlace & { readonly store: string },
): AsyncGenerator<readonly [string, string]> {
  await using store = await openStore(place.store, place);
  for await (const item of labelledItems(store, await findProject(store, name))) {
    const label = majorityOf(item);
    if (label !== undefined) yield [item.content.id, label];
  }
}

async function readLabels({ mix, store }: SplitSection, place: LabelPlace): Promise<ReadonlyMap<string, string>> {
  const labels = mix?.labels ?? '';
  if (labels === '') return new Map();
  const remedy = 'name the file of `octavo label export NAME --out labels.jsonl`, or project:NAME';
  const project = projectOf(labels);
  const found = new Map<string, string>();
  try {
    const pairs =
      project === undefined
        ? fileLabels(labels, place.projectFolder)
        : projectLabels(project, { ...place, store: store ?? '' });
    for await (const [id, label] of pairs) found.set(id, label);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw fail('DATA_SOURCE', { what: `${labels} gives no labels: ${why}`, where: 'data.mix.labels', remedy, cause });
  }
  return found;
}

/** How a section names the label of a document; undefined where it does not mix by label. Errors: DATA_SOURCE. */
export async function labelsOf(section: SplitSection, place: LabelPlace): Promise<LabelOf | undefined> {
  if (section.mix?.by !== 'label') return undefined;
  const labels = await readLabels(section, place);
  return ({ id, label }) => labels.get(id) ?? labels.get(groupOf(id)) ?? label ?? unlabelled;
}

/** What the step's key knows of the labels: the file's contents, or all labels of the project. */
export async function labelInputs(
  section: SplitSection,
  projectFolder: string,
): Promise<Readonly<Record<string, string>>> {
  if (section.mix?.by !== 'label') return {};
  const { labels } = section.mix;
  if (labels === '') return {};
  if (projectOf(labels) === undefined) return { [labels]: await hashFile(resolve(projectFolder, labels)) };
  const found = await readLabels(section, { projectFolder, clock: { now: () => 0 } });
  return { [labels]: sha256(canonicalJson(Object.fromEntries(found))) };
}
