import { formatBytes, formatDuration } from '../core/index.js';
import type { Machine } from '../hardware/index.js';
import type { BitsForecast } from './forecast.js';
import type { Plan } from './plan.js';

/** What may go wrong with a plan, in sentences that name the number behind them. */
export function risksOf({
  forecast,
  bits,
  dataBytes,
  estimated,
  machine,
  budgetSeconds,
  sameData,
}: {
  readonly forecast: Plan['forecast'];
  readonly bits: BitsForecast;
  readonly dataBytes: number;
  readonly estimated: boolean;
  readonly machine: Machine;
  readonly budgetSeconds: number;
  readonly sameData: boolean;
}): readonly string[] {
  const { epochs, memoryBytes, memoryAllowedBytes, totalSeconds } = forecast;
  const checks: readonly (readonly [boolean, string])[] = [
    [
      epochs > 8,
      `the text is read ${epochs.toFixed(1)} times: beyond about 8 passes the model learns it by heart; add text or shorten training`,
    ],
    [epochs < 0.5, `only ${(100 * epochs).toFixed(0)} % of the text is read: a larger budget would use the rest`],
    [
      memoryBytes > memoryAllowedBytes,
      `a step needs about ${formatBytes(memoryBytes)}, more than the ${formatBytes(memoryAllowedBytes)} allowed: the size step will refuse it`,
    ],
    [
      memoryBytes > 0.8 * memoryAllowedBytes && memoryBytes <= memoryAllowedBytes,
      `a step needs about ${formatBytes(memoryBytes)} of ${formatBytes(memoryAllowedBytes)}: other programs may leave too little`,
    ],
    [dataBytes < 1e6, `${formatBytes(dataBytes)} of text teach little more than spelling`],
    [
      estimated,
      `the bytes of text are an estimate (${formatBytes(dataBytes)}); passes over it and bits a byte move with it`,
    ],
    [
      totalSeconds > budgetSeconds * 1.05,
      `the steps add up to ${formatDuration(totalSeconds * 1000)}, above the budget of ${formatDuration(budgetSeconds * 1000)}`,
    ],
    [
      bits.doublingsBeyond > 0.5,
      `the forecast of bits a byte reaches ${bits.doublingsBeyond.toFixed(1)} doublings of compute beyond what was measured: take it as a direction`,
    ],
    [!sameData, 'bits a byte were measured on 5.5 MB of English prose; other text is easier or harder'],
    [
      machine.gflops.mixed < machine.gflops.float32,
      `16-bit products are slower than float32 on this machine (${machine.mixedForm}): set pretrain.precision to float32`,
    ],
  ];
  return [
    ...checks.filter(([holds]) => holds).map(([, text]) => text),
    'a busy machine makes every time longer: the times assume that nothing else runs',
  ];
}
