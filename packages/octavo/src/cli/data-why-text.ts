import { formatBytes, formatExact, visibleLine, visibleText } from '../core/index.js';
import type { Fate, RuleVerdict, Story } from '../data/index.js';
import { excerptText } from './data-sample-text.js';
import { table } from './terminal.js';

const heading = ({ kind, id, bytes, dropped, placement }: Story): string => {
  const name = visibleLine(id, 120);
  if (dropped !== undefined) return `${name}: dropped, ${dropped.reason}: ${visibleLine(dropped.detail, 160)}`;
  if (kind === 'left-out') return `${name}: kept by cleaning, left out of training by data.mix (${formatBytes(bytes)})`;
  return `${name}: kept, in ${placement?.part ?? ''} (${formatBytes(bytes)})`;
};

const provenanceRows = ({ provenance: of, judged }: Story): readonly (readonly string[])[] =>
  [
    ['source', of.source === of.from ? of.source : `${of.source}, from ${of.from}`],
    ['place', of.place],
    ['line', of.line],
    ['window', of.window],
    ['address', of.url],
    ['title', of.title],
    ['time', of.time],
    ['label', of.label],
    ['licence', of.licence],
    ['language', judged?.language],
  ].flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[`  ${name}`, visibleLine(String(value), 160)]],
  );

const marks = { passed: '✓', broken: '✗', unknown: '?' } as const;

/** One line a reason: where it holds several thresholds, one that is broken or else the first. */
const oneEach = (verdicts: readonly RuleVerdict[]): readonly RuleVerdict[] =>
  verdicts.filter((one, at) => {
    const same = verdicts.filter(({ reason }) => reason === one.reason);
    return verdicts.indexOf(same.find(({ verdict }) => verdict === 'broken') ?? same[0] ?? one) === at;
  });

const changesText = ({ judged }: Story): readonly string[] => {
  const changes = judged?.changes ?? [];
  if (changes.length === 0) return [];
  return [
    '',
    'changed',
    ...changes.flatMap(({ kind, places, change }) => {
      const counts = Object.entries(places).map(([name, count]) => `${count} ${name}`);
      return [
        `  ${kind}${counts.length === 0 ? '' : `: ${counts.join(', ')}`}`,
        `  - ${excerptText(change.before)}`,
        `  + ${excerptText(change.after)}`,
      ];
    }),
  ];
};

const likenessText = ({ id, likeness }: Story): readonly string[] => {
  if (likeness === undefined) return [];
  const { kept, dropped, alike } = likeness;
  return [
    '',
    `duplicates: ${kept === id ? 'this one' : visibleLine(kept, 120)} stays, the first that was read`,
    ...dropped.map((one) => `  ${visibleLine(one.id, 90)}: ${visibleLine(one.detail, 120)}`),
    ...alike.map((one) => `  ${visibleLine(one, 90)}: alike, and kept in the same part`),
  ];
};

const placementText = ({ placement }: Story): readonly string[] => {
  if (placement === undefined) return [];
  const { part, times, places, mixture } = placement;
  return [
    '',
    `${part}: read ${times === 1 ? 'once' : `${times} times`} an epoch`,
    ...(places ?? []).map(
      ({ shard, from, tokens }) => `  ${shard}: ${formatExact(tokens)} tokens from ${formatExact(from)}`,
    ),
    ...(mixture === undefined
      ? []
      : [
          `  mixture by ${mixture.by}: ${visibleLine(mixture.group.name, 60)} was asked ${(100 * mixture.group.asked).toFixed(1)} % and got ${(100 * mixture.group.got).toFixed(1)} %, ${mixture.group.epochs.toFixed(2)} epochs`,
        ]),
  ];
};

const storyText = (story: Story): string => {
  const { judged, excerpt } = story;
  return [
    heading(story),
    table(provenanceRows(story)),
    ...changesText(story),
    ...(judged === undefined
      ? []
      : [
          '',
          'rules',
          table(
            oneEach(judged.verdicts).map(({ reason, verdict, detail }) => [
              `  ${marks[verdict]} ${reason}`,
              visibleLine(detail, 140),
            ]),
          ),
        ]),
    ...(judged === undefined || judged.pii.length === 0
      ? []
      : ['', 'personal data', table(judged.pii.map(({ kind, masked }) => [`  ${kind}`, visibleLine(masked, 40)]))]),
    ...likenessText(story),
    ...placementText(story),
    '',
    excerpt.hit === undefined ? visibleText(excerpt.text) : excerptText(excerpt),
    '',
  ].join('\n');
};

/** What became of a document, as a person reads it. */
export const fateText = (fate: Fate, id: string): string => {
  if (fate.kind !== 'unknown') return storyText(fate);
  const alike = fate.alike.map((one) => `  ${visibleLine(one, 120)}\n`).join('');
  return `there is no document ${visibleLine(id, 120)}${alike === '' ? '\n' : `; there are\n${alike}`}`;
};
