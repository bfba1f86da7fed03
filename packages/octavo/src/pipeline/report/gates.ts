/** What a model of the quickstart has to reach (gates) and should reach (targets), and whether this one did. */
import { headlineFamilies } from '../../data/index.js';
import { wilsonInterval } from '../../evaluation/index.js';
import { readValue } from './part.js';
import type { ReportData } from './report-data.js';

export interface Gate {
  readonly name: string;
  /** A gate must be met; a target shows how good it could be. */
  readonly kind: 'gate' | 'target';
  readonly wanted: string;
  /** What came out; undefined while it is not known. */
  readonly measured: string | undefined;
  /** How far it can be trusted. */
  readonly detail?: string;
  readonly met: boolean | undefined;
}

/** Bits a byte that the quickstart's text allows in its time. */
const quickstartBits = 1.85;
export const capitalsRight = 0.95;
const familiesRight = 0.8;

type Limit = { readonly atMost: number } | { readonly below: number | undefined };

const bitsGate = (kind: Gate['kind'], name: string, model: number | undefined, limit: Limit): Gate => {
  const value = 'atMost' in limit ? limit.atMost : limit.below;
  if (value === undefined) return { name, kind, wanted: 'not measured', measured: model?.toFixed(3), met: undefined };
  return {
    name,
    kind,
    wanted: 'atMost' in limit ? `at most ${value.toFixed(2)}` : `below ${value.toFixed(3)}`,
    measured: model?.toFixed(3),
    met: model === undefined ? undefined : 'atMost' in limit ? model <= value : model < value,
  };
};

const rateTarget = (
  name: string,
  share: number,
  of: { readonly right: number; readonly n: number } | undefined,
): Gate => {
  const whole = (value: number) => Math.round(value * 100);
  const wanted = `at least ${whole(share)} %`;
  if (of === undefined || of.n === 0) return { name, kind: 'target', wanted, measured: undefined, met: undefined };
  const { low, high } = wilsonInterval(of);
  const rate = of.right / of.n;
  return {
    name,
    kind: 'target',
    wanted,
    measured: `${(rate * 100).toFixed(1)} %`,
    detail: `${of.right} of ${of.n}; with 95 % confidence ${whole(low)} to ${whole(high)} %`,
    met: rate >= share,
  };
};

/** "capital", "continent", "currency" → "Capital, continent and currency". */
const listed = (names: readonly string[]): string => {
  const text = [names.slice(0, -1).join(', '), ...names.slice(-1)].filter((part) => part !== '').join(' and ');
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
};

/** Gates first, then targets. Without an evaluation all of them are open. */
export const gatesOf = (report: ReportData): readonly Gate[] => {
  const evaluation = readValue(report.evaluation);
  const model = evaluation?.model.bitsPerByte;
  const baselines = evaluation?.bitsPerByte;
  const families = headlineFamilies.flatMap((family) => evaluation?.chat[family] ?? []);
  const together = families.reduce((sum, { right, n }) => ({ right: sum.right + right, n: sum.n + n }), {
    right: 0,
    n: 0,
  });
  return [
    ...(report.quickstart ? [bitsGate('gate', 'Bits per byte', model, { atMost: quickstartBits })] : []),
    bitsGate('gate', 'Bits per byte, beside the bigram', model, { below: baselines?.bigram }),
    bitsGate('gate', 'Bits per byte, beside xz -9e', model, { below: baselines?.xz ?? undefined }),
    bitsGate('target', 'Bits per byte, beside the 3-gram', model, { below: baselines?.trigram }),
    bitsGate('target', 'Bits per byte, beside the 5-gram', model, { below: baselines?.fivegram }),
    ...(report.quickstart || families.length > 0
      ? [
          rateTarget('Capitals, in wordings never trained on', capitalsRight, evaluation?.chat['capital']),
          rateTarget(`${listed(headlineFamilies)} together`, familiesRight, together),
        ]
      : []),
  ];
};
