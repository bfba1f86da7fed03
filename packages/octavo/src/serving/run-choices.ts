import type { GenerationEvent, GenerationRequest, Generator } from '../generation/index.js';
import type { Ticket } from './admission.js';

/** Runs one choice in its slot. The ticket is given back when the model has finished, whatever the reader does. */
const runChoice = async (
  generator: Generator,
  the: { readonly request: GenerationRequest; readonly ticket: Ticket; readonly signal: AbortSignal },
  onEvent: (event: GenerationEvent) => void,
): Promise<void> => {
  try {
    if ((await the.ticket.ready) === 'released' || the.signal.aborted) return;
    for await (const event of generator.generate(the.request, the.signal)) onEvent(event);
  } finally {
    the.ticket.release();
  }
};

/** Runs all choices of a request, side by side as slots come free; the first that fails stops the others. */
export async function runChoices(
  generator: Generator,
  the: {
    readonly requests: readonly GenerationRequest[];
    readonly tickets: readonly Ticket[];
    readonly stop: AbortController;
  },
  onEvent: (choice: number, event: GenerationEvent) => void,
): Promise<void> {
  const outcomes = await Promise.allSettled(
    the.requests.map(async (request, choice) => {
      const ticket = the.tickets[choice];
      if (ticket === undefined) return;
      try {
        await runChoice(generator, { request, ticket, signal: the.stop.signal }, (event) => onEvent(choice, event));
      } catch (error) {
        the.stop.abort();
        throw error;
      }
    }),
  );
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
