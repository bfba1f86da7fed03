import { input, only, patch, tap } from '@octavo/engine';
import { checkPrompt, compiled, type InterpretedModel, logitsGraph, promptInputs, valuesOf } from './model.js';
import { type Likely, likeliest, softmax } from './next-token.js';

// L layers, T time, D width

/** What the model would say if it stopped here. */
export interface LensCell {
  /** Best first. */
  readonly top: readonly Likely[];
  /** Of the token that the whole model finds likeliest at this position. */
  readonly finalProbability: number;
}

export interface Lens {
  /** [L + 1][T]: before block 0, then after each block; the last row is what the model says. */
  readonly layers: readonly (readonly LensCell[])[];
}

/**
 * The logit lens: each layer's residual stream through the final norm and head. The stream after the last block is
 * patched by that of an earlier layer, so what follows is the model's own. Errors: PROMPT_TOO_LONG.
 * Source: nostalgebraist 2020, 'interpreting GPT: the logit lens'.
 */
export async function logitLens(
  model: InterpretedModel<'gpt'>,
  ids: readonly number[],
  { top = 5 }: { readonly top?: number } = {},
): Promise<Lens> {
  const { config } = model.model;
  checkPrompt(model, ids);
  const names = valuesOf(config);
  const plain = logitsGraph(model, ids);
  const residuals = Array.from({ length: config.depth + 1 }, (_, layer) => names.residual(layer));
  const streams = await compiled(model, only(tap(plain, residuals), residuals))(promptInputs(model, ids));
  const finish = compiled(
    model,
    patch(plain, names.residual(config.depth), (value, trace) => input(trace, 'residual', value)),
  );
  const distributions: Float64Array[][] = [];
  for (const name of residuals) {
    const logits = (await finish({ ...promptInputs(model, ids), residual: streams(name) }))('logits');
    distributions.push(
      ids.map((_, t) => softmax(logits.subarray(t * config.vocabularySize, (t + 1) * config.vocabularySize))),
    );
  }
  const final = (distributions.at(-1) ?? []).map((probabilities) => likeliest(probabilities, 1)[0]?.id ?? 0);
  return {
    layers: distributions.map((row) =>
      row.map((probabilities, t) => ({
        top: likeliest(probabilities, top),
        finalProbability: probabilities[final[t] ?? 0] ?? 0,
      })),
    ),
  };
}
