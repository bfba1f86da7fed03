/** A process that works beside the one that started it: its work comes as a line of JSON, and with the end of that pipe it leaves. */
import { createInterface } from 'node:readline';
import { openWork, type Work } from './work.js';

// Ctrl-C reaches the whole group; the process that started this one decides.
process.on('SIGINT', () => {});

const lines = createInterface({ input: process.stdin });
lines.once('close', () => process.exit(0));
lines.once('line', (line) => {
  // Written by `startHelpers`.
  const asked = JSON.parse(line) as Work;
  const work = async () => (await openWork(asked, new AbortController().signal)).run();
  work().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`, () => process.exit(1));
    },
  );
});
