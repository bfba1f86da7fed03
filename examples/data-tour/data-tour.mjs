/**
 * The whole data step on real text: sources of ten kinds, every rule of cleaning, a mixture, what was dropped and why,
 * two runs compared, words and vectors, a run's data in a bucket, labels by rules. See README.md.
 *
 *   node examples/data-tour/data-tour.mjs [--folder FOLDER] [--port 8137]
 */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensure, loud, main, root, Stop } from '../../scripts/ensure.mjs';

const here = (name) => new URL(name, import.meta.url);

await main(async () => {
  const { values } = parseArgs({
    options: {
      folder: { type: 'string', default: join(root, '.octavo/data-tour') },
      port: { type: 'string', default: '8137' },
    },
  });
  await ensure();
  const { readTexts, writeInputs } = await import('./inputs.mjs');
  const { serveBucket, serveSite } = await import('./site.mjs');
  const folder = resolve(values.folder);
  const elsewhere = join(folder, 'elsewhere');
  mkdirSync(elsewhere, { recursive: true });
  const texts = await readTexts(join(folder, '.octavo/cache'));
  writeInputs(folder, texts);
  copyFileSync(here('wiki.xml'), join(folder, 'wiki.xml'));
  const site = await serveSite(texts, Number(values.port));
  const bucket = await serveBucket(join(folder, 'bucket'), 0);
  // At the same port, what was crawled before is not fetched again.
  const settings = readFileSync(here('octavo.yaml'), 'utf8')
    .replaceAll('SITE', site.url)
    .replaceAll('BUCKET', bucket.url);
  writeFileSync(join(folder, 'octavo.yaml'), settings);
  writeFileSync(join(elsewhere, 'octavo.yaml'), settings);

  const octavoIn = async (cwd, ...args) => {
    process.stderr.write(`\n$ octavo ${args.join(' ')}\n`);
    const env = { ...process.env, ...bucket.environment };
    const code = await loud(process.execPath, [join(root, 'packages/octavo/bin/octavo.js'), ...args], { cwd, env });
    if (code !== 0) throw new Stop(`octavo ${args.join(' ')} ended with ${code}; the reason stands above.`);
  };
  const octavo = (...args) => octavoIn(folder, ...args);
  const project = `topics-${Date.now().toString(36)}`;
  try {
    await octavo('data');
    await octavo('data', 'report');

    await octavo('data', 'sample', '--reason', 'contaminated', '-n', '1');
    await octavo('data', 'sample', '--source', 'wiki', '-n', '2');
    await octavo('data', 'duplicates', '-n', '2');
    await octavo('data', 'why', 'database/4');

    await octavo('data', '--run', 'other', '--set', 'data.clean.fineweb=false');
    await octavo('data', 'diff', 'main', 'other', '-n', '1');

    await octavo('data', 'columns');

    await octavo('data', 'push');
    await octavoIn(elsewhere, 'data', 'pull');
    await octavo('data', 'push', '--blobs', 'kept');

    await octavo('label', 'create', project, '--labels', 'war,money,health');
    await octavo('label', 'import', project, 'to-label.jsonl');
    await octavo('label', 'suggest', project, '--functions', 'rules.yaml');
  } finally {
    site.close();
    await bucket.close();
  }
  process.stderr.write(
    `\nThe project lies in ${folder}. Next, there:\n  npx octavo label serve ${project}    label in the browser\n`,
  );
  return 0;
});
