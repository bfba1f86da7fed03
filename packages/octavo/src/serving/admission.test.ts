import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createAdmission, type Ticket } from './admission.js';

/** What became of a ticket, for all that has settled by now. */
const outcomeOf = async (ticket: Ticket): Promise<'slot' | 'released' | 'waiting'> => {
  const waiting = new Promise<'waiting'>((resolve) => setImmediate(() => resolve('waiting')));
  return Promise.race([ticket.ready, waiting]);
};

describe('createAdmission', () => {
  it('gives slots in order, never more than there are, and forgets nobody', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 0, max: 6 }),
        fc.array(
          fc.oneof(
            fc.record({
              kind: fc.constant('admit' as const),
              choices: fc.integer({ min: 1, max: 5 }),
              bytes: fc.nat(40),
            }),
            fc.record({ kind: fc.constant('release' as const), at: fc.nat(30) }),
          ),
          { maxLength: 40 },
        ),
        async (slots, waitingChoices, actions) => {
          const admission = createAdmission(slots, { waitingChoices, waitingBytes: 60 }, () => 0);
          const open: Ticket[] = [];
          for (const action of actions) {
            const before = admission.load();
            if (action.kind === 'admit') {
              const tickets = admission.admit(action.choices, action.bytes);
              if (tickets === undefined) expect(admission.load()).toEqual(before);
              open.push(...(tickets ?? []));
            } else {
              const [ticket] = open.splice(action.at % Math.max(1, open.length), 1);
              ticket?.release();
              // A second release changes nothing.
              ticket?.release();
            }
            const { active, waiting } = admission.load();
            expect(active).toBe(Math.min(slots, open.length));
            expect(active + waiting).toBe(open.length);
            expect(waiting).toBeLessThanOrEqual(waitingChoices);
          }
          const outcomes = await Promise.all(open.map(outcomeOf));
          // The oldest have the slots.
          expect(outcomes.map((outcome) => outcome === 'slot')).toEqual(open.map((_, index) => index < slots));
          for (const ticket of open) ticket.release();
          expect(admission.load()).toEqual({ active: 0, waiting: 0 });
          expect(admission.admit(slots, 1_000_000)).toHaveLength(slots);
        },
      ),
    ));

  it('bounds the bytes of those who wait, not of those who run', () => {
    const admission = createAdmission(1, { waitingChoices: 10, waitingBytes: 100 }, () => 0);
    expect(admission.admit(1, 500)).toHaveLength(1);
    expect(admission.admit(1, 60)).toHaveLength(1);
    expect(admission.admit(1, 60)).toBeUndefined();
    expect(admission.admit(1, 40)).toHaveLength(1);
  });

  it('tells how long to stay away from how long answers take', () => {
    let nowMs = 0;
    const admission = createAdmission(2, { waitingChoices: 100, waitingBytes: 1000 }, () => nowMs);
    expect(admission.retryAfterSeconds()).toBe(1);
    for (let answer = 0; answer < 200; answer++) {
      const [ticket] = admission.admit(1, 0) ?? [];
      nowMs += 3000;
      ticket?.release();
    }
    admission.admit(12, 0);
    // Ten wait for two slots, three seconds each.
    expect(admission.retryAfterSeconds()).toBe(15);
  });
});
