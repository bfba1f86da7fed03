import { tally } from './clean/tally.js';
import type { KeptFacts } from './summaries.js';

/** Gathers what the card and the page tell of kept documents, while they pass. */
export function keptFacts() {
  const licences = tally();
  const lengths = new Map<number, number>();
  let times: KeptFacts['times'];
  return {
    add: ({
      licence,
      bytes,
      time,
    }: {
      readonly licence: string;
      readonly bytes: number;
      readonly time?: string | undefined;
    }) => {
      licences.add(licence, bytes);
      const power = Math.floor(Math.log2(Math.max(1, bytes)));
      lengths.set(power, (lengths.get(power) ?? 0) + 1);
      if (time === undefined) return;
      times = {
        from: times === undefined || time < times.from ? time : times.from,
        to: times === undefined || time > times.to ? time : times.to,
        documents: (times?.documents ?? 0) + 1,
      };
    },
    summary: (): KeptFacts => ({
      licences: Object.fromEntries([...licences.totals].toSorted((a, b) => b[1].documents - a[1].documents)),
      lengths: Object.fromEntries([...lengths].toSorted(([a], [b]) => a - b)),
      ...(times === undefined ? {} : { times }),
    }),
  };
}
