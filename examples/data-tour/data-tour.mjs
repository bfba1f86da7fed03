/**
 * The whole data step on real text: a web site to crawl, a feed, a timeline, a database, dumps, an archive; every rule of
 * cleaning; labels by rules. See README.md.
 *
 *   node examples/data-tour/data-tour.mjs [--folder FOLDER] [--port 8137]
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensure, loud, main, root, Stop } from '../../scripts/ensure.mjs';

await main(async () => {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string', default: join(root, '.octavo/data-tour') },
      port: { type: 'string', default: '8137' },
    },
  });
  await ensure();
  const { readTexts, writeInputs } = await import('./inputs.mjs');
  const { serveSite } = await import('./site.mjs');
  const folder = resolve(values.folder);
  mkdirSync(folder, { recursive: true });
  const texts = await readTexts(join(folder, '.octavo/cache'));
  writeInputs(folder, texts);
  const site = await serveSite(texts, Number(values.port));
  const example = readFileSync(new URL('octavo.yaml', import.meta.url), 'utf8');
  // At the same port, what was crawled before is not fetched again.
  writeFileSync(join(folder, 'octavo.yaml'), example.replaceAll('SITE', site.url));
  const octavo = async (...args) => {
    process.stderr.write(`\n$ octavo ${args.join(' ')}\n`);
    const code = await loud(process.execPath, [join(root, 'packages/octavo/bin/octavo.js'), ...args], { cwd: folder });
    if (code !== 0) throw new Stop(`octavo ${args.join(' ')} ended with ${code}; the reason stands above.`);
  };
  try {
    await octavo('data');
  } finally {
    site.close();
  }
  await octavo('data', 'report');
  await octavo('data', 'sample', '--reason', 'contaminated', '-n', '3');
  await octavo('data', 'duplicates', '-n', '3');
  const project = `topics-${Date.now().toString(36)}`;
  await octavo('label', 'create', project, '--labels', 'war,money,health');
  await octavo('label', 'import', project, 'to-label.jsonl');
  await octavo('label', 'suggest', project, '--functions', 'rules.yaml');
  process.stderr.write(
    `\nThe project lies in ${folder}. Next, there:\n  npx octavo label serve ${project}    label in the browser\n`,
  );
  return 0;
});
