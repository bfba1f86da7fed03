import type { DropReason } from '../document.js';
import type { CleanSection } from '../section.js';
import { judgeText } from './judge-text.js';
import { normaliseText } from './normalise-text.js';
import { qualityStage } from './quality.js';

export interface Staged {
  /** As it stays, or as it was when a rule dropped it. */
  readonly text: string;
  readonly dropped?: { readonly reason: DropReason; readonly detail: string };
  /** What was changed: places by kind. */
  readonly changes: Readonly<Record<string, number>>;
}

/**
 * All that is decided about one document by itself, pure, so that it may run anywhere. With `judge` false nothing is
 * dropped and only the text is made again, for documents that are known to be kept.
 */
export function documentStage(section: CleanSection): (raw: string, judge: boolean) => Staged {
  const quality = qualityStage(section);
  return (raw, judge) => {
    const text = normaliseText(raw);
    if (judge) {
      const verdict = judgeText(raw, text, section);
      if (verdict.kind === 'dropped') return { text, dropped: verdict, changes: {} };
    }
    const judged = quality(text, judge);
    if (judge && judged.dropped === undefined && judged.text.length < section.minCharacters)
      return { ...judged, dropped: { reason: 'too-short', detail: `${judged.text.length} characters are left` } };
    return judged;
  };
}
