/** What `octavo interpret` shows, as plain data: the numbers of the interpret room with the words beside them. */
import { fail } from '../../core/index.js';
import {
  activationPatching,
  attentionMaps,
  integratedGradients,
  likeliest,
  logitLens,
  nextLogits,
  type Site,
  siteNames,
  softmax,
} from '../../interpret/index.js';
import type { Tokenizer } from '../../text/index.js';
import { pieceOf } from '../report/token-pieces.js';
import type { OpenedRun, Prompt } from './open.js';

type Opened = Pick<OpenedRun, 'model' | 'tokenizer'>;

/** A token with its text. */
export interface Word {
  readonly id: number;
  readonly text: string;
}

export interface LikelyWord extends Word {
  readonly probability: number;
}

export interface LensView {
  readonly kind: 'lens';
  readonly tokens: readonly string[];
  /** [L + 1][T], before block 0, then after each block. */
  readonly layers: readonly (readonly { readonly top: readonly LikelyWord[]; readonly finalProbability: number }[])[];
}

export interface AttentionView {
  readonly kind: 'attention';
  readonly tokens: readonly string[];
  readonly layers: number;
  readonly heads: number;
  /** [L][H][T][T] in one row: queries, then the keys that they look at. */
  readonly weights: readonly number[];
}

export interface AttributionView {
  readonly kind: 'attribute';
  readonly tokens: readonly string[];
  readonly target: LikelyWord;
  readonly other?: Word | undefined;
  readonly attributions: readonly number[];
  readonly value: number;
  readonly baseline: number;
  readonly error: number;
  readonly bound: number;
  readonly points: number;
}

export interface PatchView {
  readonly kind: 'patch';
  readonly site: Site;
  readonly tokens: readonly string[];
  readonly corruptedTokens: readonly string[];
  readonly target: Word;
  readonly other: Word;
  readonly cleanDifference: number;
  readonly corruptedDifference: number;
  /** [layer][position] */
  readonly recovered: readonly (readonly number[])[];
}

export type InsideView = LensView | AttentionView | AttributionView | PatchView;

const wordOf = (tokenizer: Tokenizer, id: number): Word => ({ id, text: pieceOf(tokenizer, id) });

/** To four digits after the point: what a picture shows and a file keeps. */
const rounded = (value: number): number => Math.round(value * 1e4) / 1e4 + 0; // −0 becomes 0

export async function lensView({ model, tokenizer }: Opened, { ids, pieces }: Prompt, top = 5): Promise<LensView> {
  const { layers } = await logitLens(model, ids, { top });
  return {
    kind: 'lens',
    tokens: pieces,
    layers: layers.map((row) =>
      row.map((cell) => ({
        top: cell.top.map(({ id, probability }) => ({ ...wordOf(tokenizer, id), probability: rounded(probability) })),
        finalProbability: rounded(cell.finalProbability),
      })),
    ),
  };
}

export async function attentionView({ model }: Opened, { ids, pieces }: Prompt): Promise<AttentionView> {
  const maps = await attentionMaps(model, ids);
  const weights = maps.flatMap((map) => Array.from(map.weights, rounded));
  return { kind: 'attention', tokens: pieces, layers: maps.length, heads: maps[0]?.heads ?? 0, weights };
}

/** The token that the model finds likeliest after a prompt. */
const nextWord = async ({ model, tokenizer }: Opened, { ids }: Prompt, chosen?: number): Promise<LikelyWord> => {
  const probabilities = softmax(await nextLogits(model, ids));
  const [best = { id: 0, probability: 0 }] = likeliest(probabilities, 1);
  const id = chosen ?? best.id;
  return { ...wordOf(tokenizer, id), probability: rounded(probabilities[id] ?? 0) };
};

/** Of `target`, or of the likeliest next token; less `other` where that is given. */
export async function attributionView(
  opened: Opened,
  prompt: Prompt,
  {
    target,
    other,
    mostPoints,
  }: {
    readonly target?: number | undefined;
    readonly other?: number | undefined;
    readonly mostPoints?: number;
  } = {},
): Promise<AttributionView> {
  const { model, tokenizer } = opened;
  const word = await nextWord(opened, prompt, target);
  const { tokens, ...found } = await integratedGradients(
    model,
    prompt.ids,
    { target: word.id, other },
    mostPoints === undefined ? {} : { mostPoints },
  );
  return {
    kind: 'attribute',
    tokens: prompt.pieces,
    target: word,
    ...(other === undefined ? {} : { other: wordOf(tokenizer, other) }),
    attributions: tokens,
    ...found,
  };
}

/** `target` and `other` are the likeliest next tokens of the two prompts unless given. Errors: PROMPTS_DIFFER. */
export async function patchView(
  opened: Opened,
  clean: Prompt,
  corrupted: Prompt,
  the: { readonly target?: number | undefined; readonly other?: number | undefined; readonly site: Site },
): Promise<PatchView> {
  if (clean.ids.length !== corrupted.ids.length)
    throw fail('PROMPTS_DIFFER', {
      what: `the prompt has ${clean.ids.length} tokens (${clean.pieces.join('|')}), the corrupted one ${corrupted.ids.length} (${corrupted.pieces.join('|')})`,
      remedy: 'change words for words of as many tokens',
    });
  const target = await nextWord(opened, clean, the.target);
  const other = await nextWord(opened, corrupted, the.other);
  const found = await activationPatching(opened.model, {
    clean: clean.ids,
    corrupted: corrupted.ids,
    target: target.id,
    other: other.id,
    names: siteNames(opened.model.model.config, the.site),
  });
  return {
    kind: 'patch',
    site: the.site,
    ...found,
    recovered: found.recovered.map((row) => row.map(rounded)),
    tokens: clean.pieces,
    corruptedTokens: corrupted.pieces,
    target: { id: target.id, text: target.text },
    other: { id: other.id, text: other.text },
  };
}
