import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

const packages = fileURLToPath(new URL('../../../', import.meta.url));

const transpile = (source: string, target: string, engineError: string): void => {
  const text = readFileSync(source, 'utf8').replaceAll("'@octavo/engine/error'", `'${engineError}'`);
  const { outputText } = ts.transpileModule(text, {
    compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
    fileName: source,
  });
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, outputText);
};

/**
 * Rooms as JavaScript that a child process can run, without a build. `folder` holds `<room>/<file>.js`; packages of npm
 * resolve from it.
 */
export const transpileRooms = (rooms: readonly string[]): { readonly folder: string; readonly remove: () => void } => {
  mkdirSync(join(packages, 'octavo', 'build'), { recursive: true });
  const folder = mkdtempSync(join(packages, 'octavo', 'build', 'rooms-'));
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  const engineError = join(folder, 'engine-error.js');
  transpile(join(packages, 'engine', 'src', 'error.ts'), engineError, engineError);
  for (const room of rooms) {
    const source = join(packages, 'octavo', 'src', room);
    for (const name of readdirSync(source)) {
      if (!name.endsWith('.ts') || /\.test\.ts$|\.test-support\.ts$/.test(name)) continue;
      transpile(join(source, name), join(folder, room, name.replace(/\.ts$/, '.js')), engineError);
    }
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
};
