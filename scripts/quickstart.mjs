/** `npm run quickstart`: from a fresh clone to a model that answers, in examples/quickstart. Arguments go to `octavo run`. */
import { join } from 'node:path';
import { ensure, loud, main, root, Stop } from './ensure.mjs';

const question = 'What is the capital of Norway?';

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
  await octavo('report');
  process.stderr.write(`\nYou ask: ${question}\n`);
  const answered = await octavo('chat', '--message', question, '--temperature', '0');
  if (answered !== 0) throw new Stop('The model is trained, but did not answer; the reason stands above.');
  process.stderr.write(`
Next, in examples/quickstart:
  npx octavo chat      talk to it
  npx octavo serve     an OpenAI-compatible API on this machine
  npx octavo status    what the run did
  npx octavo plan --explain
`);
  return 0;
});
