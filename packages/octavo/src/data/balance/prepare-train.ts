/** Which training documents are read how often and in which order: passes over the text before it is written. */

import { fail } from '../../core/index.js';
import { sha256 } from '../../project/index.js';
import { characterModel } from '../filters/character-model.js';
import { loadIdentifier } from '../filters/language.js';
import type { SplitPlan } from '../plan-split.js';
import type { SplitSection } from '../section.js';
import type { MixSummary } from '../summaries.js';
import { type LabelOf, unlabelled } from './labels.js';
import { copiesOf, type MixedGroup, type MixKey, planMix, worthwhileEpochs } from './mix.js';
import { type DataOrder, orderKey } from './order.js';

interface TrainDocument {
  readonly id: string;
  readonly source: string;
  readonly licence: string;
  readonly text: string;
  readonly bytes: number;
  readonly label?: string | undefined;
}
type Read = () => AsyncIterable<readonly TrainDocument[]>;

export const shuffleKey = (seed: number, id: string): string => sha256(`${seed}:${id}`).slice(0, 16);

async function* trainOf(plan: SplitPlan, read: Read): AsyncGenerator<readonly [number, TrainDocument]> {
  let number = 0;
  for await (const batch of read())
    for (const document of batch) {
      if (plan.splitOf(number) === 'train') yield [number, document];
      number++;
    }
}

async function nameOf(by: MixKey, labelOf: LabelOf | undefined): Promise<(document: TrainDocument) => string> {
  if (by === 'label') return (document) => labelOf?.(document) ?? unlabelled;
  if (by !== 'language') return (document) => document[by];
  const identify = await loadIdentifier();
  return ({ text }) => identify(text).language || 'unknown';
}

/** The group of each training document, and how each group is mixed. */
async function groupsOf(section: SplitSection, { plan, read, labelOf }: Given) {
  const { mix } = section;
  if (mix === undefined) return undefined;
  const name = await nameOf(mix.by, labelOf);
  const numbers = new Map<string, number>();
  const sizes: { readonly name: string; bytes: number }[] = [];
  const groupOfDocument = new Uint32Array(plan.documents);
  for await (const [number, document] of trainOf(plan, read)) {
    const called = name(document);
    const group = numbers.get(called) ?? sizes.length;
    if (group === sizes.length) {
      numbers.set(called, group);
      sizes.push({ name: called, bytes: 0 });
    }
    const size = sizes[group];
    if (size !== undefined) size.bytes += document.bytes;
    groupOfDocument[number] = group;
  }
  if (mix.by === 'label' && sizes.every((one) => one.name === unlabelled))
    throw fail('DATA_SOURCE', {
      what: 'a mixture by label needs labels, and no training document has one',
      where: 'data.mix',
      remedy: 'name labelField at a source, or data.mix.labels: a file of `octavo label export`, or project:NAME',
    });
  return {
    by: mix.by,
    groupOfDocument,
    groups: planMix(
      sizes.map((one) => [one.name, one.bytes]),
      mix,
    ),
  };
}

/** A character model of the training text, of which each document is then asked. */
async function difficultyOf(order: DataOrder, plan: SplitPlan, read: Read) {
  if (order !== 'difficulty') return () => 1;
  const model = characterModel();
  for await (const [, { text }] of trainOf(plan, read)) model.learn(text);
  return model.perplexity;
}

function warningsOf(groups: readonly MixedGroup[], weights: Readonly<Record<string, number>>): readonly string[] {
  const known = new Set(groups.map(({ name }) => name));
  return [
    ...groups
      .filter(({ epochs }) => epochs > worthwhileEpochs)
      .map(({ name, epochs }) => `data.mix repeats ${name} ${epochs.toFixed(1)} times; above 4 it teaches ever less`),
    ...Object.keys(weights)
      .filter((name) => !known.has(name))
      .map((name) => `data.mix gives a weight to ${name}, of which there is no training text`),
  ];
}

interface Given {
  readonly plan: SplitPlan;
  readonly read: Read;
  /** Needed for a mixture by label. */
  readonly labelOf?: LabelOf | undefined;
}

export async function prepareTrain(section: SplitSection, given: Given) {
  const { plan, read } = given;
  const { seed, mix, order = 'shuffled' } = section;
  const mixed = await groupsOf(section, given);
  const perplexity = await difficultyOf(order, plan, read);
  const sources = new Map<string, number>();
  const got = mixed?.groups.map(() => ({ documents: 0, bytes: 0 })) ?? [];
  let leftOut = 0;
  const copies = (number: number, { id, bytes }: TrainDocument): number => {
    if (mixed === undefined) return 1;
    const group = mixed.groupOfDocument[number] ?? 0;
    const count = copiesOf(id, mixed.groups[group]?.epochs ?? 0, seed);
    const into = got[group];
    if (into !== undefined) {
      into.documents += count;
      into.bytes += count * bytes;
    }
    if (count === 0) leftOut++;
    return count;
  };
  const mixSummary = (): MixSummary | undefined => {
    if (mixed === undefined) return undefined;
    const total = got.reduce((sum, { bytes }) => sum + bytes, 0);
    const groups = mixed.groups.map((group, at) => {
      const { documents = 0, bytes = 0 } = got[at] ?? {};
      return { ...group, documents, bytesGot: bytes, got: total === 0 ? 0 : bytes / total };
    });
    return { by: mixed.by, documentsLeftOut: leftOut, groups };
  };
  return {
    warnings: mixed === undefined || mix === undefined ? [] : warningsOf(mixed.groups, mix.weights),
    prepared: {
      /** A key to sort by for each copy. */
      keysOf: (number: number, document: TrainDocument): readonly string[] => {
        const source = sources.get(document.source) ?? sources.size;
        sources.set(document.source, source);
        const facts = {
          bytes: document.bytes,
          source,
          difficulty: order === 'difficulty' ? perplexity(document.text) : 1,
        };
        return Array.from({ length: copies(number, document) }, (_, copy) =>
          orderKey(order, shuffleKey(seed, copy === 0 ? document.id : `${document.id}\u0000${copy}`), facts),
        );
      },
      summary: () => {
        const mixture = mixSummary();
        return { ...(mixture === undefined ? {} : { mix: mixture }), ...(order === 'shuffled' ? {} : { order }) };
      },
    },
  };
}
