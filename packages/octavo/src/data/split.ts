import { join } from 'node:path';
import { fail, writeFileAtomic } from '../core/index.js';
import { type Row, readDocuments, writeDocuments } from '../formats/index.js';
import type { Step, StepContext } from '../project/index.js';
import { labelInputs, labelsOf } from './balance/labels.js';
import { prepareTrain, shuffleKey } from './balance/prepare-train.js';
import { type Tally, tally } from './clean/tally.js';
import { cleanColumns } from './clean.js';
import { interruptible } from './interruptible.js';
import { keptFacts } from './kept-facts.js';
import { type Split, type SplitPlan, splitPlanner, splits } from './plan-split.js';
import { progress } from './progress.js';
import { readSummary } from './read-summary.js';
import type { SplitSection } from './section.js';
import { sortedRows } from './sorted-rows.js';
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

function totalsOf({ totals }: Tally): SplitSummary[Split] {
  const sources = [...totals.values()];
  return {
    documents: sources.reduce((sum, { documents }) => sum + documents, 0),
    bytes: sources.reduce((sum, { bytes }) => sum + bytes, 0),
    sources: Object.fromEntries(totals),
  };
}

async function splitAll(context: StepContext<SplitSection>): Promise<Readonly<Record<string, unknown>>> {
  const { section, folder, signal, emit } = context;
  const clean = context.artifact('clean');
  const input = join(clean, 'documents.parquet');
  const plan = await readPlan(clean, input, signal);
  if (plan.partsTexts) {
    const text = `only ${plan.units} groups of documents: windows of one text are held out from each other, so held-out figures flatter`;
    emit({ kind: 'warning', step: 'split', text });
  }
  const told = progress('split', { ...context, total: 2 * plan.documents, unit: 'documents' });
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
  const facts = keptFacts();
  const sources: Record<Split, Tally> = { train: tally(), validation: tally(), test: tally() };
  const sorter = (split: Split) => sortedRows<Row<typeof splitColumns>>(join(folder, `${split}.spill`));
  using train = sorter('train');
  using validation = sorter('validation');
  using test = sorter('test');
  const sorts = { train, validation, test };
  let number = 0;
  for await (const batch of read()) {
    for (const document of batch) {
      const split = plan.splitOf(number);
      facts.add(document);
      const keys = split === 'train' ? prepared.keysOf(number, document) : [shuffleKey(section.seed, document.id)];
      for (const shuffle of keys) {
        sources[split].add(document.source, document.bytes);
        sorts[split].add(shuffle, { ...document, shuffle });
      }
      number++;
    }
    told.add(batch.length);
  }
  if (sources.train.totals.size === 0) throw emptied(prepared.summary().mix);
  for (const split of splits) {
    const rows = function* () {
      for (const row of sorts[split].rows()) {
        signal.throwIfAborted();
        yield row;
        told.add(1);
      }
    };
    await writeDocuments(join(folder, `${split}.parquet`), { columns: splitColumns }, rows());
  }
  told.finish();
  const summary: SplitSummary & { readonly units: number; readonly partsTexts: boolean } = {
    train: totalsOf(sources.train),
    validation: totalsOf(sources.validation),
    test: totalsOf(sources.test),
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
