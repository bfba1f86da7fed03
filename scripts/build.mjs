/** `npm run build`: packages, TypeScript, native code. */
import { ensure, main, seconds } from './ensure.mjs';

await main(async () => {
  const startedMs = performance.now();
  await ensure();
  process.stderr.write(`Built in ${seconds(startedMs)}. Next: npm run quickstart\n`);
});
