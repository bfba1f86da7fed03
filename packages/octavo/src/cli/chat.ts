import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { fail, visibleText } from '../core/index.js';
import { defaultSampling, type GenerationEvent } from '../generation/index.js';
import { fitConversation, type ServedModel } from '../serving/index.js';
import { type ChatMessage, stopTokens } from '../text/index.js';
import type { Command } from './command.js';
import { openModel } from './open-model.js';
import { parseOptions } from './options.js';
import { paintFor, type Terminal } from './terminal.js';

const Options = z.object({
  run: z.string().default('main'),
  int8: z.boolean().default(false),
  message: z.string().min(1).optional(),
  system: z.string().min(1).optional(),
  temperature: z.coerce.number().min(0).max(2).default(0.7),
  topK: z.coerce.number().int().min(0).default(40),
  maxTokens: z.coerce.number().int().min(1).optional(),
  seed: z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
});
type Options = z.infer<typeof Options>;

export interface ChatAnswer {
  readonly text: string;
  readonly reason: Extract<GenerationEvent, { readonly kind: 'end' }>['reason'];
  readonly promptTokens: number;
  readonly completionTokens: number;
}

/** Room kept for an answer when the user did not say how long it may be. */
const answerShare = 4;

/** Asks with as much of the conversation as the context holds, and shows the answer as it comes. Errors: PROMPT_TOO_LONG. */
export const ask = async (
  model: ServedModel,
  messages: readonly ChatMessage[],
  the: {
    readonly options: Options;
    readonly signal: AbortSignal;
    readonly show: (text: string) => void;
    readonly seed: number;
  },
): Promise<ChatAnswer> => {
  const { contextLength } = model.generator;
  const answerTokens = Math.min(the.options.maxTokens ?? Math.ceil(contextLength / answerShare), contextLength - 1);
  const fitted = fitConversation(model.tokenizer, messages, { contextLength, answerTokens });
  if (fitted === undefined)
    throw fail('PROMPT_TOO_LONG', {
      what: `the message does not fit into ${contextLength - answerTokens} tokens: the context has ${contextLength}, of which ${answerTokens} are kept for the answer`,
      remedy: 'write a shorter message',
    });
  const { temperature, topK, maxTokens } = the.options;
  const request = {
    prompt: fitted.prompt,
    maxTokens: maxTokens === undefined ? contextLength - fitted.prompt.length : answerTokens,
    sampling: { ...defaultSampling, temperature, topK, seed: the.seed },
    stop: [],
    stopTokens: stopTokens(model.tokenizer),
    topLogprobs: undefined,
  };
  let text = '';
  for await (const event of model.generator.generate(request, the.signal)) {
    text += event.text;
    the.show(visibleText(event.text));
    if (event.kind === 'end')
      return { text, reason: event.reason, promptTokens: event.promptTokens, completionTokens: event.completionTokens };
  }
  throw fail('INTERNAL', { what: 'the generator ended without an end event', remedy: 'please report it' });
};

/** Questions from the terminal until it ends. Ctrl-C stops an answer; when there is none, the chat. */
const converse = async (
  model: ServedModel,
  the: {
    readonly options: Options;
    readonly terminal: Terminal;
    readonly firstSeed: number;
    readonly leave: AbortSignal;
  },
): Promise<void> => {
  const { options, terminal } = the;
  const paint = paintFor(terminal);
  const lines = createInterface({
    input: process.stdin,
    output: process.stderr,
    terminal: process.stdin.isTTY === true,
    prompt: paint('cyan', 'you › '),
  });
  let answering: AbortController | undefined;
  lines.on('SIGINT', () => {
    if (answering === undefined) lines.close();
    else answering.abort();
  });
  the.leave.addEventListener('abort', () => {
    answering?.abort();
    lines.close();
  });
  terminal.err(`${paint('dim', 'Ctrl-C stops an answer, /new begins anew, Ctrl-D ends.')}\n`);
  const opening: readonly ChatMessage[] =
    options.system === undefined ? [] : [{ role: 'system', content: options.system }];
  let messages = opening;
  let turn = 0;
  lines.prompt();
  for await (const line of lines) {
    const question = line.trim();
    if (question === '/new') messages = opening;
    else if (question !== '') {
      answering = new AbortController();
      const asked: readonly ChatMessage[] = [...messages, { role: 'user', content: question }];
      terminal.err(paint('green', 'model › '));
      try {
        const answer = await ask(model, asked, {
          options,
          signal: answering.signal,
          show: terminal.out,
          seed: the.firstSeed + turn,
        });
        terminal.out(answer.reason === 'cancelled' ? ' …\n' : '\n');
        messages = [...asked, { role: 'assistant', content: answer.text }];
      } catch (error) {
        terminal.err(
          `${paint('red', 'error')} ${visibleText(error instanceof Error ? error.message : String(error))}\n`,
        );
      }
      turn += 1;
      answering = undefined;
    }
    if (the.leave.aborted) break;
    lines.prompt();
  }
  terminal.err('\n');
};

export const chat: Command = {
  options: [
    { form: '--run <name>', says: 'the run whose model to talk to (main)' },
    { form: '--int8', says: 'linear layers in 8-bit integers: half the memory, faster answers, slightly coarser' },
    { form: '--message <text>', says: 'ask this one question, print the answer, and end' },
    { form: '--system <text>', says: 'a system message that stays in the conversation' },
    { form: '--temperature <number>', says: '0 takes the likeliest word each time, 1 the model as it is (0.7)' },
    { form: '--top-k <count>', says: 'choose among so many words; 0 for all (40)' },
    { form: '--max-tokens <count>', says: 'the longest answer (what the context leaves)' },
    { form: '--seed <number>', says: 'same seed and words: same answer (a new one each time)' },
  ],
  examples: [
    'octavo chat',
    'octavo chat --message "What is the capital of France?" --temperature 0',
    'octavo chat --run wide --seed 1',
  ],
  run: async ({ options: given, json, terminal, cwd, interruptible }) => {
    const options = parseOptions(Options, given);
    const { message, system } = options;
    if (json && message === undefined)
      throw fail('USAGE', { what: '--json needs one question', where: 'octavo chat', remedy: 'add --message "…"' });
    const { name, model } = await openModel(cwd, terminal, { run: options.run, slots: 1, int8: options.int8 });
    const firstSeed = options.seed ?? randomBytes(6).readUIntBE(0, 6);
    try {
      if (message === undefined) {
        await interruptible((leave) => converse(model, { options, terminal, firstSeed, leave }), 'ending the chat');
        return 0;
      }
      const messages: readonly ChatMessage[] = [
        ...(system === undefined ? [] : [{ role: 'system' as const, content: system }]),
        { role: 'user', content: message },
      ];
      const answer = await interruptible(
        (signal) =>
          ask(model, messages, { options, signal, show: json ? () => undefined : terminal.out, seed: firstSeed }),
        'stopping the answer',
      );
      terminal.out(
        json
          ? `${JSON.stringify({ model: name, answer: answer.text, reason: answer.reason, promptTokens: answer.promptTokens, completionTokens: answer.completionTokens })}\n`
          : '\n',
      );
      return answer.reason === 'cancelled' ? 130 : 0;
    } finally {
      await model.generator.close();
    }
  },
};
