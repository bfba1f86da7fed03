/** What people read of a run's data, written without being asked: the card, for machines too, and the page. */
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, type Emit, type StepName, writeFileAtomic } from '../../core/index.js';
import { type DataSection, dataCard, dataCardFacts } from '../../data/index.js';
import type { RunFolder } from '../../project/index.js';
import { writeDataReport } from './data-page.js';

/** `data-card.md` and `data-card.json` of a run; `data` is what it was made with, with the words of `card`. Errors: RUN_ABSENT, FILE_INVALID, TABLE_CORRUPT, FILE_NOT_WRITTEN. */
export async function writeDataCard(
  run: RunFolder,
  data: Pick<DataSection, 'card' | 'clean'>,
): Promise<readonly string[]> {
  const facts = await dataCardFacts(join(run.folder, 'artifacts'), data);
  const [text, json] = cardsOf(run);
  writeFileAtomic(text, dataCard(facts));
  writeFileAtomic(json, `${JSON.stringify(facts, undefined, 2)}\n`);
  return [text, json];
}

const cardsOf = (run: RunFolder) => [join(run.folder, 'data-card.md'), join(run.folder, 'data-card.json')] as const;

interface Told {
  readonly run: RunFolder;
  readonly config: { readonly data: DataSection };
  readonly clock: Clock;
  readonly emit: Emit;
}

/** Card and page once the data steps are through, and the card beside an exported model. Neither can fail a run. */
export async function afterStep(
  { run, config, clock, emit }: Told,
  name: StepName,
  kind: 'done' | 'skipped',
): Promise<void> {
  try {
    if (name === 'tokenize' && (kind === 'done' || !cardsOf(run).every((path) => existsSync(path)))) {
      await writeDataCard(run, config.data);
      await writeDataReport(run, clock);
    }
    const model = join(run.artifact('export'), 'huggingface');
    if (name === 'export' && existsSync(model))
      for (const path of cardsOf(run))
        if (existsSync(path)) copyFileSync(path, join(model, path.slice(run.folder.length + 1)));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    emit({ kind: 'warning', step: name, text: `the data card or page is not written: ${why}` });
  }
}
