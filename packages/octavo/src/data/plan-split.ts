/**
 * Which texts are held out. What belongs together stays together: documents of one duplicate cluster, and windows of one
 * text, form a unit; `sha256(id of the unit's first document) mod 20` is 0 for test, 1 for validation, else train.
 */
import { fail } from '../core/index.js';
import { sha256 } from '../project/index.js';
import { clusters } from './clusters.js';
import { groupOf } from './document.js';

export const splits = ['train', 'validation', 'test'] as const;
export type Split = (typeof splits)[number];

export interface SplitDocument {
  readonly id: string;
  readonly source: string;
  readonly cluster: string;
}

export interface SplitPlan {
  /** One a document, in the order given. */
  readonly splits: readonly Split[];
  readonly units: number;
  /** Windows of one text had to be parted, since there were too few texts. */
  readonly partsTexts: boolean;
}

const parts = 20;
/** Below this many units the rule would hold out nothing, or a single text; windows of one text are then parted. */
const fewUnits = 20;

interface Unit {
  readonly id: string;
  readonly source: string;
  readonly hash: string;
  readonly members: number[];
}

function unitsOf(
  documents: readonly SplitDocument[],
  keysOf: (document: SplitDocument) => readonly string[],
): readonly Unit[] {
  const joined = clusters();
  const firstOf = new Map<string, number>();
  for (const [number, document] of documents.entries()) {
    for (const key of keysOf(document)) {
      const first = firstOf.get(key);
      if (first === undefined) firstOf.set(key, number);
      else joined.join(first, number);
    }
  }
  const units = new Map<number, Unit>();
  for (const [number, { id, source }] of documents.entries()) {
    const root = joined.root(number);
    const unit = units.get(root) ?? { id, source, hash: sha256(id), members: [] };
    units.set(root, unit);
    unit.members.push(number);
  }
  return [...units.values()];
}

const byRule = ({ hash }: Unit): Split => {
  const part = BigInt(`0x${hash}`) % BigInt(parts);
  return part === 0n ? 'test' : part === 1n ? 'validation' : 'train';
};

/** Where luck leaves a source out of a held-out split, the unit of train with the smallest hash is moved there. */
function assign(units: readonly Unit[]): ReadonlyMap<Unit, Split> {
  const assigned = new Map(units.map((unit) => [unit, byRule(unit)]));
  const sources = [...new Set(units.map(({ source }) => source))].map((name) =>
    units.filter(({ source }) => source === name),
  );
  for (const held of ['validation', 'test'] as const) {
    for (const ofSource of sources) {
      if (ofSource.length < 3 || ofSource.some((unit) => assigned.get(unit) === held)) continue;
      const spare = ofSource
        .filter((unit) => assigned.get(unit) === 'train')
        .toSorted((a, b) => (a.hash < b.hash ? -1 : 1));
      const moved = spare[0];
      if (moved !== undefined && spare.length > 1) assigned.set(moved, held);
    }
    if ([...assigned.values()].includes(held)) continue;
    const spare = units.filter((unit) => assigned.get(unit) === 'train').toSorted((a, b) => (a.hash < b.hash ? -1 : 1));
    const moved = spare[0];
    if (moved !== undefined && spare.length > 1) assigned.set(moved, held);
  }
  return assigned;
}

/** Errors: DATA_TOO_SMALL where not even one unit each can be held out. */
export function planSplit(documents: readonly SplitDocument[]): SplitPlan {
  const whole = unitsOf(documents, ({ id, cluster }) => [`group ${groupOf(id)}`, `cluster ${cluster}`]);
  const partsTexts = whole.length < fewUnits;
  const units = partsTexts ? unitsOf(documents, ({ cluster }) => [`cluster ${cluster}`]) : whole;
  const assigned = assign(units);
  const present = new Set(assigned.values());
  const missing = splits.filter((split) => !present.has(split));
  if (missing.length > 0) {
    throw fail('DATA_TOO_SMALL', {
      what: `${documents.length} documents in ${units.length} groups of likes leave nothing for ${missing.join(' and ')}`,
      where: 'data.sources',
      remedy: 'name more text, or cut what there is into smaller windows with `windowBytes`',
    });
  }
  const result: Split[] = documents.map(() => 'train');
  for (const [unit, split] of assigned) for (const member of unit.members) result[member] = split;
  return { splits: result, units: units.length, partsTexts: partsTexts && units.length > whole.length };
}
