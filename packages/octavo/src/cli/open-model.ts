import { basename, resolve } from 'node:path';
import { visibleLine } from '../core/index.js';
import { cacheFolderOf, type OpenModel, openServedModel } from '../pipeline/index.js';
import { findProjectFolder } from '../project/index.js';
import { existingRun } from './run-artifacts.js';
import { paintFor, type Terminal } from './terminal.js';

/** Loads a run's model for `chat` and `serve`, and says what was loaded. */
export const openModel = async (
  cwd: string,
  terminal: Terminal,
  { run: name, slots, int8 }: { readonly run: string; readonly slots: number; readonly int8: boolean },
): Promise<OpenModel> => {
  const run = existingRun(cwd, name);
  const projectFolder = resolve(findProjectFolder(cwd));
  const opened = await openServedModel(run, {
    project: basename(projectFolder) || 'octavo',
    cacheFolder: cacheFolderOf(projectFolder),
    slots,
    int8,
  });
  const paint = paintFor(terminal);
  for (const reason of opened.skipped) terminal.err(`${paint('yellow', 'skipped')} ${visibleLine(reason, 200)}\n`);
  const { name: served, model, stage, checkpoint, parameters } = opened;
  terminal.err(
    `${paint('dim', `${served}: ${(parameters / 1e6).toFixed(1)}M parameters, context ${model.generator.contextLength} tokens, ${stage} ${basename(checkpoint)}${int8 ? ', int8' : ''}`)}\n`,
  );
  if (stage === 'pretrain')
    terminal.err(
      `${paint('yellow', 'note')} this model was not fine-tuned yet: it continues text and hardly answers. \`octavo finetune\` teaches it.\n`,
    );
  return opened;
};
