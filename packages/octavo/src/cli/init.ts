import { existsSync, mkdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fail, visibleLine, writeFileAtomic } from '../core/index.js';
import { configTemplateOfProject } from '../pipeline/index.js';
import type { Command } from './command.js';

const ignored = 'runs/\n.octavo/\nnode_modules/\n';

/** Makes a project; nothing that is there is written over. Errors: FILE_EXISTS. */
export const initProject = (folder: string, shownAs: string): readonly string[] => {
  const config = join(folder, 'octavo.yaml');
  if (existsSync(config))
    throw fail('FILE_EXISTS', {
      what: 'there is an octavo.yaml already',
      where: shownAs,
      remedy: 'edit it, or name another folder: `octavo init other-gpt`',
    });
  mkdirSync(folder, { recursive: true });
  writeFileAtomic(config, configTemplateOfProject());
  const ignore = join(folder, '.gitignore');
  if (existsSync(ignore)) return [config];
  writeFileAtomic(ignore, ignored);
  return [config, ignore];
};

export const init: Command = {
  args: [{ form: '[folder]', says: 'the folder to make; here when left out' }],
  options: [],
  examples: ['octavo init my-gpt', 'octavo init'],
  run: async ({ args, json, terminal, cwd }) => {
    const folder = resolve(cwd, args[0] ?? '.');
    const shownAs = visibleLine(args[0] ?? '.');
    const files = initProject(folder, shownAs);
    if (json) terminal.out(`${JSON.stringify({ folder, files })}\n`);
    else {
      for (const file of files) terminal.out(`wrote ${relative(cwd, file)}\n`);
      terminal.out(`\nNow:\n${args[0] === undefined ? '' : `  cd ${shownAs}\n`}  octavo run\n`);
    }
    return 0;
  },
};
