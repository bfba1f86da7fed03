/** A process that cleans beside the one that started it: its place comes as a line of JSON, and with the end of that pipe it leaves. */
import { createInterface } from 'node:readline';
import { cleanWork } from '../clean/clean-work.js';
import type { HelperPlace } from './helpers.js';

// Ctrl-C reaches the whole group; the process that started this one decides.
process.on('SIGINT', () => {});

const lines = createInterface({ input: process.stdin });
lines.once('close', () => process.exit(0));
lines.once('line', (line) => {
  // Written by `startHelpers`.
  const place = JSON.parse(line) as HelperPlace;
  const work = async () => (await cleanWork({ ...place, signal: new AbortController().signal }, () => {})).run();
  work().then(
    () => process.exit(0),
    () => process.exit(1),
  );
});
