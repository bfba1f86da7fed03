import { steps } from '../core/index.js';
import type { Command } from './command.js';

export interface CommandEntry {
  readonly name: string;
  readonly summary: string;
  readonly group: string;
  readonly load: () => Promise<Command>;
}

const stepSummaries: Readonly<Record<string, string>> = {
  collect: 'Fetch and read the sources of text.',
  clean: 'Normalise documents, drop broken ones and duplicates.',
  split: 'Hold out validation and test documents, near-copies kept together.',
  tokenizer: 'Train the tokenizer.',
  tokenize: 'Turn the text into shards of tokens.',
  size: 'Say what the model needs in memory and time on this machine.',
  pretrain: 'Train the model on the text.',
  finetune: 'Teach the model to answer.',
  evaluate: 'Measure the model beside honest baselines.',
  export: 'Write the model for other programs, each checked against ours.',
};

const stepCommand = (step: string): CommandEntry => ({
  name: step,
  summary: stepSummaries[step] ?? step,
  group: 'Steps (each runs what it needs before it):',
  load: async () => (await import('./step-command.js')).stepCommand(step),
});

/** Every command with one line about it; the rest of a command loads when it is used. */
export const commands: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'Make a project: a commented octavo.yaml.',
    group: 'Commands:',
    load: async () => (await import('./init.js')).init,
  },
  {
    name: 'run',
    summary: 'Run every step that changed, go on with what was interrupted.',
    group: 'Commands:',
    load: async () => (await import('./run.js')).run,
  },
  {
    name: 'plan',
    summary: 'Choose every size from goal and budget, and say what to expect.',
    group: 'Commands:',
    load: async () => (await import('./plan.js')).plan,
  },
  {
    name: 'status',
    summary: 'Show how far a run has come.',
    group: 'Commands:',
    load: async () => (await import('./status.js')).status,
  },
  {
    name: 'chat',
    summary: 'Talk to the model in the terminal.',
    group: 'Commands:',
    load: async () => (await import('./chat.js')).chat,
  },
  {
    name: 'serve',
    summary: 'Serve the model over an OpenAI-compatible API.',
    group: 'Commands:',
    load: async () => (await import('./serve.js')).serve,
  },
  {
    name: 'keys',
    summary: 'Make, list and revoke the API keys of the server.',
    group: 'Commands:',
    load: async () => (await import('./keys.js')).keys,
  },
  {
    name: 'data',
    summary: 'Prepare the data; show what was kept, dropped, and why.',
    group: 'Commands:',
    load: async () => (await import('./data.js')).data,
  },
  {
    name: 'label',
    summary: 'Label text with others: projects, a page for the browser, agreement, suggestions.',
    group: 'Commands:',
    load: async () => (await import('./label.js')).label,
  },
  {
    name: 'report',
    summary: 'Write the run as one page for the browser: plan, data, curves, evaluation, answers.',
    group: 'Commands:',
    load: async () => (await import('./report.js')).report,
  },
  {
    name: 'inspect',
    summary: 'Show a model or a graph before anything runs: sizes, a drawing, what each pass changes.',
    group: 'Commands:',
    load: async () => (await import('./inspect.js')).inspect,
  },
  {
    name: 'profile',
    summary: 'Time every instruction of a step, beside what the machine allows.',
    group: 'Commands:',
    load: async () => (await import('./profile.js')).profile,
  },
  {
    name: 'interpret',
    summary: 'Look inside the model: what each layer would say, where heads look, which words made an answer.',
    group: 'Commands:',
    load: async () => (await import('./interpret.js')).interpret,
  },
  {
    name: 'doctor',
    summary: 'Look at the machine, measure it, say what is wrong.',
    group: 'Commands:',
    load: async () => (await import('./doctor.js')).doctor,
  },
  {
    name: 'verify',
    summary: 'Prove on this machine that a killed training resumes bit for bit.',
    group: 'Commands:',
    load: async () => (await import('./verify.js')).verify,
  },
  ...steps.filter(({ name }) => name !== 'plan').map(({ name }) => stepCommand(name)),
];
