import type { ServerResponse } from 'node:http';
import type { Clock } from '../core/index.js';
import type { GenerationRequest } from '../generation/index.js';
import type { Admitted } from './admission.js';
import { writeAnswers } from './answers.js';
import { type ApiError, errorBody } from './api-error.js';
import type { CompletionForm, TokenEvent } from './completion-form.js';
import { createEventStream } from './event-stream.js';
import type { ServingLimits } from './limits.js';
import type { ServedModel } from './model.js';

/** One completion on its way. */
export interface Completion {
  readonly form: CompletionForm;
  readonly model: ServedModel;
  readonly requests: readonly GenerationRequest[];
  /** Already with the form's prefix. */
  readonly id: string;
  readonly clock: Clock;
  readonly place: Admitted;
  /** Aborted, with an ApiError as reason, when the client goes or the server must stop. */
  readonly stop: AbortController;
  /** Hears the moment of the first token, and how many there were. */
  readonly watch: {
    readonly firstToken: () => void;
    readonly done: (usage: { readonly prompt: number; readonly completion: number }) => void;
  };
}

const headOf = ({ id, model, clock }: Completion, object: string) => ({
  id,
  object,
  created: Math.floor(clock.now() / 1_000),
  model: model.id,
  system_fingerprint: model.fingerprint,
});

const wantsLogprobs = ({ requests }: Completion): boolean => requests[0]?.topLogprobs !== undefined;

/** All answers in one body. */
export async function completeWhole(the: Completion): Promise<Readonly<Record<string, unknown>>> {
  const { form, requests, watch } = the;
  const logprobs = wantsLogprobs(the);
  const head = headOf(the, form.object.whole);
  const drafts = requests.map(() => ({ text: '', tokens: [] as TokenEvent[], reason: 'stop' }));
  const usage = await writeAnswers(requests, {
    ...the,
    onEvent: (choice, event) => {
      const draft = drafts[choice];
      if (draft === undefined) return;
      draft.text += event.text;
      if (event.kind === 'end') draft.reason = event.reason;
      else {
        watch.firstToken();
        if (logprobs) draft.tokens.push(event);
      }
    },
  });
  watch.done({ prompt: usage.prompt_tokens, completion: usage.completion_tokens });
  return {
    ...head,
    choices: drafts.map((draft, index) => ({ index, ...form.whole(draft, logprobs), finish_reason: draft.reason })),
    usage,
  };
}

/**
 * Answers as server-sent events. What fails before the first event is thrown, and becomes an ordinary error; after it, an
 * event tells the error and the stream ends without `[DONE]`.
 */
export async function completeStream(
  the: Completion,
  out: {
    readonly response: ServerResponse;
    readonly headers: Readonly<Record<string, string>>;
    readonly limits: Pick<ServingLimits, 'slowReaderMs'>;
    readonly includeUsage: boolean;
    readonly toClient: (error: unknown) => ApiError;
  },
): Promise<void> {
  const { form, requests, watch, stop } = the;
  const logprobs = wantsLogprobs(the);
  const head = headOf(the, form.object.chunk);
  const stream = createEventStream(out.response, {
    headers: out.headers,
    signal: stop.signal,
    slowReaderMs: out.limits.slowReaderMs,
  });
  const send = (choices: readonly unknown[], usage: unknown = null) =>
    stream.send(JSON.stringify({ ...head, choices, ...(out.includeUsage ? { usage } : {}) }));
  const offsets = requests.map(() => 0);
  const begun = new Set<number>();
  try {
    const usage = await writeAnswers(requests, {
      ...the,
      onEvent: async (index, event) => {
        if (!begun.has(index) && form.begin !== undefined) {
          begun.add(index);
          await send([{ index, ...form.begin, finish_reason: null }]);
        }
        const token = event.kind === 'token' ? event : undefined;
        if (token !== undefined) watch.firstToken();
        const offset = offsets[index] ?? 0;
        offsets[index] = offset + event.text.length;
        if (event.text !== '' || (logprobs && token !== undefined))
          await send([{ index, ...form.piece({ text: event.text, token, offset }, logprobs), finish_reason: null }]);
        if (event.kind === 'end') await send([{ index, ...form.last, finish_reason: event.reason }]);
      },
    });
    watch.done({ prompt: usage.prompt_tokens, completion: usage.completion_tokens });
    if (out.includeUsage) await send([], usage);
    await stream.send('[DONE]');
    stream.end();
  } catch (error) {
    if (!stream.opened()) throw error;
    if (!out.response.destroyed) out.response.end(`data: ${JSON.stringify(errorBody(out.toClient(error)))}\n\n`);
  }
}
