import { fail } from '../../core/index.js';
import { type SourceFields, sourceOf } from '../section.js';
import type { ResolvedSource } from './kind.js';
import { kinds } from './kinds.js';
import { quickstart } from './quickstart.js';

const presets: Readonly<Record<string, readonly SourceFields[]>> = { quickstart };

function resolve(fields: SourceFields): ResolvedSource {
  for (const bound of kinds) {
    const source = bound(fields);
    if (source !== undefined) return source;
  }
  throw fail('DATA_SOURCE', { what: `${fields.from} is of no known kind`, where: 'octavo.yaml: data.sources' });
}

/** Presets spelled out, strings read, in the order given. Errors: DATA_SOURCE. */
export const resolveSources = (sources: readonly (string | SourceFields)[]): readonly ResolvedSource[] =>
  sources
    .map(sourceOf)
    .flatMap((fields) => presets[fields.from] ?? [fields])
    .map(resolve);
