/**
 * Which texts are held out. What belongs together stays together: documents of one duplicate cluster, and windows of one
 * text, form a unit; `sha256(id of the unit's first document) mod 20` is 0 for test, 1 for validation, else train. Then
 * the held-out share of each source is levelled.
 */
import { fail } from '../core/index.js';
import { sha256 } from '../project/index.js';
import { groupOf } from './document.js';
import { clusters } from './duplicates/clusters.js';

export const splits = ['train', 'validation', 'test'] as const;
export type Split = (typeof splits)[number];

export interface SplitDocument {
  readonly id: string;
  readonly source: string;
  readonly cluster: string;
  readonly bytes: number;
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
/** Share of a twentieth that each source must at least hold out. */
const enough = 0.9;

interface Unit {
  readonly id: string;
  readonly source: string;
  readonly hash: string;
  readonly members: number[];
  bytes: number;
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
  for (const [number, { id, source, bytes }] of documents.entries()) {
    const root = joined.root(number);
    const unit = units.get(root) ?? { id, source, hash: sha256(id), members: [], bytes: 0 };
    units.set(root, unit);
    unit.members.push(number);
    unit.bytes += bytes;
  }
  return [...units.values()];
}

const byRule = ({ hash }: Unit): Split => {
  const part = BigInt(`0x${hash}`) % BigInt(parts);
  return part === 0n ? 'test' : part === 1n ? 'validation' : 'train';
};

const byHash = (a: Unit, b: Unit): number => (a.hash < b.hash ? -1 : 1);

/** The unit of train to hold out next: small beside what is to be held out if there is one, then by hash. */
function nextHeld(train: readonly Unit[], target: number): Unit | undefined {
  const fitting = train.filter(({ bytes }) => bytes <= 2 * target).toSorted(byHash)[0];
  return train.length < 2 ? undefined : (fitting ?? train.toSorted((a, b) => a.bytes - b.bytes || byHash(a, b))[0]);
}

/**
 * Luck decides by whole units, so with few or uneven ones it holds out too much of one source and too little of another.
 * Here each source's held-out bytes are brought to a twentieth, or just below: by hash, so that the choice stays fixed.
 */
function level(assigned: Map<Unit, Split>, units: readonly Unit[], held: 'validation' | 'test'): void {
  const target = units.reduce((sum, { bytes }) => sum + bytes, 0) / parts;
  const of = (split: Split) => units.filter((unit) => assigned.get(unit) === split);
  let bytes = of(held).reduce((sum, unit) => sum + unit.bytes, 0);
  for (const unit of of(held).toSorted(byHash).toReversed()) {
    if (bytes - unit.bytes < enough * target) continue;
    assigned.set(unit, 'train');
    bytes -= unit.bytes;
  }
  while (bytes < enough * target) {
    const unit = nextHeld(of('train'), target);
    if (unit === undefined) return;
    assigned.set(unit, held);
    bytes += unit.bytes;
  }
}

function assign(units: readonly Unit[]): ReadonlyMap<Unit, Split> {
  const assigned = new Map(units.map((unit) => [unit, byRule(unit)]));
  const names = [...new Set(units.map(({ source }) => source))];
  const sources = names
    .map((name) => units.filter(({ source }) => source === name))
    .filter(({ length }) => length >= 3);
  for (const held of ['validation', 'test'] as const) {
    for (const ofSource of sources) level(assigned, ofSource, held);
    if (![...assigned.values()].includes(held)) level(assigned, units, held);
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
