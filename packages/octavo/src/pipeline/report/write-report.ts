import { join } from 'node:path';
import { type Clock, writeFileAtomic } from '../../core/index.js';
import type { RunFolder } from '../../project/index.js';
import { type Gate, gatesOf } from './gates.js';
import { reportPage } from './page.js';
import { readReport } from './read-report.js';
import { type ForecastRow, type ForecastVerdict, judge, scoreForecast } from './score-forecast.js';

export interface WrittenReport {
  readonly path: string;
  readonly bytes: number;
  /** What the model had to reach, and whether it did. */
  readonly gates: readonly Gate[];
  /** The plan beside what came true. */
  readonly forecast: readonly (ForecastRow & { readonly verdict: ForecastVerdict })[];
}

/** Writes `report.html` into the run's folder: one file that opens from disk. Errors: FILE_NOT_WRITTEN. */
export const writeReport = async (run: RunFolder, clock: Clock): Promise<WrittenReport> => {
  const report = await readReport(run, clock.now());
  const page = reportPage(report);
  const path = join(run.folder, 'report.html');
  writeFileAtomic(path, page);
  return {
    path,
    bytes: Buffer.byteLength(page),
    gates: gatesOf(report),
    forecast: scoreForecast(report).map((row) => ({ ...row, verdict: judge(row) })),
  };
};
