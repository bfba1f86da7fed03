import type { GenerationEvent, GenerationRequest } from '../generation/index.js';
import type { Admitted } from './admission.js';
import type { ServedModel } from './model.js';

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

type End = Extract<GenerationEvent, { readonly kind: 'end' }>;

/** Hears what each answer brings, in the order of its tokens; the next token waits until it returns. */
export type OnEvent = (choice: number, event: GenerationEvent) => Promise<void> | void;

/** One answer in its slot. Throws the signal's reason when it was cancelled. */
async function writeOne(
  request: GenerationRequest,
  the: {
    readonly model: ServedModel;
    readonly place: Admitted;
    readonly signal: AbortSignal;
    readonly onEvent: (event: GenerationEvent) => Promise<void> | void;
  },
): Promise<End> {
  const free = await the.place.slot(the.signal);
  try {
    for await (const event of the.model.generator.generate(request, the.signal)) {
      if (event.kind === 'end' && event.reason === 'cancelled') the.signal.throwIfAborted();
      await the.onEvent(event);
      if (event.kind === 'end') return event;
    }
    throw new Error('a generator ended without an end event');
  } finally {
    free();
  }
}

/**
 * Writes all answers of a request, side by side where there are slots; the first that fails stops the others. A prompt
 * counts once, however many answers it gets.
 */
export async function writeAnswers(
  requests: readonly GenerationRequest[],
  the: {
    readonly model: ServedModel;
    readonly place: Admitted;
    readonly stop: AbortController;
    readonly onEvent: OnEvent;
  },
): Promise<Usage> {
  const { stop } = the;
  const results = await Promise.allSettled(
    requests.map(async (request, choice) => {
      try {
        return await writeOne(request, { ...the, signal: stop.signal, onEvent: (event) => the.onEvent(choice, event) });
      } catch (error) {
        // Also frees the slot of an answer whose reader was lost between two tokens.
        stop.abort(error);
        throw error;
      }
    }),
  );
  stop.signal.throwIfAborted();
  let completion = 0;
  for (const result of results) if (result.status === 'fulfilled') completion += result.value.completionTokens;
  const prompts = new Set(requests.map(({ prompt }) => prompt));
  let prompt = 0;
  for (const ids of prompts) prompt += ids.length;
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}
