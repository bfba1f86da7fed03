import type { DroppedDocument, SourceDocument } from '../document.js';
import { cutSpans, type Spans, substringFields, substringSearch } from '../duplicates/substrings.js';
import type { Stage } from '../filters/document-stage.js';
import { rulesOf } from '../filters/rules.js';
import type { CleanSection } from '../section.js';
import { excerptOf } from './excerpt.js';
import type { Judgement } from './judge-documents.js';

/** Cuts passages out that occurred before; what is too short then is dropped. */
export async function* dropRepeated(
  { kept }: Judgement,
  {
    section,
    stage,
    spans,
  }: { readonly section: CleanSection; readonly stage: Stage; readonly spans: Map<number, Spans> },
  batches: () => AsyncGenerator<readonly SourceDocument[], void, undefined>,
): AsyncGenerator<DroppedDocument, void, undefined> {
  const rules = rulesOf(section.substrings, substringFields);
  if (rules === undefined) return;
  const search = substringSearch(rules, (document, found) => spans.set(document, found));
  let number = 0;
  for await (const batch of batches())
    for (const { text, source } of batch)
      if (kept[number++] === 1) search.add(number - 1, stage(text, source, false).text);
  search.finish();
  number = 0;
  for await (const batch of batches())
    for (const { id, text: raw, source } of batch) {
      const found = spans.get(number++);
      if (found === undefined) continue;
      const { text } = stage(raw, source, false);
      const left = cutSpans(text, found).length;
      if (left >= section.minCharacters) continue;
      kept[number - 1] = 0;
      const detail = `${left} characters are left without passages that occurred before`;
      yield { id, source, reason: 'substring-duplicate', detail, excerpt: excerptOf(text) };
    }
}
