import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readPlan } from '../../plan/index.js';
import { lockHolder, type RunFolder, readConfigFile, readEvents, runState } from '../../project/index.js';
import { loadTokenizer, TokenizerSummary } from '../../text/index.js';
import { insideFile } from '../inside/file.js';
import { evaluationFile } from './evaluation-file.js';
import { type Part, partFrom, partFromJson, readValue } from './part.js';
import { readDataPart } from './read-data-part.js';
import type { DataPart, ReportData } from './report-data.js';
import { sizeFile } from './size-file.js';
import { tokenPieces } from './token-pieces.js';

const shownCharacters = 320;

const quickstartConfig = z.object({ data: z.object({ sources: z.tuple([z.literal('quickstart')]) }) });

/** Whether the last start of the run read the quickstart's text and no other. */
const readsQuickstart = async (run: RunFolder): Promise<boolean> => {
  const config = await partFrom(async () => readConfigFile(run.config, 'config.yaml').value);
  return quickstartConfig.safeParse(readValue(config)).success;
};

/** The first held-out words in tokens; none where tokenizer or text cannot be read, which their own parts tell. */
const readTokens = async (run: RunFolder, data: Part<DataPart>): Promise<readonly string[]> => {
  const text = readValue(data)?.kept[0]?.excerpt.slice(0, shownCharacters);
  const path = join(run.artifact('tokenizer'), 'tokenizer.json');
  if (text === undefined || !existsSync(path)) return [];
  return readValue(await partFrom(async () => tokenPieces(await loadTokenizer(path), text))) ?? [];
};

/** Reads a run as far as it has come; what is absent or damaged is told in its place. */
export const readReport = async (run: RunFolder, nowMs: number): Promise<ReportData> => {
  const planFolder = run.artifact('plan');
  const data = await partFrom(() => readDataPart(join(run.folder, 'artifacts')));
  return {
    name: run.name,
    state: runState(await readEvents(run.events)),
    alive: lockHolder(run.lock) !== undefined,
    quickstart: await readsQuickstart(run),
    plan: existsSync(join(planFolder, 'plan.json')) ? await partFrom(() => readPlan(planFolder)) : { kind: 'absent' },
    size: await partFromJson(join(run.artifact('size'), 'size.json'), sizeFile),
    data,
    tokenizer: await partFromJson(join(run.artifact('tokenizer'), 'summary.json'), TokenizerSummary),
    tokens: await readTokens(run, data),
    evaluation: await partFromJson(join(run.artifact('evaluate'), 'evaluation.json'), evaluationFile),
    inside: await partFromJson(join(run.artifact('evaluate'), 'inside.json'), insideFile),
    nowMs,
  };
};
