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
  readonly met: boolean | undefined;
}

/** Bits a byte that the quickstart's text allows in its time. */
const quickstartBits = 1.85;
export const capitalsRight = 0.95;
const familiesRight = 0.8;

const atMost = (
  kind: Gate['kind'],
  name: string,
  model: number | undefined,
  limit: number | undefined,
  strictly: boolean,
): Gate => ({
  name,
  kind,
  wanted: limit === undefined ? 'not measured' : `${strictly ? 'below' : 'at most'} ${limit.toFixed(strictly ? 3 : 2)}`,
  measured: model?.toFixed(3),
  met: model === undefined || limit === undefined ? undefined : strictly ? model < limit : model <= limit,
});

const atLeast = (name: string, share: number, of: { readonly right: number; readonly n: number } | undefined): Gate => {
  const known = of !== undefined && of.n > 0;
  const { low, high } = known ? wilsonInterval(of) : { low: 0, high: 1 };
  const whole = (value: number) => Math.round(value * 100);
  return {
    name,
    kind: 'target',
    wanted: `at least ${whole(share)} %`,
    measured: known
      ? `${((of.right / of.n) * 100).toFixed(1)} % (${of.right} of ${of.n}; 95 % interval ${whole(low)} to ${whole(high)} %)`
      : undefined,
    met: known ? of.right / of.n >= share : undefined,
  };
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
    ...(report.quickstart ? [atMost('gate', 'Bits per byte', model, quickstartBits, false)] : []),
    atMost('gate', 'Bits per byte against the bigram', model, baselines?.bigram, true),
    atMost('gate', 'Bits per byte against xz -9e', model, baselines?.xz ?? undefined, true),
    atMost('target', 'Bits per byte against the 3-gram', model, baselines?.trigram, true),
    atMost('target', 'Bits per byte against the 5-gram', model, baselines?.fivegram, true),
    ...(report.quickstart || families.length > 0
      ? [
          atLeast('Capitals in wordings never trained on', capitalsRight, evaluation?.chat['capital']),
          atLeast(`${headlineFamilies.join(', ')} together`, familiesRight, together),
        ]
      : []),
  ];
};
