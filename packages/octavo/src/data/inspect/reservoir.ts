import { sha256 } from '../../project/index.js';

/**
 * A uniform sample without replacement: the `count` smallest hashes of seed and id. Which ids are drawn depends on nothing
 * else, neither on their order nor on what else was offered.
 */
export function reservoir<Item extends { readonly id: string }>({
  count,
  seed,
}: {
  readonly count: number;
  readonly seed: number;
}) {
  /** Sorted by key. */
  const held: { readonly key: string; readonly number: number; readonly item: Item }[] = [];
  let offered = 0;
  return {
    /** Offers an item; `accepts` is asked only where it would be drawn. */
    offer: (item: Item, accepts: (item: Item) => boolean = () => true): void => {
      const number = offered++;
      if (count === 0) return;
      const key = sha256(`sample:${seed}:${item.id}`);
      if (held.length === count && key >= (held.at(-1)?.key ?? '')) return;
      if (!accepts(item)) return;
      let [low, high] = [0, held.length];
      while (low < high) {
        const middle = (low + high) >> 1;
        if ((held[middle]?.key ?? '') < key) low = middle + 1;
        else high = middle;
      }
      held.splice(low, 0, { key, number, item });
      if (held.length > count) held.pop();
    },
    get offered() {
      return offered;
    },
    /** What was drawn, in the order in which it was offered. */
    drawn: (): readonly Item[] => held.toSorted((a, b) => a.number - b.number).map(({ item }) => item),
  };
}
