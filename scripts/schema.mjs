/** `npm run schema`: writes the JSON Schema of octavo.yaml, by which editors complete and check it. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensure, loud, main, root } from './ensure.mjs';

await main(async () => {
  await ensure();
  const { configJsonSchema } = await import('../packages/octavo/dist/pipeline/index.js');
  const file = join(root, 'packages/octavo/schema/octavo.schema.json');
  writeFileSync(file, `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
  return loud(process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'format', '--write', file]);
});
