import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Clock, fail } from '../core/index.js';
import type { GenerationEvent, GenerationRequest } from '../generation/index.js';
import type { Admission } from './admission.js';
import type { FinishReason, Usage } from './api.js';
import { type EventStream, startEventStream } from './event-stream.js';
import type { Lifecycle } from './lifecycle.js';
import type { Limits } from './limits.js';
import type { TokenEvent } from './logprobs.js';
import type { Metrics } from './metrics.js';
import { errorBody, type Problem, problemOf, problems } from './problem.js';
import { runChoices } from './run-choices.js';
import type { ServedModel } from './served-model.js';

/** One API's words for what generation says. */
export interface AnswerFormat {
  /** Events before the first token of a choice. */
  readonly opening: (choice: number) => readonly unknown[];
  readonly piece: (choice: number, text: string, tokens: readonly TokenEvent[]) => unknown;
  readonly closing: (choice: number, reason: FinishReason) => unknown;
  readonly usage: (usage: Usage) => unknown;
  readonly whole: (choices: readonly FinishedChoice[], usage: Usage) => unknown;
}

export interface FinishedChoice {
  readonly text: string;
  readonly tokens: readonly TokenEvent[];
  readonly reason: FinishReason;
}

/** A checked request, ready to run. */
export interface Work {
  readonly name: string;
  readonly model: ServedModel;
  readonly admission: Admission;
  readonly requests: readonly GenerationRequest[];
  readonly promptTokens: number;
  readonly bodyBytes: number;
  readonly stream: boolean;
  readonly includeUsage: boolean;
  readonly withLogprobs: boolean;
  readonly format: AnswerFormat;
}

export interface AnswerEffects {
  readonly clock: Clock;
  readonly limits: Limits;
  readonly lifecycle: Lifecycle;
  readonly metrics: Metrics;
  /** When the request arrived. */
  readonly startedMs: number;
  readonly logFailure: (error: unknown) => void;
}

/** Why an answer ended before its end. */
type Cut = 'client' | 'shutdown' | undefined;

/** Watches for a client that leaves and for the deadline of a shutdown; either aborts the generation. */
function watch(reply: FastifyReply, lifecycle: Lifecycle, release: () => void) {
  const stop = new AbortController();
  let cut: Cut;
  const abort = (reason: Cut) => {
    cut ??= reason;
    stop.abort();
    release();
  };
  const gone = () => {
    if (!reply.raw.writableFinished) abort('client');
  };
  const done = lifecycle.begin(() => abort('shutdown'));
  reply.raw.once('close', gone);
  if (reply.raw.destroyed) gone();
  return {
    stop,
    cut: () => cut,
    end: () => {
      reply.raw.off('close', gone);
      done();
    },
  };
}

/** Counts tokens and the times between them. */
function meter(work: Work, { clock, metrics, startedMs }: AnswerEffects) {
  const lastMs = new Map<number, number>();
  let completionTokens = 0;
  return {
    see: (choice: number, event: GenerationEvent) => {
      if (event.kind === 'end') {
        completionTokens += event.completionTokens;
        return;
      }
      const nowMs = clock.now();
      const beforeMs = lastMs.get(choice);
      if (lastMs.size === 0) metrics.firstToken(work.name, (nowMs - startedMs) / 1000);
      else if (beforeMs !== undefined) metrics.nextToken(work.name, (nowMs - beforeMs) / 1000);
      lastMs.set(choice, nowMs);
    },
    usage: (): Usage => ({
      prompt_tokens: work.promptTokens,
      completion_tokens: completionTokens,
      total_tokens: work.promptTokens + completionTokens,
    }),
    record: () => {
      metrics.tokens(work.name, 'prompt', work.promptTokens);
      metrics.tokens(work.name, 'completion', completionTokens);
    },
  };
}

/** Sends the events of a stream, and holds back nothing that may be shown. */
const streamTo =
  (stream: EventStream, { format, withLogprobs }: Work) =>
  (choice: number, event: GenerationEvent): void => {
    if (event.kind === 'token') {
      if (event.text !== '' || withLogprobs) stream.send(format.piece(choice, event.text, withLogprobs ? [event] : []));
      return;
    }
    if (event.reason === 'cancelled') return;
    if (event.text !== '') stream.send(format.piece(choice, event.text, []));
    stream.send(format.closing(choice, event.reason));
  };

/** Collects the events of a whole answer. */
function collect({ requests, withLogprobs }: Work) {
  const choices = requests.map(() => ({
    text: [] as string[],
    tokens: [] as TokenEvent[],
    reason: undefined as FinishReason | undefined,
  }));
  return {
    see: (choice: number, event: GenerationEvent) => {
      const one = choices[choice];
      if (one === undefined) return;
      one.text.push(event.text);
      if (event.kind === 'token') {
        if (withLogprobs) one.tokens.push(event);
      } else if (event.reason !== 'cancelled') one.reason = event.reason;
    },
    finished: (): readonly FinishedChoice[] =>
      choices.map(({ text, tokens, reason }, index) => {
        if (reason === undefined) throw fail('INTERNAL', { what: `choice ${index} ended without a reason` });
        return { text: text.join(''), tokens, reason };
      }),
  };
}

/** The first slot, or why there is none in time. */
const firstSlot = async (
  ready: Promise<'slot' | 'released'>,
  waitingMs: number,
): Promise<'slot' | 'released' | 'late'> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), waitingMs);
  });
  try {
    return await Promise.race([ready, late]);
  } finally {
    clearTimeout(timer);
  }
};

const refuse = (reply: FastifyReply, problem: Problem): FastifyReply =>
  reply
    .code(problem.status)
    .headers({ ...problem.headers })
    .send(errorBody(problem));

/** Waits for a slot, generates, and answers whole or as a stream. */
export async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  work: Work,
  effects: AnswerEffects,
): Promise<FastifyReply> {
  const { limits, lifecycle } = effects;
  const tickets = work.admission.admit(work.requests.length, work.bodyBytes);
  if (tickets === undefined) return refuse(reply, problems.queueFull(work.admission.retryAfterSeconds()));
  const release = () => {
    for (const ticket of tickets) ticket.release();
  };
  const watched = watch(reply, lifecycle, release);
  const { stop } = watched;
  const meters = meter(work, effects);
  let stream: EventStream | undefined;
  const endWith = (problem: Problem): FastifyReply => {
    if (stream === undefined) return refuse(reply, problem);
    stream.send(errorBody(problem));
    stream.end('failed');
    return reply;
  };
  try {
    const first = await firstSlot(tickets[0]?.ready ?? Promise.resolve('released'), limits.waitingMs);
    if (first === 'late') return refuse(reply, problems.waitedTooLong(work.admission.retryAfterSeconds()));
    if (first === 'released') return watched.cut() === 'client' ? reply.hijack() : refuse(reply, problems.cutShort);
    const collected = collect(work);
    let show = collected.see;
    if (work.stream) {
      reply.hijack();
      stream = startEventStream(reply.raw, {
        requestId: request.id,
        stalledMs: limits.stalledReaderMs,
        close: lifecycle.state() === 'draining',
      });
      for (const choice of work.requests.keys()) for (const event of work.format.opening(choice)) stream.send(event);
      show = streamTo(stream, work);
    }
    await runChoices(work.model.generator, { requests: work.requests, tickets, stop }, (choice, event) => {
      meters.see(choice, event);
      show(choice, event);
    });
    meters.record();
    const cut = watched.cut();
    if (cut === 'client') return stream === undefined ? reply.hijack() : reply;
    if (cut === 'shutdown') return endWith(problems.cutShort);
    if (stream === undefined) return reply.send(work.format.whole(collected.finished(), meters.usage()));
    if (work.includeUsage) stream.send(work.format.usage(meters.usage()));
    stream.end('done');
    return reply;
  } catch (error) {
    const problem = problemOf(error);
    if (problem.status === 500) effects.logFailure(error);
    return endWith(problem);
  } finally {
    release();
    watched.end();
  }
}
