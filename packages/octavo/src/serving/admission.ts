import type { Clock } from '../core/index.js';
import { type ApiError, overloaded } from './api-error.js';
import type { ServingLimits } from './limits.js';

/** A request that was let in: its answers take slots one by one. */
export interface Admitted {
  /** Waits for a slot; the function it gives frees that slot. Throws the signal's reason, or 429 after the longest wait. */
  readonly slot: (signal: AbortSignal) => Promise<() => void>;
  /** The request is over. */
  readonly leave: () => void;
}

/** A bounded queue before a fixed number of slots: bounded in answers and in bytes. */
export interface Admission {
  /** Throws 429 when the queue is full. */
  readonly admit: (request: { readonly answers: number; readonly bytes: number }) => Admitted;
  /** Answers in a slot, and answers that wait for one. */
  readonly load: () => { readonly active: number; readonly waiting: number };
}

interface Waiter {
  readonly take: () => void;
}

type Limits = Pick<ServingLimits, 'queuedAnswers' | 'queuedBytes' | 'queueMs'>;

export function createAdmission({
  slots,
  limits,
  clock,
}: {
  readonly slots: number;
  readonly limits: Limits;
  readonly clock: Clock;
}): Admission {
  const waiters = new Set<Waiter>();
  let active = 0;
  let answers = 0;
  let bytes = 0;
  /** Milliseconds that an answer holds its slot, averaged over the last ones. */
  let meanMs = 1_000;

  const retryAfterSeconds = (): number =>
    Math.min(60, Math.max(1, Math.ceil((meanMs * (waiters.size + 1)) / slots / 1_000)));
  const full = (): ApiError => overloaded(retryAfterSeconds());

  const occupy = (): (() => void) => {
    active += 1;
    const since = clock.now();
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      active -= 1;
      meanMs += (clock.now() - since - meanMs) / 8;
      const [next] = waiters;
      next?.take();
    };
  };

  const slot = (signal: AbortSignal): Promise<() => void> => {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (active < slots && waiters.size === 0) return Promise.resolve(occupy());
    return new Promise((resolve, reject) => {
      const leave = () => {
        waiters.delete(waiter);
        clearTimeout(timer);
        signal.removeEventListener('abort', gone);
      };
      const waiter: Waiter = {
        take: () => {
          leave();
          resolve(occupy());
        },
      };
      const gone = () => {
        leave();
        reject(signal.reason);
      };
      const timer = setTimeout(() => {
        leave();
        reject(full());
      }, limits.queueMs);
      signal.addEventListener('abort', gone, { once: true });
      waiters.add(waiter);
    });
  };

  return {
    load: () => ({ active, waiting: waiters.size }),
    admit: (request) => {
      if (answers + request.answers > slots + limits.queuedAnswers || bytes + request.bytes > limits.queuedBytes)
        throw full();
      answers += request.answers;
      bytes += request.bytes;
      let inside = true;
      return {
        slot,
        leave: () => {
          if (!inside) return;
          inside = false;
          answers -= request.answers;
          bytes -= request.bytes;
        },
      };
    },
  };
}
