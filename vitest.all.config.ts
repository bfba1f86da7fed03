import { defineConfig } from 'vitest/config';
import base from './vitest.config.js';

/** The long tests: whole runs, kill sweeps, sanitizers, peers. They use what `npm run build` made. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['test/all/**/*.test.ts'], testTimeout: 900_000, hookTimeout: 300_000, maxWorkers: 1 },
});
