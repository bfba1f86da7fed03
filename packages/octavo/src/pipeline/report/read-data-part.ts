import { join } from 'node:path';
import { dataSummary, sampleReasons } from '../../data/index.js';
import { readDocuments } from '../../formats/index.js';
import type { DataPart, KeptDocument } from './report-data.js';

const examplesOfReason = 6;
const examplesOfSource = 3;
const excerptCharacters = 400;
/** A source that is not met among so many held-out documents is shown without examples. */
const mostDocuments = 20_000;

/** Some held-out documents of each source: validation text, so that nobody has to read through all that was trained on. */
const keptDocuments = async (artifacts: string, sources: readonly string[]): Promise<readonly KeptDocument[]> => {
  const found = new Map<string, KeptDocument[]>(sources.map((source) => [source, []]));
  let seen = 0;
  for await (const batch of readDocuments(join(artifacts, 'split', 'validation.parquet'), {
    columns: { id: 'text', source: 'text', text: 'text' },
  })) {
    for (const { id, source, text } of batch) {
      const examples = found.get(source);
      if (examples !== undefined && examples.length < examplesOfSource)
        examples.push({ id, source, excerpt: text.slice(0, excerptCharacters) });
    }
    seen += batch.length;
    if (seen >= mostDocuments || [...found.values()].every((examples) => examples.length >= examplesOfSource)) break;
  }
  return [...found.values()].flat();
};

/** Counts of the data steps, with examples of what was kept and dropped. Errors: those of the data room's readers. */
export const readDataPart = async (artifacts: string): Promise<DataPart> => {
  const summary = await dataSummary(artifacts);
  const dropped = await sampleReasons(artifacts, { count: examplesOfReason, seed: 1 });
  const kept = await keptDocuments(
    artifacts,
    summary.collected.sources.map(({ name }) => name),
  );
  return { summary, kept, dropped };
};
