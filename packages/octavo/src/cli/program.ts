import { Command as Commander, CommanderError } from 'commander';
import { type Clock, exitCodeOf, fail, OctavoError, visibleText } from '../core/index.js';
import type { Command, ExitCode, Invocation } from './command.js';
import { type CommandEntry, commands } from './commands.js';
import { paintFor, type Terminal } from './terminal.js';

/** What the command line has of the outside. */
export interface Surroundings {
  readonly terminal: Terminal;
  readonly cwd: string;
  readonly clock: Clock;
  readonly version: string;
  readonly interruptible: Invocation['interruptible'];
}

const gather = (value: string, before: unknown): readonly string[] => [
  ...(Array.isArray(before) ? before.map(String) : []),
  value,
];

const equip = (
  target: Commander,
  command: Command,
  surroundings: Surroundings,
  ended: (code: ExitCode) => void,
): void => {
  for (const { form, says } of command.args ?? []) target.argument(form, says);
  for (const { form, says, repeats } of command.options) {
    if (repeats === true) target.option(form, says, gather);
    else target.option(form, says);
  }
  target.option('--json', 'print JSON instead of text');
  target.addHelpText('after', `\nExamples:\n${command.examples.map((example) => `  ${example}`).join('\n')}`);
  target.action(async () => {
    const options = target.opts();
    ended(await command.run({ ...surroundings, args: target.args, options, json: options['json'] === true }));
  });
};

const usage = (error: CommanderError, name: string | undefined): OctavoError => {
  const [what = '', guess] = error.message.replace(/^error: /, '').split('\n');
  const near = /Did you mean (.+)\?/.exec(guess ?? '')?.[1];
  const help = name === undefined ? 'octavo --help' : `octavo ${name} --help`;
  return fail('USAGE', {
    what,
    where: 'octavo',
    remedy: near === undefined ? `see \`${help}\`` : `did you mean ${near}?`,
  });
};

const build = async (
  name: string | undefined,
  surroundings: Surroundings,
  ended: (code: ExitCode) => void,
): Promise<Commander> => {
  const { terminal, version } = surroundings;
  const program = new Commander('octavo')
    .description('From raw text to a deployed language model, step by step.')
    .version(version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .configureOutput({ writeOut: terminal.out, writeErr: () => undefined, getOutHelpWidth: () => terminal.columns })
    .exitOverride();
  for (const entry of commands) {
    const command = program
      .command(entry.name)
      .summary(entry.summary)
      .description(entry.summary)
      .helpGroup(entry.group);
    if (entry.name === name) equip(command, await entry.load(), surroundings, ended);
  }
  return program.addHelpText('after', '\nBegin with:\n  octavo init my-gpt && cd my-gpt && octavo run');
};

/** One line for people, with what to do; one object for programs. A mistake of ours shows where it happened. */
const tell = (error: unknown, json: boolean, terminal: Terminal): void => {
  const known =
    error instanceof OctavoError
      ? error
      : fail('INTERNAL', {
          what: String(error),
          remedy: 'please report it with the output of `octavo doctor`',
          cause: error,
        });
  if (json) {
    const cause = known.cause;
    const problems =
      typeof cause === 'object' && cause !== null && 'problems' in cause ? { problems: cause.problems } : {};
    terminal.out(`${JSON.stringify({ error: { ...known.toJSON(), ...problems } })}\n`);
    return;
  }
  const paint = paintFor(terminal);
  terminal.err(`${paint('red', 'error')} ${visibleText(known.message)}\n`);
  const origin = known.code === 'INTERNAL' || known.code === 'STEP_FAILED' ? (known.cause ?? known) : undefined;
  if (origin instanceof Error && origin.stack !== undefined)
    terminal.err(paint('dim', `${visibleText(origin.stack.split('\n').slice(1, 6).join('\n'))}\n`));
};

const known = (word: string | undefined): CommandEntry | undefined => commands.find(({ name }) => name === word);

/** Runs one command line (without `node octavo`) and gives its exit code: 0 done, 1 failed, 2 wrong use, 130 interrupted. */
export const runCommandLine = async (argv: readonly string[], surroundings: Surroundings): Promise<ExitCode> => {
  const [first, second] = argv;
  const line =
    first === 'help'
      ? known(second) === undefined
        ? ['--help']
        : [...argv.slice(1, 2), '--help']
      : argv.length === 0
        ? ['--help']
        : argv;
  const name = known(line[0])?.name;
  let code: ExitCode = 0;
  try {
    const program = await build(name, surroundings, (ended) => {
      code = ended;
    });
    await program.parseAsync([...line], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    if (error instanceof Error && error.name === 'AbortError') return 130;
    const told = error instanceof CommanderError ? usage(error, name) : error;
    tell(told, line.includes('--json'), surroundings.terminal);
    return exitCodeOf(told);
  }
};
