import { fail, invariant } from '../core/index.js';
import { createStreamDecoder, type Tokenizer } from '../text/index.js';
import { createDecoder, type LoadedModel } from './decoder.js';
import { sampleToken } from './sampling.js';
import { createStopText, type StopText } from './stop-text.js';
import type { GenerationEvent, GenerationRequest, Generator } from './types.js';

/** A request on its way: waiting, or in a slot. */
interface Job {
  readonly request: GenerationRequest;
  readonly signal: AbortSignal;
  readonly text: StopText;
  readonly counts: Map<number, number>;
  readonly emit: (event: GenerationEvent) => void;
  /** Tells the reader that the engine failed. */
  readonly fail: (error: Error) => void;
  /** Tokens in the cache. */
  length: number;
  sampled: number;
  next: number | undefined;
}

/** A list that one side fills and the other awaits. */
function createQueue<T>(): { readonly push: (value: T) => void; readonly next: () => Promise<T> } {
  const values: T[] = [];
  let waiting: ((value: T) => void) | undefined;
  return {
    push: (value) => {
      const wake = waiting;
      waiting = undefined;
      if (wake === undefined) values.push(value);
      else wake(value);
    },
    next: () => {
      const [first] = values.splice(0, 1);
      return first === undefined
        ? new Promise((resolve) => {
            waiting = resolve;
          })
        : Promise.resolve(first);
    },
  };
}

/**
 * Continuous batching over a fixed number of slots: between two steps, ended requests leave and waiting ones take their
 * slots; prompts are read one at a time, then all active requests take one token a step.
 * Source of the idea: Yu et al. 2022 (Orca).
 */
export function createGenerator(
  model: LoadedModel,
  the: { readonly tokenizer: Pick<Tokenizer, 'decodeBytes'>; readonly slots: number },
): Generator {
  const decoder = createDecoder(model, the.slots);
  const { contextLength, vocabularySize } = model.config;
  const waiting: Job[] = [];
  const active: (Job | undefined)[] = Array.from({ length: the.slots }, () => undefined);
  let running: Promise<void> | undefined;
  let closed = false;

  const finish = (job: Job, reason: 'stop' | 'length' | 'cancelled', text: string): void => {
    const slot = active.indexOf(job);
    if (slot >= 0) active[slot] = undefined;
    job.emit({ kind: 'end', reason, text, promptTokens: job.request.prompt.length, completionTokens: job.sampled });
  };

  /** Samples from logits, tells the reader, and says what the next step feeds. */
  const advance = (job: Job, logits: Float32Array): void => {
    if (job.signal.aborted) {
      finish(job, 'cancelled', '');
      return;
    }
    const { sampling, topLogprobs, stopTokens, maxTokens } = job.request;
    const { id, logprob, top } = sampleToken(logits, { sampling, index: job.sampled, counts: job.counts, topLogprobs });
    job.sampled += 1;
    if (stopTokens.includes(id)) {
      finish(job, 'stop', job.text.end());
      return;
    }
    job.counts.set(id, (job.counts.get(id) ?? 0) + 1);
    const { text, stopped } = job.text.push(id);
    job.emit({ kind: 'token', id, text, ...(topLogprobs === undefined ? {} : { logprob, top }) });
    if (stopped) finish(job, 'stop', '');
    else if (job.sampled >= maxTokens || job.length >= contextLength) finish(job, 'length', job.text.end());
    else job.next = id;
  };

  const admit = async (): Promise<void> => {
    for (let slot = active.indexOf(undefined); slot >= 0 && waiting.length > 0; slot = active.indexOf(undefined)) {
      const job = waiting.shift();
      if (job === undefined) return;
      if (job.signal.aborted) {
        finish(job, 'cancelled', '');
        continue;
      }
      active[slot] = job;
      const [logits] = await decoder.forward([{ slot, start: 0, ids: job.request.prompt }]);
      invariant(logits !== undefined, 'a prompt gives logits');
      job.length = job.request.prompt.length;
      advance(job, logits);
    }
  };

  const stepAll = async (): Promise<void> => {
    const jobs: Job[] = [];
    const entries = active.flatMap((job, slot) => {
      if (job === undefined) return [];
      if (job.signal.aborted) {
        finish(job, 'cancelled', '');
        return [];
      }
      invariant(job.next !== undefined, 'an active request has a token to feed');
      jobs.push(job);
      return [{ slot, start: job.length, ids: [job.next] }];
    });
    const logits = await decoder.forward(entries);
    jobs.forEach((job, i) => {
      const own = logits[i];
      invariant(own !== undefined, 'each request gets its logits');
      job.length += 1;
      advance(job, own);
    });
  };

  const serve = async (): Promise<void> => {
    while (waiting.length > 0 || active.some((job) => job !== undefined)) {
      await admit();
      await stepAll();
    }
    running = undefined;
  };

  return {
    contextLength,
    vocabularySize,
    slots: the.slots,
    load: () => ({ active: active.filter((job) => job !== undefined).length, waiting: waiting.length }),
    generate: async function* (request, signal) {
      if (closed) throw fail('GENERATOR_CLOSED', { what: 'this model was unloaded', remedy: 'load it again' });
      if (request.prompt.length === 0 || request.prompt.length >= contextLength)
        throw fail('PROMPT_TOO_LONG', {
          what: `a prompt has 1 to ${contextLength - 1} tokens; this one has ${request.prompt.length}`,
          remedy: 'shorten it, or train a model with a longer context',
        });
      const bad = request.prompt.find((id) => !Number.isInteger(id) || id < 0 || id >= vocabularySize);
      if (bad !== undefined)
        throw fail('PROMPT_TOO_LONG', {
          what: `token ${bad} is not in the vocabulary of ${vocabularySize}`,
          remedy: 'encode the prompt with the tokenizer of this model',
        });
      const queue = createQueue<GenerationEvent | Error>();
      const counts = new Map<number, number>();
      for (const id of request.prompt) counts.set(id, (counts.get(id) ?? 0) + 1);
      waiting.push({
        request,
        signal,
        text: createStopText(createStreamDecoder(the.tokenizer), request.stop),
        counts,
        emit: queue.push,
        fail: queue.push,
        length: 0,
        sampled: 0,
        next: undefined,
      });
      running ??= serve().catch((cause: unknown) => {
        running = undefined;
        const error = cause instanceof Error ? cause : new Error(String(cause));
        for (const job of [...active, ...waiting.splice(0)]) job?.fail(error);
        active.fill(undefined);
      });
      for (;;) {
        const event = await queue.next();
        if (event instanceof Error) throw event;
        yield event;
        if (event.kind === 'end') return;
      }
    },
    close: async () => {
      closed = true;
      await running;
    },
  };
}
