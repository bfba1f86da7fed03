import type { SourceDocument } from '../document.js';
import type { CorpusStage } from '../filters/corpus-stage.js';
import { repairText } from '../filters/document-stage.js';
import type { CleanSection } from '../section.js';

/** Passes before the first, where rules need to have seen the whole corpus. */
export async function learnCorpus(
  { passes }: CorpusStage,
  section: CleanSection,
  batches: () => AsyncGenerator<readonly SourceDocument[], void, undefined>,
): Promise<void> {
  for (const pass of passes)
    for await (const batch of batches())
      for (const { source, text } of batch) pass(source, repairText(text, section).text);
}
