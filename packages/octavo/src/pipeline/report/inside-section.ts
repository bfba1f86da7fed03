import type { InsideFile } from '../inside/file.js';
import { viewTitles } from '../inside/page.js';
import { attentionPicture, attributionPicture, lensPicture, patchPicture } from '../inside/pictures.js';
import { type Content, type Html, html, nothing, outside } from './html.js';
import type { ReportData } from './report-data.js';
import { notYet, type Section, unlessRead } from './section.js';

const part = (kind: keyof typeof viewTitles, body: Content): Html =>
  html`<h3>${viewTitles[kind].title}</h3><p>${viewTitles[kind].lead}</p>${body}`;

const bodyOf = ({ question, lens, attention, attribution, patching }: InsideFile): Html =>
  html`<p>The question: <b>${outside(question, 300)}</b></p>${part('attribute', attributionPicture(attribution))}${part('lens', lensPicture(lens))}${
    patching === undefined
      ? nothing
      : part(
          'patch',
          html`<p>The corrupted prompt: <b>${outside(patching.corrupted, 300)}</b></p>${patchPicture(patching)}`,
        )
  }${attention === undefined ? nothing : part('attention', attentionPicture(attention))}`;

export const insideSection = ({ inside, evaluation }: Pick<ReportData, 'inside' | 'evaluation'>): Section => {
  const section = {
    id: 'inside',
    title: 'Inside one answer',
    short: 'Inside',
    lead: 'How the fine-tuned model comes to the first word of its answer to one question. octavo interpret asks any other.',
  };
  if (inside.kind === 'read') return { ...section, body: bodyOf(inside.value) };
  if (inside.kind === 'absent' && evaluation.kind === 'read')
    return {
      ...section,
      body: notYet('No question was looked into: evaluate.questions names none that fits the context.'),
    };
  return { ...section, body: unlessRead(inside, 'evaluate') };
};
