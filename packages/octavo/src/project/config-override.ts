import { fail, OctavoError, visibleLine } from '../core/index.js';
import { type ConfigSource, type FieldPath, parseConfigText } from './config-source.js';

const isSection = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

interface Override {
  readonly path: FieldPath;
  readonly field: string;
  readonly value: unknown;
}

const parseValue = (text: string, where: string): unknown => {
  try {
    const { value } = parseConfigText(`value: ${text}`, where);
    return isSection(value) ? value['value'] : undefined;
  } catch (cause) {
    if (!(cause instanceof OctavoError)) throw cause;
    // The line and column are those of the shell's argument, which nobody counts.
    throw fail('CONFIG_UNREADABLE', {
      what: cause.what,
      where,
      remedy: cause.remedy ?? 'put the value in quotes',
      cause,
    });
  }
};

/** Reads `model.depth=6`; the value is YAML. Errors: USAGE, CONFIG_UNREADABLE. */
export const parseOverride = (text: string): Override => {
  const equals = text.indexOf('=');
  const field = text.slice(0, Math.max(0, equals));
  const where = `--set ${visibleLine(text, 60)}`;
  if (equals < 1 || text.includes('\n') || !/^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$/.test(field))
    throw fail('USAGE', {
      what: 'this is not a field and its value',
      where,
      remedy: 'write --set section.field=value, for example --set model.depth=6',
    });
  const path = field.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  if (path.includes('__proto__'))
    throw fail('USAGE', { what: '__proto__ is not a field', where, remedy: 'leave it out' });
  return { path, field, value: parseValue(text.slice(equals + 1), `--set ${field}`) };
};

const blocked = (override: Override, path: FieldPath) =>
  fail('CONFIG_INVALID', {
    what: `${path.join('.')} has no fields of its own`,
    where: `--set ${override.field}`,
    remedy: `set ${path.join('.')} itself`,
  });

const withValue = (parent: unknown, override: Override, depth: number): unknown => {
  const name = override.path[depth];
  if (name === undefined) return override.value;
  if (Array.isArray(parent)) {
    if (typeof name !== 'number' || name > parent.length) throw blocked(override, override.path.slice(0, depth));
    const copy: unknown[] = [...parent];
    copy[name] = withValue(parent[name], override, depth + 1);
    return copy;
  }
  if (parent !== undefined && parent !== null && !isSection(parent))
    throw blocked(override, override.path.slice(0, depth));
  const section = parent ?? {};
  return { ...section, [name]: withValue(isSection(section) ? section[name] : undefined, override, depth + 1) };
};

/** A configuration with `--set` fields laid over it, which still knows where each field came from. */
export interface OverriddenConfig {
  readonly value: unknown;
  readonly whereIs: (
    path: FieldPath,
    at?: 'value' | 'name',
  ) => { readonly where: string; readonly line?: number; readonly column?: number };
}

const startsWith = (path: FieldPath, start: FieldPath) =>
  start.every((part, index) => String(path[index]) === String(part));

/** Lays `--set` texts over a file, later ones winning. */
export const override = (source: ConfigSource, sets: readonly string[]): OverriddenConfig => {
  const overrides = sets.map(parseOverride);
  const value = overrides.reduce((config: unknown, one) => withValue(config, one, 0), source.value);
  return {
    value,
    whereIs: (path, at) => {
      const one = overrides.findLast(
        ({ path: set }) => startsWith(path, set) || (at === 'name' && startsWith(set, path)),
      );
      if (one !== undefined) return { where: `--set ${one.field}` };
      const { line, column } = source.locate(path, at);
      return { where: `${source.file}:${line}:${column}`, line, column };
    },
  };
};
