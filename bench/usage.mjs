/** `node --import ./usage.mjs program`: leaves the process's peak memory and processor time in the file OCTAVO_USAGE when it ends. */
import { writeFileSync } from 'node:fs';

process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  const usage = { peakBytes: maxRSS * 1024, cpuSeconds: (userCPUTime + systemCPUTime) / 1e6 };
  writeFileSync(process.env.OCTAVO_USAGE, JSON.stringify(usage));
});
