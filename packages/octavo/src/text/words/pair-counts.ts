/** Rows of a sparse matrix one after another: row r has the places `starts[r]` to `starts[r + 1]`. */
export interface SparseMatrix {
  readonly rows: number;
  readonly starts: Uint32Array;
  readonly columns: Uint32Array;
  readonly values: Float32Array;
}

const firstCells = 1 << 16;
/** 128 MiB of keys and counts. */
const mostCells = 1 << 24;
const fullest = 0.7;

/** Counts pairs of numbers below `width` (at most 65,535). Where there are too many different pairs the rarest are forgotten. */
export function pairCounts(width: number, most = mostCells) {
  /** Pair + 1; 0 is an empty cell. */
  let keys = new Uint32Array(firstCells);
  let counts = new Float32Array(firstCells);
  let used = 0;
  let least = 1;

  const cellOf = (key: number): number => {
    let cell = (Math.imul(key, 0x9e3779b1) >>> 7) & (keys.length - 1);
    while (keys[cell] !== 0 && keys[cell] !== key) cell = (cell + 1) & (keys.length - 1);
    return cell;
  };
  const rebuild = (cells: number, keepFrom: number): void => {
    const [oldKeys, oldCounts] = [keys, counts];
    keys = new Uint32Array(cells);
    counts = new Float32Array(cells);
    used = 0;
    for (let old = 0; old < oldKeys.length; old++) {
      const key = oldKeys[old] ?? 0;
      const count = oldCounts[old] ?? 0;
      if (key === 0 || count < keepFrom) continue;
      const cell = cellOf(key);
      keys[cell] = key;
      counts[cell] = count;
      used++;
    }
  };
  return {
    add: (one: number, other: number, weight: number): void => {
      const key = one * width + other + 1;
      let cell = cellOf(key);
      if (keys[cell] === 0) {
        if (used >= fullest * keys.length) {
          if (keys.length < most) rebuild(keys.length * 2, 0);
          else while (used >= (fullest * keys.length) / 2) rebuild(keys.length, least++);
          cell = cellOf(key);
        }
        keys[cell] = key;
        used++;
      }
      counts[cell] = (counts[cell] ?? 0) + weight;
    },
    toSparse: (): SparseMatrix => {
      const starts = new Uint32Array(width + 1);
      const rowOf = (key: number): number => Math.floor((key - 1) / width);
      for (const key of keys) if (key !== 0) starts[rowOf(key) + 1] = (starts[rowOf(key) + 1] ?? 0) + 1;
      for (let row = 0; row < width; row++) starts[row + 1] = (starts[row + 1] ?? 0) + (starts[row] ?? 0);
      const next = starts.slice();
      const columns = new Uint32Array(used);
      const values = new Float32Array(used);
      for (let cell = 0; cell < keys.length; cell++) {
        const key = keys[cell] ?? 0;
        if (key === 0) continue;
        const row = rowOf(key);
        const at = next[row] ?? 0;
        next[row] = at + 1;
        columns[at] = key - 1 - row * width;
        values[at] = counts[cell] ?? 0;
      }
      return { rows: width, starts, columns, values };
    },
  };
}
