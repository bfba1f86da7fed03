import { fail } from '../../core/index.js';
import type { Store } from '../store/store.js';
import { keyOf } from '../store/stored-text.js';
import { type LabellingFunction, votesOn } from './functions.js';
import type { LabelContent } from './kinds.js';
import { type Example, trainLinearClassifier } from './linear-classifier.js';
import { type LabelProject, labelledItems } from './projects.js';
import { type UncertaintyRule, uncertainty } from './uncertainty.js';
import { dawidSkene, majorityVote, type Posterior, type Vote } from './vote.js';

interface Suggested {
  readonly id: string;
  readonly label: string;
  readonly confidence: number;
  readonly priority: number;
}

const batchRows = 200;

/** Replaces all that `name` suggested before. */
async function writeSuggestions(
  store: Store,
  project: LabelProject,
  name: string,
  all: readonly Suggested[],
): Promise<void> {
  const origin = keyOf(name);
  await store.db
    .deleteFrom('label_suggestions')
    .where('project', '=', project.id)
    .where('origin', '=', origin)
    .execute();
  for (let at = 0; at < all.length; at += batchRows)
    await store.transaction((inside) =>
      inside
        .insertInto('label_suggestions')
        .values(
          all.slice(at, at + batchRows).map(({ id, label, confidence, priority }) => ({
            project: project.id,
            item: keyOf(id),
            origin,
            content: JSON.stringify({ name, value: { labels: [label] }, confidence }),
            priority,
          })),
        )
        .execute(),
    );
}

const onlyClassification = (project: LabelProject) => {
  if (project.settings.kind === 'classification') return project.settings;
  throw fail('LABEL_INVALID', {
    what: `suggestions are made for classification, and ${project.id} is of kind ${project.settings.kind}`,
    where: `project ${project.id}`,
    remedy: 'import labels of your own instead',
  });
};

const highest = (shares: ReadonlyMap<string, number>): readonly [string, number] =>
  [...shares].reduce<readonly [string, number]>((best, one) => (one[1] > best[1] ? one : best), ['', -1]);

export interface WeakLabels {
  readonly items: number;
  /** Items on which at least one function voted. */
  readonly covered: number;
  /** Items on which two functions voted for different labels. */
  readonly conflicts: number;
  readonly functions: readonly {
    readonly name: string;
    readonly votes: number;
    /** Share of its votes that the combined label agrees with. */
    readonly agrees: number;
    /** Of its votes on items that people labelled, the share that is right; undefined where there are none. */
    readonly right?: number;
  }[];
}

/** Lets labelling functions vote on every item, and keeps the combined label of each as a suggestion. */
export async function suggestByFunctions(
  store: Store,
  project: LabelProject,
  { functions, by }: { readonly functions: readonly LabellingFunction[]; readonly by: 'majority' | 'dawid-skene' },
): Promise<WeakLabels> {
  onlyClassification(project);
  const votes: Vote[] = [];
  const gold = new Map<string, string>();
  let items = 0;
  let conflicts = 0;
  for await (const { content, annotations } of labelledItems(store, project)) {
    items++;
    const its = votesOn(functions, content);
    votes.push(...its);
    if (new Set(its.map(({ label }) => label)).size > 1) conflicts++;
    const said = annotations.flatMap(({ value }) =>
      'labels' in value && value.labels.length === 1 ? value.labels : [],
    );
    if (said.length > 0)
      gold.set(
        content.id,
        highest(
          majorityVote(said.map((label, at) => ({ item: '', voter: String(at), label }))).get('') ?? new Map(),
        )[0],
      );
  }
  const posterior: Posterior = by === 'majority' ? majorityVote(votes) : dawidSkene(votes).posterior;
  const best = new Map([...posterior].map(([id, shares]) => [id, highest(shares)]));
  await writeSuggestions(
    store,
    project,
    `functions (${by})`,
    [...best].map(([id, [label, confidence]]) => ({ id, label, confidence, priority: 0 })),
  );
  return {
    items,
    covered: best.size,
    conflicts,
    functions: functions.map(({ name }) => {
      const own = votes.filter(({ voter }) => voter === name);
      const known = own.filter(({ item }) => gold.has(item));
      return {
        name,
        votes: own.length,
        agrees: own.filter(({ item, label }) => best.get(item)?.[0] === label).length / (own.length || 1),
        ...(known.length === 0
          ? {}
          : { right: known.filter(({ item, label }) => gold.get(item) === label).length / known.length }),
      };
    }),
  };
}

const textOf = ({ text = '' }: LabelContent): string => text;

export interface Active {
  readonly trainedOn: number;
  readonly suggested: number;
  /** Mean uncertainty of what is not labelled yet. */
  readonly uncertainty: number;
}

/** Trains a classifier on what people labelled, and puts first what it is most unsure of. Errors: LABEL_INVALID. */
export async function suggestByClassifier(store: Store, project: LabelProject, rule: UncertaintyRule): Promise<Active> {
  onlyClassification(project);
  const examples: Example[] = [];
  for await (const { content, annotations } of labelledItems(store, project))
    for (const { value } of annotations)
      if ('labels' in value) for (const label of value.labels) examples.push({ text: textOf(content), label });
  if (new Set(examples.map(({ label }) => label)).size < 2)
    throw fail('LABEL_INVALID', {
      what: 'a classifier needs items of two labels at least',
      where: `project ${project.id}`,
      remedy: 'label some more, then ask again',
    });
  const classifier = trainLinearClassifier(examples);
  const suggested: Suggested[] = [];
  for await (const { content, annotations } of labelledItems(store, project)) {
    if (annotations.length >= project.settings.overlap) continue;
    const probabilities = classifier.probabilities(textOf(content));
    const [label, confidence] = highest(new Map(classifier.labels.map((name, at) => [name, probabilities[at] ?? 0])));
    suggested.push({ id: content.id, label, confidence, priority: uncertainty(probabilities, rule) });
  }
  await writeSuggestions(store, project, 'classifier', suggested);
  return {
    trainedOn: examples.length,
    suggested: suggested.length,
    uncertainty: suggested.reduce((sum, { priority }) => sum + priority, 0) / (suggested.length || 1),
  };
}
