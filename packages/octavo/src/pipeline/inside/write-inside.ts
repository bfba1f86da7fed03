import { join } from 'node:path';
import { writeFileAtomic } from '../../core/index.js';
import type { EvaluateSection } from '../../evaluation/index.js';
import { likeliest, nextLogits } from '../../interpret/index.js';
import type { StepContext } from '../../project/index.js';
import { loadTokenizer } from '../../text/index.js';
import { newestCheckpoint } from '../../training/index.js';
import { evaluationFile } from '../report/evaluation-file.js';
import { partFromJson, readValue } from '../report/part.js';
import type { InsideFile } from './file.js';
import { type OpenedRun, openModelInside, type Prompt, promptOf } from './open.js';
import { attentionView, attributionView, lensView, patchView } from './views.js';

type Opened = Pick<OpenedRun, 'model' | 'tokenizer'>;

/** Questions tried as the corrupted prompt, and attention weights that still make a small picture. */
const mostTried = 24;
const mostWeights = 40_000;

/** Another question of as many tokens that leads to another token: the one that changes the fewest. */
const counterpart = async (
  opened: Opened,
  prompt: Prompt,
  questions: readonly string[],
): Promise<Prompt | undefined> => {
  const bestOf = async ({ ids }: Prompt) => likeliest(await nextLogits(opened.model, ids), 1)[0]?.id;
  const wanted = await bestOf(prompt);
  const changed = ({ ids }: Prompt) => ids.filter((id, t) => id !== prompt.ids[t]).length;
  const alike = [...new Set(questions)]
    .map((text) => promptOf(opened.tokenizer, text, 'question'))
    .filter(({ text, ids }) => text !== prompt.text && ids.length === prompt.ids.length)
    .toSorted((a, b) => changed(a) - changed(b))
    .slice(0, mostTried);
  for (const other of alike) if ((await bestOf(other)) !== wanted) return other;
  return undefined;
};

/** Looks inside a model at one question; `others` are questions that may serve as the corrupted prompt. */
export async function lookInside(
  opened: Opened,
  { question, others }: { readonly question: string; readonly others: readonly string[] },
): Promise<InsideFile | undefined> {
  const prompt = promptOf(opened.tokenizer, question, 'question');
  const { contextLength, depth, heads } = opened.model.model.config;
  if (prompt.ids.length > contextLength) return undefined;
  const small = depth * heads * prompt.ids.length ** 2 <= mostWeights;
  const corrupted = await counterpart(opened, prompt, others);
  return {
    version: 1,
    question,
    lens: await lensView(opened, prompt, 1),
    ...(small ? { attention: await attentionView(opened, prompt) } : {}),
    attribution: await attributionView(opened, prompt, { mostPoints: 400 }),
    ...(corrupted === undefined
      ? {}
      : {
          patching: {
            ...(await patchView(opened, prompt, corrupted, { site: 'residual' })),
            corrupted: corrupted.text,
          },
        }),
  };
}

/** Writes `inside.json` beside `evaluation.json`; nothing where no question is asked, or none that fits the context. */
export async function writeInside(context: StepContext<EvaluateSection>): Promise<void> {
  const { section, folder, artifact, cacheFolder } = context;
  const [question] = section.questions;
  const { checkpoint } = newestCheckpoint(join(artifact('finetune'), 'checkpoints'));
  if (question === undefined || checkpoint === undefined) return;
  const evaluation = readValue(await partFromJson(join(folder, 'evaluation.json'), evaluationFile));
  const asked = Object.values(evaluation?.chat ?? {}).flatMap(({ examples }) => examples.map((one) => one.question));
  const opened = {
    model: await openModelInside(checkpoint, cacheFolder),
    tokenizer: await loadTokenizer(join(artifact('tokenizer'), 'tokenizer.json')),
  };
  const inside = await lookInside(opened, { question, others: [...section.questions, ...asked] });
  if (inside !== undefined) writeFileAtomic(join(folder, 'inside.json'), `${JSON.stringify(inside)}\n`);
}
