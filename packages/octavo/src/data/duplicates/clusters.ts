/** Sets that merge (union by the smaller index, paths halved): the root of a cluster is its first member. */
export interface Clusters {
  readonly root: (member: number) => number;
  readonly join: (a: number, b: number) => void;
}

export function clusters(): Clusters {
  /** The parent of a member, plus one; 0 for a root. */
  let parents = new Int32Array(1024);
  const parent = (member: number): number => {
    const known = parents[member] ?? 0;
    return known === 0 ? member : known - 1;
  };
  const setParent = (member: number, to: number): void => {
    if (member >= parents.length) {
      const more = new Int32Array(Math.max(2 * parents.length, member + 1));
      more.set(parents);
      parents = more;
    }
    parents[member] = to + 1;
  };
  const root = (member: number): number => {
    let at = member;
    while (parent(at) !== at) {
      setParent(at, parent(parent(at)));
      at = parent(at);
    }
    return at;
  };
  return {
    root,
    join: (a, b) => {
      const [x, y] = [root(a), root(b)];
      if (x !== y) setParent(Math.max(x, y), Math.min(x, y));
    },
  };
}
