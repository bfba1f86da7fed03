interface Totals {
  documents: number;
  bytes: number;
}

/** Adds up what a step's summary says, by name. */
export function tally() {
  const totals = new Map<string, Totals>();
  return {
    add: (name: string, amount: number) => {
      const { documents, bytes } = totals.get(name) ?? { documents: 0, bytes: 0 };
      totals.set(name, { documents: documents + 1, bytes: bytes + amount });
    },
    totals,
  };
}

export type Tally = ReturnType<typeof tally>;
