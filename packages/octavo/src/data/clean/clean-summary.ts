import { fail } from '../../core/index.js';
import { dropReasons } from '../document.js';
import type { CollectSummary } from '../summaries.js';
import type { Tally } from './tally.js';

interface Counted {
  readonly collected: CollectSummary;
  readonly kept: number;
  readonly dropped: number;
  readonly reasons: ReadonlyMap<string, number>;
  readonly changes: Tally;
  readonly sources: Tally;
  readonly trained: Readonly<Record<string, unknown>> | undefined;
}

/** `summary.json` of the step; the order of its fields never changes. Errors: DATA_TOO_SMALL. */
export function cleanSummary({ collected, kept, dropped, reasons, changes, sources, trained }: Counted) {
  const documentsIn = collected.documents + collected.rejected;
  if (kept === 0) throw nothingLeft(documentsIn, reasons);
  return {
    documentsIn,
    kept,
    dropped,
    droppedByReason: Object.fromEntries(
      dropReasons.flatMap((reason) => (reasons.has(reason) ? [[reason, reasons.get(reason)]] : [])),
    ),
    changes: Object.fromEntries(
      [...changes.totals]
        .toSorted(([a], [b]) => (a < b ? -1 : 1))
        .map(([kind, { documents, bytes: places }]) => [kind, { documents, places }]),
    ),
    ...(trained === undefined ? {} : { classifier: trained }),
    bytesIn: collected.bytes,
    bytesKept: [...sources.totals.values()].reduce((sum, { bytes }) => sum + bytes, 0),
    sources: [...sources.totals].map(([name, totals]) => ({ name, ...totals })),
  };
}

function nothingLeft(documentsIn: number, reasons: ReadonlyMap<string, number>) {
  return fail('DATA_TOO_SMALL', {
    what: `nothing is left of ${documentsIn} documents: ${[...reasons].map(([reason, count]) => `${count} ${reason}`).join(', ')}`,
    where: 'data.sources',
    remedy: 'look at them with `octavo data sample --dropped`, then name more text or lower data.clean.minCharacters',
  });
}
