/** Sets that merge (union by the smaller index, paths halved): the root of a cluster is its first member. */
export interface Clusters {
  readonly root: (member: number) => number;
  readonly join: (a: number, b: number) => void;
}

export function clusters(): Clusters {
  const parents: number[] = [];
  const parent = (member: number): number => parents[member] ?? member;
  const root = (member: number): number => {
    let at = member;
    while (parent(at) !== at) {
      parents[at] = parent(parent(at));
      at = parent(at);
    }
    return at;
  };
  return {
    root,
    join: (a, b) => {
      const [low, high] = [root(a), root(b)].toSorted((x, y) => x - y);
      if (low !== undefined && high !== undefined) parents[high] = low;
    },
  };
}
