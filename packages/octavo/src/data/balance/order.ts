/** In which order training text is read: shuffled, or a curriculum (Bengio et al. 2009). A key that sorts as text. */
export const dataOrders = ['shuffled', 'length', 'difficulty', 'source'] as const;
export type DataOrder = (typeof dataOrders)[number];

const sortable = (value: number): string => Math.round(value).toString(16).padStart(14, '0');

export interface OrderFacts {
  readonly bytes: number;
  /** Perplexity by a character model of the training text; 1 where no model is asked. */
  readonly difficulty: number;
  /** Which of the sources it is, in the order of `data.sources`. */
  readonly source: number;
}

/** Sorts as the order says, equal ones by their hash. */
export function orderKey(order: DataOrder, hash: string, { bytes, difficulty, source }: OrderFacts): string {
  if (order === 'shuffled') return hash;
  const first = { length: bytes, difficulty: difficulty * 2 ** 20, source }[order];
  return `${sortable(first)}:${hash}`;
}
