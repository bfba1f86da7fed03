import type { DroppedDocument } from '../document.js';
import type { SpilledSpans } from '../duplicates/spilled-spans.js';
import { cutSpans, substringFields, substringSearch } from '../duplicates/substrings.js';
import { rulesOf } from '../filters/rules.js';
import type { CleanSection } from '../section.js';
import type { CleanedRow } from './cleaned-rows.js';
import { excerptOf } from './excerpt.js';
import type { Judgement } from './judge-documents.js';

/** Cuts passages out that occurred before; what is too short then is dropped. */
export async function* dropRepeated(
  { kept }: Judgement,
  { section, spans }: { readonly section: CleanSection; readonly spans: SpilledSpans },
  rows: () => AsyncGenerator<CleanedRow, void, undefined>,
): AsyncGenerator<DroppedDocument, void, undefined> {
  const rules = rulesOf(section.substrings, substringFields);
  if (rules === undefined) return;
  const search = substringSearch(rules, spans.set);
  let number = 0;
  for await (const { cleaned } of rows())
    if (kept[number++] === 1 && cleaned.kind === 'kept') search.add(number - 1, cleaned.text);
  search.finish();
  number = 0;
  for await (const { document, cleaned } of rows()) {
    const found = spans.get(number++);
    if (found === undefined || cleaned.kind === 'dropped') continue;
    const left = cutSpans(cleaned.text, found).length;
    if (left >= section.minCharacters) continue;
    kept[number - 1] = 0;
    const detail = `${left} characters are left without passages that occurred before`;
    const { id, source } = document;
    yield { id, source, reason: 'substring-duplicate', detail, excerpt: excerptOf(cleaned.text) };
  }
}
