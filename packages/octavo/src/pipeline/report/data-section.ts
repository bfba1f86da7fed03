import { formatBytes } from '../../core/index.js';
import type { Excerpt } from '../../data/index.js';
import { shareBar } from './bars.js';
import { type Html, html, nothing, outside, passage } from './html.js';
import { grouped, percent } from './numbers.js';
import type { DataPart, ReportData } from './report-data.js';
import { type Section, unlessRead } from './section.js';
import { dataTable } from './table.js';

const reasonTexts: Readonly<Record<string, string>> = {
  'line-too-long': 'A line longer than a document may be',
  'invalid-json': 'A row that is not JSON',
  'no-text': 'A row without text',
  'invalid-utf8': 'Bytes that are not UTF-8',
  binary: 'Not text',
  mojibake: 'Text decoded wrongly',
  'too-short': 'Too short to teach anything',
  'exact-duplicate': 'The same as another, word for word',
  'near-duplicate': 'Nearly the same as another',
};

const sourcesTable = ({ summary }: DataPart): Html => {
  const kept = new Map(summary.cleaned.sources.map((source) => [source.name, source]));
  return dataTable({
    caption: 'Sources and licences',
    head: ['source', 'documents', 'kept', 'bytes kept', 'licence'],
    words: [4],
    stack: true,
    rows: summary.collected.sources.map(({ name, documents, rejected, licence, from }) => [
      html`${outside(name, 60)}<br><span class="fine">${outside(from, 160)}</span>`,
      grouped(documents + rejected),
      grouped(kept.get(name)?.documents ?? 0),
      formatBytes(kept.get(name)?.bytes ?? 0),
      html`<span class="licence">${outside(licence, 120)}</span>`,
    ]),
  });
};

/** An excerpt with the place that a rule is about. */
const marked = ({ text, hit }: Excerpt): Html =>
  hit === undefined
    ? passage(text, 400)
    : html`<span class="passage" dir="auto">${text.slice(0, hit.from)}<mark>${text.slice(hit.from, hit.to)}</mark>${text.slice(hit.to)}</span>`;

const droppedList = ({ summary, dropped }: DataPart): Html => {
  const reasons = Object.entries(summary.cleaned.droppedByReason).filter(([, count]) => count > 0);
  const most = reasons.reduce((most, [, count]) => Math.max(most, count), 1);
  if (reasons.length === 0) return html`<p>Nothing was dropped.</p>`;
  return html`<div class="reasons">${reasons
    .toSorted((a, b) => b[1] - a[1])
    .map(
      ([reason, count]) =>
        html`<details><summary><span class="reason">${reasonTexts[reason] ?? outside(reason)} <code>${outside(reason)}</code></span>${shareBar(count / most)}<b>${grouped(count)}</b></summary>${(
          dropped.get(reason) ?? []
        ).map(
          ({ id, dropped: why, ...excerpt }) =>
            html`<div class="excerpt"><p class="fine">${outside(id, 120)} · ${outside(why?.detail ?? '', 200)}</p>${marked(excerpt)}</div>`,
        )}</details>`,
    )}</div>`;
};

const keptList = ({ kept }: DataPart): Html => {
  const sources = [...new Set(kept.map(({ source }) => source))];
  if (sources.length === 0) return nothing;
  return html`<h3>What kept documents look like</h3>${sources.map(
    (name) =>
      html`<details><summary>${outside(name, 80)}</summary>${kept
        .filter(({ source }) => source === name)
        .map(
          ({ id, excerpt }) =>
            html`<div class="excerpt"><p class="fine">${outside(id, 120)}</p>${passage(excerpt, 400)}</div>`,
        )}</details>`,
  )}`;
};

const splitTable = ({ summary }: DataPart): Html => {
  const { split, tokens } = summary;
  return dataTable({
    caption: 'How the kept text was divided; near-copies stay together, so nothing held out was trained on',
    head: ['part', 'documents', 'bytes', ...(tokens === undefined ? [] : ['tokens'])],
    rows: (['train', 'validation', 'test'] as const).map((part) => [
      part,
      grouped(split[part].documents),
      formatBytes(split[part].bytes),
      ...(tokens === undefined ? [] : [grouped(tokens[part].tokens)]),
    ]),
  });
};

const chatTable = ({ summary }: DataPart): Html => {
  const { conversations, families } = summary.collected.chat;
  if (conversations === 0) return nothing;
  return html`<details><summary>${grouped(conversations)} conversations for fine-tuning, by family</summary>${dataTable(
    {
      caption: 'Conversations; test wordings never occur in training',
      head: ['family', 'train', 'validation', 'test', 'different answers'],
      rows: Object.entries(families).map(([family, { train, validation, test, answers }]) => [
        outside(family),
        grouped(train),
        grouped(validation),
        grouped(test),
        grouped(answers),
      ]),
    },
  )}</details>`;
};

export const dataSection = ({ data }: Pick<ReportData, 'data'>): Section => {
  const section = { id: 'data', title: 'Data', short: 'Data' };
  if (data.kind !== 'read')
    return { ...section, lead: 'What was read, kept and left out.', body: unlessRead(data, 'split') };
  const { documentsIn, kept, bytesIn, bytesKept, dropped } = data.value.summary.cleaned;
  return {
    ...section,
    lead: html`${grouped(kept)} of ${grouped(documentsIn)} documents were kept: ${percent(bytesIn === 0 ? 0 : bytesKept / bytesIn)} of ${formatBytes(bytesIn)}.`,
    body: html`${sourcesTable(data.value)}<h3>Left out: ${grouped(dropped)} ${dropped === 1 ? 'document' : 'documents'}</h3>${droppedList(data.value)}${keptList(data.value)}${splitTable(data.value)}${chatTable(data.value)}`,
  };
};
