/** `node scripts/errors.mjs`: writes docs/errors.md from the table of codes and from the places that throw them. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensure, main, root } from './ensure.mjs';

export const errorsFile = join(root, 'docs/errors.md');

/** What the engine's codes say: they come when a graph is made or bound, so a user meets them as mistakes of a program. */
export const engineCodes = {
  BUFFER_FOREIGN: 'A buffer or an executable was given to another backend than the one that made it.',
  DTYPE_MISMATCH: 'Two tensors that must have one dtype do not, or a backend does not have the dtype.',
  GRAPH_INVALID:
    'A graph breaks a rule: tensors of two traces, names given twice, an unknown op, or a pass that went wrong.',
  INPUT_MISSING: 'A graph was run without one of its inputs, or an updated input without a buffer.',
  INTERNAL: 'A mistake of ours: an invariant did not hold.',
  ISA_MISSING: 'OCTAVO_ISA names an instruction set that this machine or this build does not have.',
  KERNEL_MISSING: 'The native backend has no kernel for an op.',
  MEMORY_LIMIT: 'A step cannot be made to fit into the memory it was given; the error says by how much.',
  NATIVE_MISSING: 'The compiled engine is absent or does not load.',
  NO_GRADIENT: 'A gradient was asked of an op that has none, or of a value that it does not reach.',
  SHAPE_MISMATCH: 'Shapes do not fit each other, or data does not fit its shape.',
  VALUE_ABSENT: 'A value that was to be tapped or patched is not in the graph under that name.',
};

const thrown = { engine: /new OctavoError\(\s*'([A-Z_]+)'/g, octavo: /(?:\bfail|new OctavoError)\(\s*'([A-Z_]+)'/g };

/** Code → the folders of a package's sources that throw it; tests do not count. */
export const thrownIn = (packageName) => {
  const sources = join(root, 'packages', packageName, 'src');
  const found = new Map();
  for (const path of readdirSync(sources, { recursive: true }).toSorted()) {
    if (!path.endsWith('.ts') || /\.test(-support)?\.ts$/.test(path)) continue;
    const place = path.includes('/') ? path.split('/')[0] : 'src';
    for (const [, code] of readFileSync(join(sources, path), 'utf8').matchAll(thrown[packageName]))
      found.set(code, [...new Set([...(found.get(code) ?? []), place])]);
  }
  return found;
};

const row = (...cells) => `| ${cells.join(' | ')} |`;

/** The page. `errorCodes` is the table of packages/octavo/src/core/error-codes.ts. */
export const errorsPage = (errorCodes) => {
  const [octavo, engine] = [thrownIn('octavo'), thrownIn('engine')];
  const byName = (table) => Object.entries(table).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    '# Errors',
    '',
    '<!-- Written by scripts/errors.mjs from packages/octavo/src/core/error-codes.ts; change that, not this. -->',
    '',
    'Every error has a code, says what is wrong, where, and what to do about it, and decides the exit code. For programs:',
    '`--json` prints `{ "error": { code, what, where, remedy } }`.',
    '',
    '```',
    '$ octavo run --set model.depth=0',
    'error --set model.depth: model.depth must be a whole number above 0, 1024 or less; got 0 [CONFIG_INVALID]',
    '  → Number of blocks; sets everything else.',
    '$ echo $?',
    '2',
    '```',
    '',
    '| exit code | means |',
    '|---|---|',
    '| 0 | done |',
    '| 1 | it failed while it ran; what was saved is intact |',
    '| 2 | it could not begin as asked: correct the command, the configuration or the file |',
    '| 130 | stopped by Ctrl-C or SIGTERM; the same command goes on |',
    '',
    '## Octavo',
    '',
    row('code', 'exit', 'comes when', 'from'),
    row('---', '---', '---', '---'),
    ...byName(errorCodes).map(([code, { exit, says }]) =>
      row(`<a id="${code.toLowerCase()}"></a>\`${code}\``, exit, says, (octavo.get(code) ?? []).join(', ')),
    ),
    '',
    '## Engine',
    '',
    'Thrown by `@octavo/engine` when a graph is made, compiled or bound, before anything runs. Exit code 1.',
    '',
    row('code', 'comes when', 'from'),
    row('---', '---', '---'),
    ...byName(engineCodes).map(([code, says]) => row(`\`${code}\``, says, (engine.get(code) ?? []).join(', '))),
    '',
    'The HTTP API answers with OpenAI’s error shape and codes of its own: [serving.md](serving.md#errors).',
    '',
  ].join('\n');
};

if (process.argv[1] === fileURLToPath(import.meta.url))
  await main(async () => {
    await ensure();
    const { errorCodes } = await import('../packages/octavo/dist/core/index.js');
    writeFileSync(errorsFile, errorsPage(errorCodes));
  });
