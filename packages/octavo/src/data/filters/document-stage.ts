import type { DropReason } from '../document.js';
import type { CleanSection } from '../section.js';
import type { CorpusStage } from './corpus-stage.js';
import { judgeText } from './judge-text.js';
import type { Judges } from './judges.js';
import { normaliseText } from './normalise-text.js';
import type { Measured } from './outliers.js';
import { piiFields, replacePii } from './pii.js';
import { qualityStage } from './quality.js';
import { repairMojibake } from './repair-mojibake.js';
import { rulesOf } from './rules.js';

export interface Staged {
  /** As it stays, or as it was when a rule dropped it. */
  readonly text: string;
  readonly dropped?: { readonly reason: DropReason; readonly detail: string };
  /** What was changed: places by kind. */
  readonly changes: Readonly<Record<string, number>>;
}

/** A text put right before anything is asked of it. */
export function repairText(raw: string, { repairMojibake: wanted }: { readonly repairMojibake: boolean }) {
  const { text: decoded, places } = wanted ? repairMojibake(raw) : { text: raw, places: 0 };
  return { decoded, text: normaliseText(decoded), places };
}

/**
 * All that is decided about one document by itself, pure, so that it may run anywhere. With `judge` false nothing is
 * dropped and only the text is made again, for documents that are known to be kept.
 */
export function documentStage(section: CleanSection, corpus: Pick<CorpusStage, 'cut' | 'judge'>, judges: Judges) {
  const quality = qualityStage(section);
  const pii = rulesOf(section.pii, piiFields);
  return (raw: string, source: string, judge: boolean, measured?: Measured): Staged => {
    const repaired = repairText(raw, section);
    const changes: Record<string, number> = repaired.places > 0 ? { 'repair.mojibake': repaired.places } : {};
    if (judge) {
      const verdict = judgeText(repaired.decoded, repaired.text, section);
      if (verdict.kind === 'dropped') return { text: repaired.text, dropped: verdict, changes };
    }
    const foreign = judge ? judges.language(repaired.text) : undefined;
    if (foreign !== undefined) return { text: repaired.text, dropped: foreign, changes };
    const cut = corpus.cut(source, repaired.text);
    if (cut.lines > 0) changes['boilerplate.lines'] = cut.lines;
    const odd = judge ? corpus.judge(cut.text, measured) : undefined;
    if (odd !== undefined) return { text: cut.text, dropped: odd, changes };
    const judged = quality(cut.text, judge);
    Object.assign(changes, judged.changes);
    if (judged.dropped !== undefined) return { text: judged.text, dropped: judged.dropped, changes };
    if (judge && judged.text.length < section.minCharacters) {
      const detail = `${judged.text.length} characters are left`;
      return { text: judged.text, dropped: { reason: 'too-short', detail }, changes };
    }
    const unwanted = judge ? judges.content(judged.text) : undefined;
    if (unwanted !== undefined) return { text: judged.text, dropped: unwanted, changes };
    if (pii === undefined) return { text: judged.text, changes };
    const { text, counts } = replacePii(judged.text, pii);
    for (const [kind, places] of Object.entries(counts)) changes[`pii.${kind}`] = places;
    return { text, changes };
  };
}
