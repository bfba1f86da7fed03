import type { Limits } from './limits.js';

/** The right to one slot of a model. */
export interface Ticket {
  /** Settles once: with a slot, or without one if the ticket was released before. */
  readonly ready: Promise<'slot' | 'released'>;
  /** Gives slot or place back, at once and as often as one likes. */
  readonly release: () => void;
}

/** Who may use a model's slots, who waits, and who is sent away. */
export interface Admission {
  /** Tickets for all choices of a request, or undefined when the queue cannot take them. Slots are given in order. */
  readonly admit: (choices: number, bytes: number) => readonly Ticket[] | undefined;
  readonly load: () => { readonly active: number; readonly waiting: number };
  /** Seconds after which a new request has a good chance, from the mean time of a choice. */
  readonly retryAfterSeconds: () => number;
}

interface Waiting {
  readonly bytes: number;
  readonly give: () => void;
}

export function createAdmission(
  slots: number,
  limits: Pick<Limits, 'waitingChoices' | 'waitingBytes'>,
  now: () => number,
): Admission {
  const queue = new Set<Waiting>();
  let active = 0;
  let waitingBytes = 0;
  let meanMs = 1000;

  const leave = (waiting: Waiting): void => {
    if (queue.delete(waiting)) waitingBytes -= waiting.bytes;
  };

  const pass = (): void => {
    const [first] = queue;
    if (first === undefined || active >= slots) return;
    leave(first);
    first.give();
  };

  const take = (bytes: number): Ticket => {
    let state: 'waiting' | 'slot' | 'released' = 'waiting';
    let startedMs = 0;
    let settle: (outcome: 'slot' | 'released') => void = () => {};
    const ready = new Promise<'slot' | 'released'>((resolve) => {
      settle = resolve;
    });
    const waiting: Waiting = {
      bytes,
      give: () => {
        state = 'slot';
        active += 1;
        startedMs = now();
        settle('slot');
      },
    };
    const release = (): void => {
      const before = state;
      state = 'released';
      settle('released');
      if (before === 'waiting') leave(waiting);
      if (before !== 'slot') return;
      active -= 1;
      meanMs += 0.1 * (now() - startedMs - meanMs);
      pass();
    };
    if (active < slots && queue.size === 0) waiting.give();
    else {
      queue.add(waiting);
      waitingBytes += bytes;
    }
    return { ready, release };
  };

  return {
    admit: (choices, bytes) => {
      const mustWait = Math.max(0, choices - (queue.size > 0 ? 0 : slots - active));
      if (mustWait > 0 && (queue.size + mustWait > limits.waitingChoices || waitingBytes + bytes > limits.waitingBytes))
        return undefined;
      // The last choice waits longest, so the bytes of the body are counted with it.
      return Array.from({ length: choices }, (_, index) => take(index === choices - 1 ? bytes : 0));
    },
    load: () => ({ active, waiting: queue.size }),
    retryAfterSeconds: () => Math.min(60, Math.max(1, Math.ceil((queue.size * meanMs) / slots / 1000))),
  };
}
