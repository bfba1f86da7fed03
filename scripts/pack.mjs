/**
 * `node scripts/pack.mjs [folder]`: the tarballs of a release for this platform: octavo, @octavo/engine, create-octavo and
 * @octavo/native-<platform>-<arch>, the binaries that npm users get instead of a compiler.
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { ensure, main, quiet, root, Stop } from './ensure.mjs';

const platform = `native-${process.platform}-${process.arch}`;
const nativeName = `@octavo/${platform}`;
const readJson = (path) => JSON.parse(readFileSync(path, 'utf8'));
const writeJson = (path, value) => writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`);

const pack = async (folder, target) => {
  const { code, output } = await quiet('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', target], {
    cwd: folder,
  });
  if (code !== 0) throw new Stop(`npm pack failed in ${folder}:\n${output}`);
};

/** A copy of a package as users get it: its files, and the binaries of this platform as an optional dependency. */
const stage = (name, staging) => {
  const from = join(root, 'packages', name);
  const to = join(staging, name);
  const description = readJson(join(from, 'package.json'));
  mkdirSync(to, { recursive: true });
  const wanted = (path) => !/\/native\/build|\.tsbuildinfo$|\.test(-support)?\.(d\.ts|js|js\.map|cpp)$/.test(path);
  for (const entry of ['bin', 'dist', 'schema', 'main.js', 'native'])
    if (description.files.some((file) => file.split('/')[0] === entry))
      cpSync(join(from, entry), join(to, entry), { recursive: true, filter: wanted });
  if (name === 'engine') description.optionalDependencies = { [nativeName]: description.version };
  writeJson(join(to, 'package.json'), description);
  cpSync(join(root, 'LICENSE'), join(to, 'LICENSE'));
  cpSync(join(root, 'README.md'), join(to, 'README.md'));
  return to;
};

const stageNative = (staging) => {
  const to = join(staging, platform);
  const { version, license } = readJson(join(root, 'packages/engine/package.json'));
  mkdirSync(to, { recursive: true });
  cpSync(join(root, 'packages/engine/native/build/engine.node'), join(to, 'engine.node'));
  cpSync(join(root, 'packages/octavo/native/build/text.node'), join(to, 'text.node'));
  cpSync(join(root, 'LICENSE'), join(to, 'LICENSE'));
  writeJson(join(to, 'package.json'), {
    name: nativeName,
    version,
    description: `Native parts of Octavo for ${process.platform}-${process.arch}.`,
    license,
    os: [process.platform],
    cpu: [process.arch],
    files: ['engine.node', 'text.node'],
  });
  return to;
};

await main(async () => {
  await ensure();
  const target = resolve(process.argv[2] ?? join(root, 'build'));
  mkdirSync(target, { recursive: true });
  const staging = mkdtempSync(join(tmpdir(), 'octavo-pack-'));
  try {
    for (const folder of [
      stageNative(staging),
      ...['engine', 'octavo', 'create-octavo'].map((name) => stage(name, staging)),
    ])
      await pack(folder, target);
    process.stderr.write(`Packed into ${target}\n`);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  return 0;
});
