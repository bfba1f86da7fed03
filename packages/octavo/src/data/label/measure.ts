import type { Store } from '../store/store.js';
import { type AlphaLevel, cohenKappa, fleissKappa, krippendorffAlpha } from './agreement.js';
import type { LabelContent, LabelValue } from './kinds.js';
import { type LabelProject, labelledItems } from './projects.js';
import { tokenLabels } from './tokens.js';

export interface Agreement {
  /** What a unit is: an item, or for spans a word. */
  readonly unit: 'item' | 'word';
  readonly units: number;
  /** Units that two people or more labelled. */
  readonly shared: number;
  readonly level: AlphaLevel;
  readonly alpha: number;
  /** Where every shared unit has equally many labels. */
  readonly fleiss?: number;
  readonly pairs: readonly {
    readonly one: string;
    readonly other: string;
    readonly units: number;
    readonly agreed: number;
    readonly kappa: number;
  }[];
}

/** What a value says of each unit of an item; undefined for skipped and for free text, which has no categories. */
const categoriesOf = (content: LabelContent, value: LabelValue): readonly (string | number)[] | undefined => {
  if ('skipped' in value || 'text' in value) return undefined;
  if ('labels' in value) return [value.labels.toSorted().join('\u0000')];
  if ('choice' in value) return [value.choice];
  if ('rating' in value) return [value.rating];
  return tokenLabels(content.text ?? '', value.spans);
};

/** Agreement of all who labelled a project; ratings are taken as ordinal unless told otherwise. */
export async function measureAgreement(store: Store, project: LabelProject, given?: AlphaLevel): Promise<Agreement> {
  const level = given ?? (project.settings.kind === 'rating' ? 'ordinal' : 'nominal');
  const units: Map<string, string | number>[] = [];
  for await (const { content, annotations } of labelledItems(store, project)) {
    const rows = annotations.flatMap(({ annotator, value }) => {
      const categories = categoriesOf(content, value);
      return categories === undefined ? [] : [{ annotator, categories }];
    });
    const width = Math.max(0, ...rows.map(({ categories }) => categories.length));
    for (let at = 0; at < width; at++)
      units.push(
        new Map(
          rows.flatMap(({ annotator, categories }) => {
            const one = categories[at];
            return one === undefined ? [] : [[annotator, one] as const];
          }),
        ),
      );
  }
  const shared = units.filter((unit) => unit.size > 1);
  const people = [...new Set(shared.flatMap((unit) => [...unit.keys()]))].toSorted();
  const raters = shared[0]?.size ?? 0;
  const categories = [...new Set(shared.flatMap((unit) => [...unit.values()]))];
  const isEven = raters > 1 && shared.every((unit) => unit.size === raters);
  return {
    unit: project.settings.kind === 'spans' ? 'word' : 'item',
    units: units.length,
    shared: shared.length,
    level,
    alpha: krippendorffAlpha(
      shared.map((unit) => [...unit.values()]),
      level,
    ),
    ...(isEven
      ? {
          fleiss: fleissKappa(
            shared.map((unit) =>
              categories.map((category) => [...unit.values()].filter((one) => one === category).length),
            ),
          ),
        }
      : {}),
    pairs: people.flatMap((one, at) =>
      people.slice(at + 1).flatMap((other) => {
        const both = shared.filter((unit) => unit.has(one) && unit.has(other));
        if (both.length === 0) return [];
        const [mine, its] = [both.map((unit) => unit.get(one)), both.map((unit) => unit.get(other))];
        return [
          {
            one,
            other,
            units: both.length,
            agreed: mine.filter((value, index) => value === its[index]).length / both.length,
            kappa: cohenKappa(mine, its),
          },
        ];
      }),
    ),
  };
}
