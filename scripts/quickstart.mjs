/** `npm run quickstart`: from a fresh clone to a model that answers, in examples/quickstart. Arguments go to `octavo run`. */
import { join } from 'node:path';
import { ensure, loud, main, root, Stop } from './ensure.mjs';

await main(async () => {
  await ensure();
  const octavo = (...args) =>
    loud(process.execPath, [join(root, 'packages/octavo/bin/octavo.js'), ...args], {
      cwd: join(root, 'examples/quickstart'),
    });
  const code = await octavo('run', ...process.argv.slice(2));
  if (code === 130) return code;
  if (code !== 0)
    throw new Stop(
      'The quickstart did not finish; the reason stands above. The same command goes on where it stopped.',
    );
  return 0;
});
