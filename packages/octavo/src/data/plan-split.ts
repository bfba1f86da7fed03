/**
 * Which texts are held out. What belongs together stays together: documents of one duplicate cluster, and windows of one
 * text, form a unit; `sha256(id of the unit's first document) mod 20` is 0 for test, 1 for validation, else train. Then
 * the held-out share of each source is levelled.
 */
import { fail } from '../core/index.js';
import { parts, type SplitDocument, splitDocuments, type Units } from './split-units.js';

export const splits = ['train', 'validation', 'test'] as const;
export type Split = (typeof splits)[number];
const [train, validation, test] = [0, 1, 2];

export interface SplitPlan {
  readonly documents: number;
  /** Of a document, by its place in the order given. */
  readonly splitOf: (document: number) => Split;
  readonly units: number;
  /** Windows of one text had to be parted, since there were too few texts. */
  readonly partsTexts: boolean;
}

/** Below this many units the rule would hold out nothing, or a single text; windows of one text are then parted. */
const fewUnits = 20;
/** Share of a twentieth that each source must at least hold out. */
const enough = 0.9;

/**
 * Luck decides by whole units, so with few or uneven ones it holds out too much of one source and too little of another.
 * Here the held-out bytes of some units, sorted by hash, are brought to a twentieth, or just below: by hash, so that the
 * choice stays fixed.
 */
function level(assigned: Uint8Array, { bytes }: Units, units: Uint32Array, held: number): void {
  const bytesOf = (unit: number): number => bytes[unit] ?? 0;
  const target = units.reduce((sum, unit) => sum + bytesOf(unit), 0) / parts;
  let left = 0;
  let there = 0;
  for (const unit of units) {
    if (assigned[unit] === train) left++;
    if (assigned[unit] === held) there += bytesOf(unit);
  }
  for (let at = units.length - 1; at >= 0; at--) {
    const unit = units[at] ?? 0;
    if (assigned[unit] !== held || there - bytesOf(unit) < enough * target) continue;
    assigned[unit] = train;
    there -= bytesOf(unit);
    left++;
  }
  const hold = (unit: number): void => {
    assigned[unit] = held;
    there += bytesOf(unit);
    left--;
  };
  // First those that are small beside what is to be held out, then the smallest of the large ones, which is enough.
  let smallest: number | undefined;
  for (const unit of units) {
    if (there >= enough * target || left < 2) return;
    if (assigned[unit] !== train) continue;
    if (bytesOf(unit) <= 2 * target) hold(unit);
    else if (smallest === undefined || bytesOf(unit) < bytesOf(smallest)) smallest = unit;
  }
  if (smallest !== undefined && there < enough * target && left >= 2) hold(smallest);
}

/** The split of each unit, at the place of its first document. */
function assign(units: Units, documents: number): Uint8Array {
  const { list, partOf, sourceOf, byHash } = units;
  const assigned = new Uint8Array(documents);
  for (const unit of list) assigned[unit] = [test, validation][partOf(unit)] ?? train;
  for (const held of [validation, test]) {
    for (let from = 0, to = 0; from < list.length; from = to) {
      while (to < list.length && sourceOf(list[to] ?? 0) === sourceOf(list[from] ?? 0)) to++;
      if (to - from >= 3) level(assigned, units, list.subarray(from, to), held);
    }
    if (!list.some((unit) => assigned[unit] === held)) level(assigned, units, list.toSorted(byHash), held);
  }
  return assigned;
}

/** Takes as many documents as announced, in order, then plans. Errors: DATA_TOO_SMALL where not even one unit each can be held out. */
export function splitPlanner(documents: number): {
  readonly add: (document: SplitDocument) => void;
  readonly plan: () => SplitPlan;
} {
  const known = splitDocuments(documents);
  const plan = (): SplitPlan => {
    const whole = known.whole();
    const partsTexts = whole.list.length < fewUnits;
    const units = partsTexts ? known.alike() : whole;
    const assigned = assign(units, documents);
    const missing = splits.filter((_, split) => !units.list.some((unit) => assigned[unit] === split));
    if (missing.length > 0) {
      throw fail('DATA_TOO_SMALL', {
        what: `${documents} documents in ${units.list.length} groups of likes leave nothing for ${missing.join(' and ')}`,
        where: 'data.sources',
        remedy: 'name more text, or cut what there is into smaller windows with `windowBytes`',
      });
    }
    const splitOfEach = Uint8Array.from({ length: documents }, (_, n) => assigned[units.of(n)] ?? train);
    return {
      documents,
      splitOf: (document) => splits[splitOfEach[document] ?? train] ?? 'train',
      units: units.list.length,
      partsTexts: partsTexts && units.list.length > whole.list.length,
    };
  };
  return { add: known.add, plan };
}
