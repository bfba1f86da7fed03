// Reads one source to its end and writes its documents, one JSON object a line: node read-source.mjs FOLDER FIELDS OUT
// Names below .test are this machine.
import dns from 'node:dns';
import { writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { dataSection } from '../../../packages/octavo/dist/data/section.js';
import { resolveSources } from '../../../packages/octavo/dist/data/sources/resolve.js';

const { lookup } = dns;
dns.lookup = (name, options, done) =>
  name.endsWith('.test') ? done(null, [{ address: '127.0.0.1', family: 4 }]) : lookup(name, options, done);
syncBuiltinESMExports();

const [folder, fields, out] = process.argv.slice(2);
const [source] = resolveSources(dataSection.parse({ sources: [JSON.parse(fields)] }).sources);
const opened = await source.open({
  projectFolder: folder,
  cacheFolder: `${folder}/cache`,
  emit: () => undefined,
  clock: { now: () => Date.UTC(2026, 0, 2) },
  signal: new AbortController().signal,
});
const lines = [];
for await (const item of opened.documents(() => undefined)) lines.push(JSON.stringify(item));
lines.push(JSON.stringify(opened.counts()));
writeFileSync(out, `${lines.join('\n')}\n`);
