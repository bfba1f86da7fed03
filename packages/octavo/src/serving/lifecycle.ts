/** Answers that are under way, and whether new ones may begin. */
export interface Lifecycle {
  readonly state: () => 'serving' | 'draining';
  readonly inFlight: () => number;
  /** Counts an answer until the function that it gives is called; `cutShort` is called when the time to finish is over. */
  readonly begin: (cutShort: () => void) => () => void;
  /** From now on no new answers; settles when all are done, after `deadlineMs` by cutting them short. */
  readonly drain: (deadlineMs: number) => Promise<{ readonly cut: number }>;
}

export function createLifecycle(): Lifecycle {
  const answers = new Set<{ readonly cutShort: () => void }>();
  let draining = false;
  let whenEmpty: (() => void) | undefined;

  return {
    state: () => (draining ? 'draining' : 'serving'),
    inFlight: () => answers.size,
    begin: (cutShort) => {
      const answer = { cutShort };
      answers.add(answer);
      return () => {
        if (answers.delete(answer) && answers.size === 0) whenEmpty?.();
      };
    },
    drain: async (deadlineMs) => {
      draining = true;
      if (answers.size === 0) return { cut: 0 };
      let cut = 0;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        whenEmpty = resolve;
        timer = setTimeout(() => {
          cut = answers.size;
          for (const answer of [...answers]) answer.cutShort();
        }, deadlineMs);
      });
      clearTimeout(timer);
      return { cut };
    },
  };
}
