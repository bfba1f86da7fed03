import { join } from 'node:path';
import { fail, writeFileAtomic } from '../core/index.js';
import { readDocuments, writeDocuments } from '../formats/index.js';
import type { Step, StepContext } from '../project/index.js';
import { labelInputs, labelsOf } from './balance/labels.js';
import { prepareTrain, shuffleKey } from './balance/prepare-train.js';
import { cleanColumns } from './clean.js';
import { interruptible } from './interruptible.js';
import { keptFacts } from './kept-facts.js';
import { type Split, type SplitPlan, splitPlanner, splits } from './plan-split.js';
import { progress } from './progress.js';
import { readSummary } from './read-summary.js';
import type { SplitSection } from './section.js';
import { CleanSummary, type MixSummary, type SplitSummary } from './summaries.js';

/** Columns of `split/*.parquet`. Rows are sorted by `shuffle`, a hash of seed and id: reading in order reads at random. */
export const splitColumns = { ...cleanColumns, shuffle: 'text' } as const;

async function readPlan(clean: string, path: string, signal: AbortSignal): Promise<SplitPlan> {
  const { kept } = await readSummary(clean, CleanSummary);
  const planner = splitPlanner(kept);
  for await (const batch of readDocuments(path, {
    columns: { id: 'text', source: 'text', cluster: 'text', bytes: 'integer' },
  })) {
    signal.throwIfAborted();
    for (const document of batch) planner.add(document);
  }
  return planner.plan();
}

type Totals = { documents: number; bytes: number; sources: Record<string, { documents: number; bytes: number }> };

async function splitAll(context: StepContext<SplitSection>): Promise<Readonly<Record<string, unknown>>> {
  const { section, folder, signal, emit } = context;
  const clean = context.artifact('clean');
  const input = join(clean, 'documents.parquet');
  const plan = await readPlan(clean, input, signal);
  if (plan.partsTexts) {
    const text = `only ${plan.units} groups of documents: windows of one text are held out from each other, so held-out figures flatter`;
    emit({ kind: 'warning', step: 'split', text });
  }
  const told = progress('split', { ...context, total: splits.length * plan.documents, unit: 'documents' });
  const read = async function* () {
    for await (const batch of readDocuments(input, { columns: cleanColumns })) {
      signal.throwIfAborted();
      yield batch;
    }
  };
  const { prepared, warnings } = await prepareTrain(section, {
    plan,
    read,
    labelOf: await labelsOf(section, context),
  });
  for (const text of warnings) emit({ kind: 'warning', step: 'split', text });
  const totals: Record<Split, Totals> = {
    train: { documents: 0, bytes: 0, sources: {} },
    validation: { documents: 0, bytes: 0, sources: {} },
    test: { documents: 0, bytes: 0, sources: {} },
  };
  const facts = keptFacts();
  for (const split of splits) {
    const into = totals[split];
    const sources = new Map<string, { documents: number; bytes: number }>();
    const documents = async function* () {
      let number = 0;
      for await (const batch of read()) {
        for (const document of batch) {
          if (plan.splitOf(number++) !== split) continue;
          facts.add(document);
          for (const shuffle of split === 'train'
            ? prepared.keysOf(number - 1, document)
            : [shuffleKey(section.seed, document.id)]) {
            const { bytes } = document;
            const ofSource = sources.get(document.source) ?? { documents: 0, bytes: 0 };
            sources.set(document.source, { documents: ofSource.documents + 1, bytes: ofSource.bytes + bytes });
            into.documents++;
            into.bytes += bytes;
            yield { ...document, shuffle };
          }
        }
        told.add(batch.length);
      }
    };
    await writeDocuments(join(folder, `${split}.parquet`), { columns: splitColumns, orderBy: 'shuffle' }, documents());
    into.sources = Object.fromEntries(sources);
    if (split === 'train' && into.documents === 0) throw emptied(prepared.summary().mix);
  }
  told.finish();
  const summary: SplitSummary & { readonly units: number; readonly partsTexts: boolean } = {
    ...totals,
    units: plan.units,
    partsTexts: plan.partsTexts,
    ...prepared.summary(),
    facts: facts.summary(),
  };
  writeFileAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
  return summary;
}

function emptied(mix: MixSummary | undefined) {
  const names = (mix?.groups ?? []).map(({ name, asked }) => `${name} (${(100 * asked).toFixed(1)} %)`);
  return fail('DATA_TOO_SMALL', {
    what: `the mixture leaves no training text; asked of the groups that are there: ${names.slice(0, 20).join(', ')}`,
    where: 'data.mix',
    remedy: 'give one of these groups a weight in data.mix.weights, or raise data.mix.maxEpochs',
  });
}

/** Clean documents → `train.parquet`, `validation.parquet`, `test.parquet`. Errors: DATA_TOO_SMALL, TABLE_CORRUPT. */
export const split: Step<SplitSection> = {
  name: 'split',
  version: 2,
  inputs: ['clean'],
  externalInputs: labelInputs,
  run: (context) => interruptible(context.signal, () => splitAll(context)),
};
