import { basename, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { fail, visibleLine, writeFileAtomic } from '../core/index.js';
import { sites } from '../interpret/index.js';
import {
  attentionView,
  attributionView,
  cacheFolderOf,
  firstTokenOf,
  type InsideView,
  insidePage,
  lensView,
  type OpenedRun,
  openRunInside,
  type Prompt,
  patchView,
  promptOf,
} from '../pipeline/index.js';
import { findProjectFolder } from '../project/index.js';
import type { Command } from './command.js';
import { viewText } from './interpret-text.js';
import { parseOptions } from './options.js';
import { existingRun } from './run-artifacts.js';
import { paintFor, type Terminal } from './terminal.js';

const place = z.coerce.number().int().min(0).optional();
const Options = z.object({
  prompt: z.string().min(1),
  run: z.string().default('main'),
  raw: z.boolean().default(false),
  answer: z.string().min(1).optional(),
  other: z.string().min(1).optional(),
  corrupted: z.string().min(1).optional(),
  site: z.enum(sites).default('residual'),
  position: place,
  layer: place,
  head: place,
  top: z.coerce.number().int().min(1).max(50).default(5),
  html: z.string().min(1).optional(),
});
type Options = z.infer<typeof Options>;

const views: Readonly<Record<string, (opened: OpenedRun, prompt: Prompt, options: Options) => Promise<InsideView>>> = {
  lens: (opened, prompt, { top }) => lensView(opened, prompt, top),
  attention: (opened, prompt) => attentionView(opened, prompt),
  attribute: (opened, prompt, options) => attributionView(opened, prompt, chosen(opened, options)),
  patch: (opened, prompt, options) => {
    if (options.corrupted === undefined)
      throw fail('USAGE', {
        what: 'the corrupted prompt is missing',
        where: 'octavo interpret patch',
        remedy: 'add --corrupted "…": the prompt with a word exchanged that changes the answer',
      });
    const corrupted = promptOf(opened.tokenizer, options.corrupted, prompt.kind);
    return patchView(opened, prompt, corrupted, { ...chosen(opened, options), site: options.site });
  },
};

const chosen = ({ tokenizer }: OpenedRun, { answer, other }: Options) => ({
  target: answer === undefined ? undefined : firstTokenOf(tokenizer, answer, '--answer'),
  other: other === undefined ? undefined : firstTokenOf(tokenizer, other, '--other'),
});

/** Refuses a place that the model or the prompt does not have. */
const checkPlaces = ({ position, layer, head }: Options, { model }: OpenedRun, { ids }: Prompt): void => {
  const limits = [
    ['position', position, ids.length],
    ['layer', layer, model.model.config.depth],
    ['head', head, model.model.config.heads],
  ] as const;
  for (const [name, value, count] of limits)
    if (value !== undefined && value >= count)
      throw fail('USAGE', {
        what: `${value} is not below ${count}`,
        where: `--${name}`,
        remedy: 'counting begins at 0',
      });
};

const say = ({ skipped, checkpoint, stage, run }: OpenedRun, { kind }: Prompt, terminal: Terminal): void => {
  const paint = paintFor(terminal);
  for (const reason of skipped) terminal.err(`${paint('yellow', 'skipped')} ${visibleLine(reason, 200)}\n`);
  terminal.err(`${paint('dim', `runs/${run}, ${stage} ${basename(checkpoint)}; the prompt as a ${kind}`)}\n`);
};

export const interpret: Command = {
  args: [{ form: '[view]', says: 'lens, attention, attribute or patch' }],
  options: [
    { form: '--prompt <text>', says: 'what the model reads' },
    { form: '--run <name>', says: 'the run whose model to look into (main)' },
    { form: '--raw', says: 'read the prompt as the beginning of a text, not as a question' },
    { form: '--answer <text>', says: 'the next token to explain: the first of this text (the likeliest)' },
    { form: '--other <text>', says: 'the token to compare it with (patch: the likeliest after the corrupted prompt)' },
    { form: '--corrupted <text>', says: 'with patch: the prompt with a word exchanged, of as many tokens' },
    { form: '--site <site>', says: `with patch: what is exchanged, ${sites.join(', ')} (residual)` },
    { form: '--position <number>', says: 'with lens and attention: the token to tell of, from 0 (the last)' },
    { form: '--layer <number>', says: 'with attention: this block only, from 0' },
    { form: '--head <number>', says: 'with attention and --layer: draw this head' },
    { form: '--top <count>', says: 'with lens: how many words each layer would say (5)' },
    { form: '--html <file>', says: 'write the picture as one page for the browser' },
  ],
  examples: [
    'octavo interpret lens --prompt "What is the capital of France?"',
    'octavo interpret attention --prompt "The whale" --raw --layer 1 --head 0',
    'octavo interpret attribute --prompt "What is the capital of France?" --html france.html',
    'octavo interpret patch --prompt "What is the capital of France?" --corrupted "What is the capital of Spain?"',
  ],
  run: async ({ args, options: given, json, terminal, cwd }) => {
    const kind = args[0] ?? '';
    const view = Object.hasOwn(views, kind) ? views[kind] : undefined;
    if (view === undefined)
      throw fail('USAGE', {
        what:
          kind === '' ? 'the view is missing' : `"${visibleLine(kind)}" is not one of ${Object.keys(views).join(', ')}`,
        where: 'octavo interpret',
        remedy: `name one of ${Object.keys(views).join(', ')}`,
      });
    if (given['prompt'] === undefined)
      throw fail('USAGE', { what: 'the prompt is missing', where: 'octavo interpret', remedy: 'add --prompt "…"' });
    const options = parseOptions(Options, given);
    const run = existingRun(cwd, options.run);
    const opened = await openRunInside(run, cacheFolderOf(resolve(findProjectFolder(cwd))));
    const question = opened.stage === 'finetune' && !options.raw;
    const prompt = promptOf(opened.tokenizer, options.prompt, question ? 'question' : 'text');
    checkPlaces(options, opened, prompt);
    const made = await view(opened, prompt, options);
    if (options.html !== undefined)
      writeFileAtomic(resolve(cwd, options.html), insidePage([made], { run: run.name, prompt }));
    if (json) {
      const { text, kind: readAs } = prompt;
      terminal.out(`${JSON.stringify({ run: run.name, stage: opened.stage, prompt: { text, readAs }, ...made })}\n`);
      return 0;
    }
    say(opened, prompt, terminal);
    if (options.html !== undefined) {
      const path = resolve(cwd, options.html);
      terminal.out(`${path}\n`);
      terminal.err(paintFor(terminal)('dim', `open it in a browser: ${pathToFileURL(path)}\n`));
      return 0;
    }
    const { layer, head, position = prompt.ids.length - 1 } = options;
    const at = { position, ...(layer === undefined ? {} : { layer }), ...(head === undefined ? {} : { head }) };
    terminal.out(viewText(made, at, paintFor(terminal)));
    return 0;
  },
};
