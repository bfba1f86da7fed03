/**
 * `npm run bench`: every race against peers, one after another; `npm run bench -- tokenizer --rounds 3` runs one of them
 * with its own options. A race is a file of bench/ that uses its harness.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensure, loud, main, root, Stop } from './ensure.mjs';

const folder = join(root, 'bench');
const races = readdirSync(folder)
  .filter((name) => name.endsWith('.mjs') && readFileSync(join(folder, name), 'utf8').includes("from './harness.mjs'"))
  .map((name) => name.replace(/\.mjs$/, ''));

await main(async () => {
  const [first, ...rest] = process.argv.slice(2);
  const chosen = first === undefined || first.startsWith('-') ? races : [first];
  if (!chosen.every((name) => races.includes(name)))
    throw new Stop(`There is no race "${first}". There are: ${races.join(', ')}.`);
  const options = chosen === races ? process.argv.slice(2) : rest;
  await ensure();
  const failed = [];
  for (const name of chosen) {
    process.stdout.write(`\n${name}\n`);
    if ((await loud(process.execPath, [join(folder, `${name}.mjs`), ...options])) !== 0) failed.push(name);
  }
  if (failed.length > 0) throw new Stop(`These races did not finish: ${failed.join(', ')}.`);
});
