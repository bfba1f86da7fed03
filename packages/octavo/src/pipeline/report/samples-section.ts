import type { Sample } from '../../project/index.js';
import { type Html, html, nothing, passage } from './html.js';
import { grouped } from './numbers.js';
import type { ReportData } from './report-data.js';
import { notYet, type Section } from './section.js';

/** So many are seen at once; what lies between can be opened. */
const shown = 5;

/** A text goes on from its prompt; an answer stands below its question. */
const sampleHtml = ({ at, prompt, text }: Sample, answers: boolean): Html =>
  html`<li><span class="sample-step">step ${grouped(at)}</span><p dir="auto"><b>${passage(prompt, 400)}</b>${answers ? html`<br>` : nothing}${passage(text, 1200)}</p></li>`;

const list = (samples: readonly Sample[], answers = false): Html =>
  html`<ol class="samples">${samples.map((sample) => sampleHtml(sample, answers))}</ol>`;

/** The first, the last and some evenly between. */
export const chooseSamples = (samples: readonly Sample[], count: number): readonly Sample[] => {
  if (samples.length <= count) return samples;
  const wanted = new Set(
    Array.from({ length: count }, (_, at) => Math.round((at * (samples.length - 1)) / (count - 1))),
  );
  return samples.filter((_, at) => wanted.has(at));
};

export const samplesSection = ({ state }: ReportData): Section => {
  const pretrain = state.steps.get('pretrain')?.samples ?? [];
  const finetune = state.steps.get('finetune')?.samples ?? [];
  const chosen = chooseSamples(pretrain, shown);
  return {
    id: 'samples',
    title: 'Samples over time',
    short: 'Samples',
    lead: 'The same prompt, as the model went on from it while it learned. Nothing was picked: these are what it wrote.',
    body:
      pretrain.length + finetune.length === 0
        ? notYet('The model has not written anything yet.')
        : html`${list(chosen)}${chosen.length < pretrain.length ? html`<details><summary>All ${pretrain.length} samples of pretraining</summary>${list(pretrain.slice(0, 200))}</details>` : nothing}${
            finetune.length === 0
              ? nothing
              : html`<h3>While it learned to answer</h3>${list(chooseSamples(finetune, shown), true)}`
          }`,
  };
};
