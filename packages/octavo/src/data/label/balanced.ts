import { type Balance, classCopies, classWeights } from '../balance/classes.js';
import type { Store } from '../store/store.js';
import { jsonlLine, wrongFile } from './jsonl.js';
import type { Annotation } from './kinds.js';
import { type LabelProject, labelledItems } from './projects.js';

/** The label that most people gave; of equally many, the first by name. Undefined where nobody gave one. */
export function majorityOf({
  annotations,
}: {
  readonly annotations: readonly Pick<Annotation, 'value'>[];
}): string | undefined {
  const votes = new Map<string, number>();
  for (const { value } of annotations)
    if ('labels' in value && value.labels[0] !== undefined)
      votes.set(value.labels[0], (votes.get(value.labels[0]) ?? 0) + 1);
  return [...votes].toSorted((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1))[0]?.[0];
}

/**
 * Labelled items as JSONL with `label`, what most people gave, and for balances by weight `weight`; sampled balances leave
 * items out or repeat them. Items without a label are left out. Errors: LABEL_FORMAT for other kinds of project.
 */
export async function* balancedLines(
  store: Store,
  project: LabelProject,
  balance: Exclude<Balance, 'none'>,
): AsyncGenerator<string> {
  if (project.settings.kind !== 'classification' || project.settings.multiple)
    throw wrongFile(
      'only classes of which an item has exactly one can be balanced',
      `project ${project.id}`,
      'export without --balance',
    );
  const examples: { readonly id: string; readonly label: string }[] = [];
  const counts = new Map<string, number>();
  for await (const item of labelledItems(store, project)) {
    const label = majorityOf(item);
    if (label === undefined) continue;
    examples.push({ id: item.content.id, label });
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  const copies = classCopies(examples, balance);
  const weights = classWeights(counts, balance);
  const weighted = balance === 'inverse' || balance === 'effective';
  for await (const item of labelledItems(store, project)) {
    const label = majorityOf(item);
    if (label === undefined) continue;
    const more = { label, ...(weighted ? { weight: weights.get(label) ?? 1 } : {}) };
    const line = jsonlLine(item, more);
    for (let copy = copies.get(item.content.id) ?? 0; copy > 0; copy--) yield line;
  }
}
