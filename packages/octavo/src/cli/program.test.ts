import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readProject } from '../pipeline/index.js';
import { commands } from './commands.js';
import { runCommandLine } from './program.js';
import { surroundings } from './surroundings.test-support.js';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-cli-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const run = async (...argv: readonly string[]) => {
  const around = surroundings(folder);
  const code = await runCommandLine(argv, around);
  return { code, out: around.printed(), err: around.said() };
};

describe('the command line', () => {
  it.each([[[]], [['--help']], [['help']], [['-h']]])('shows its commands for %j', async (argv) => {
    const { code, out } = await run(...argv);
    expect(code).toBe(0);
    for (const { name, summary } of commands) expect(out).toMatch(new RegExp(`${name} .*${summary.slice(0, 20)}`));
  });

  it.each(commands.map(({ name }) => name))('shows options and examples of %s', async (name) => {
    const { code, out } = await run(name, '--help');
    expect(code).toBe(0);
    expect(out).toContain('--json');
    expect(out).toMatch(new RegExp(`Examples:\\n {2}octavo ${name}`));
    expect(await run('help', name)).toEqual({ code, out, err: '' });
  });

  it('prints its version', async () => expect(await run('--version')).toEqual({ code: 0, out: '9.9.9\n', err: '' }));

  const wrong: readonly (readonly [argv: readonly string[], message: string])[] = [
    [['statsu'], "error octavo: unknown command 'statsu' [USAGE]\n  → did you mean status?\n"],
    [['frobnicate'], "error octavo: unknown command 'frobnicate' [USAGE]\n  → see `octavo --help`\n"],
    [['run', '--untli', 'plan'], "error octavo: unknown option '--untli' [USAGE]\n  → did you mean --until?\n"],
    [
      ['run', '--until'],
      "error octavo: option '--until <step>' argument missing [USAGE]\n  → see `octavo run --help`\n",
    ],
    [
      ['run', '--until', 'tokeniser'],
      'error --until: "tokeniser" is not one of plan, collect, clean, split, tokenizer, tokenize, size, pretrain, finetune, evaluate, export [USAGE]\n  → did you mean tokenizer?\n',
    ],
    [
      ['status', 'x', 'y'],
      "error octavo: too many arguments for 'status'. Expected 0 arguments but got 2. [USAGE]\n  → see `octavo status --help`\n",
    ],
    [
      ['run', '--run', '../x'],
      'error --run: "../x" cannot name a run [PATH_NOT_ALLOWED]\n  → use up to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit, for example wide-2\n',
    ],
    [
      ['run'],
      'error octavo.yaml: there is no such file [CONFIG_UNREADABLE]\n  → make a project with `octavo init my-gpt`, or change to the folder of one\n',
    ],
    [['status'], 'error runs/main: this run has not begun [RUN_ABSENT]\n  → begin with `octavo run`\n'],
  ];
  it.each(wrong)('answers %j with a reason, a remedy and exit code 2', async (argv, message) => {
    expect(await run(...argv)).toEqual({ code: 2, out: '', err: message });
  });

  it('gives errors as one object with --json', async () => {
    writeFileSync(join(folder, 'octavo.yaml'), 'modle: {}\n');
    const { code, out, err } = await run('run', '--json');
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(JSON.parse(out)).toMatchObject({
      error: { code: 'CONFIG_INVALID', where: 'octavo.yaml:1:1', problems: [{ line: 1, column: 1, field: 'modle' }] },
    });
  });
});

describe('octavo init', () => {
  it('makes a project that reads as it stands, and writes nothing over', async () => {
    const { code, out } = await run('init', 'my-gpt');
    expect({ code, out }).toEqual({
      code: 0,
      out: 'wrote my-gpt/octavo.yaml\nwrote my-gpt/.gitignore\n\nNow:\n  cd my-gpt\n  octavo run\n',
    });
    expect(readProject(join(folder, 'my-gpt'), [])).toEqual(readProject(join(folder, 'my-gpt'), []));
    const text = readFileSync(join(folder, 'my-gpt', 'octavo.yaml'), 'utf8');
    expect(await run('init', 'my-gpt')).toMatchObject({
      code: 2,
      err: 'error my-gpt: there is an octavo.yaml already [FILE_EXISTS]\n  → edit it, or name another folder: `octavo init other-gpt`\n',
    });
    expect(readFileSync(join(folder, 'my-gpt', 'octavo.yaml'), 'utf8')).toBe(text);
  });

  it('leaves a .gitignore that is there', async () => {
    mkdirSync(join(folder, 'p'));
    writeFileSync(join(folder, 'p', '.gitignore'), 'mine\n');
    expect((await run('init', 'p', '--json')).code).toBe(0);
    expect(readFileSync(join(folder, 'p', '.gitignore'), 'utf8')).toBe('mine\n');
    expect(existsSync(join(folder, 'p', 'octavo.yaml'))).toBe(true);
  });
});
