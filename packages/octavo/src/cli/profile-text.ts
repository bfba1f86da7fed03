import { formatBytes } from '../core/index.js';
import { gaps, grouped, type Profile, type ProfileGroup, partOf } from '../pipeline/index.js';
import { type Paint, table } from './terminal.js';

const mostRows = 16;
const mostGaps = 5;

const milliseconds = (ms: number): string => (ms >= 100 ? ms.toFixed(0) : ms.toPrecision(3));
const rate = (amount: number, ms: number): string => (amount === 0 ? '' : (amount / ms / 1e6).toFixed(0));

const rows = (groups: readonly ProfileGroup[], totalMs: number): readonly (readonly string[])[] =>
  groups
    .slice(0, mostRows)
    .map(({ name, count, ms, flops, bytes, rooflineMs }) => [
      name,
      `${count}×`,
      milliseconds(ms),
      `${((100 * ms) / totalMs).toFixed(1)} %`,
      rate(flops, ms),
      rate(bytes, ms),
      `${Math.min(100, (100 * rooflineMs) / ms).toFixed(0)} %`,
    ]);

const section = (title: string, groups: readonly ProfileGroup[], totalMs: number, paint: Paint): string => {
  const head = [title, '', 'ms', 'share', 'GFLOP/s', 'GB/s', 'of roofline'];
  const [first = '', ...rest] = table([head, ...rows(groups, totalMs)]).split('\n');
  const more = groups.length > mostRows ? [paint('dim', `and ${groups.length - mostRows} more`)] : [];
  return [paint('dim', first), ...rest, ...more].join('\n');
};

/** A profile for reading: the whole step, by kernel, by part of the model, and where time is lost. */
export function profileText(profile: Profile, paint: Paint): string {
  const { instructions, stepMs, memory, machine } = profile;
  const totalMs = instructions.reduce((sum, { ms }) => sum + ms, 0);
  const flops = instructions.reduce((sum, one) => sum + one.flops, 0);
  const least = instructions.reduce((sum, { rooflineMs }) => sum + rooflineMs, 0);
  const peak = machine.form === 'widened' ? machine.peakGflops.fma : machine.peakGflops[machine.form];
  const lost = gaps(profile)
    .slice(0, mostGaps)
    .map(({ name, count, ms, rooflineMs }, i) => [
      `${i + 1}.`,
      `${milliseconds(ms - rooflineMs)} ms`,
      `${milliseconds(ms)} against ${milliseconds(rooflineMs)}`,
      `${count}× ${name}`,
    ]);
  return `${paint('bold', `${milliseconds(stepMs)} ms a step`)}, ${milliseconds(totalMs)} in ${instructions.length} instructions; ${(flops / totalMs / 1e6).toFixed(0)} GFLOP/s in all
arena ${formatBytes(memory.arenaBytes)}, scratch ${formatBytes(memory.scratchBytes)}, inputs ${formatBytes(memory.inputBytes)}
peaks ${peak.toFixed(0)} GFLOP/s of 16-bit products, ${machine.peakGflops.fma.toFixed(0)} of float32, ${machine.readGigabytesPerSecond.toFixed(1)} GB/s read (${machine.isa}, ${machine.form}, ${machine.threads} threads)

${section(
  'kernel',
  grouped(profile, ({ kernel }) => kernel),
  totalMs,
  paint,
)}

${section('part of the model', grouped(profile, partOf), totalMs, paint)}

${paint('bold', 'furthest above the roofline')} ${paint('dim', `(the whole step: ${milliseconds(totalMs)} ms against ${milliseconds(least)})`)}
${table(lost)}
`;
}
