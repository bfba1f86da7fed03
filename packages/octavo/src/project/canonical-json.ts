import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fail, invariant } from '../core/index.js';

/** JSON with sorted names and no spaces: equal values give equal text. Fields that are undefined are left out. */
export const canonicalJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, field]) => `${JSON.stringify(name)}:${canonicalJson(field)}`);
    return `{${fields.join(',')}}`;
  }
  invariant(typeof value !== 'number' || Number.isFinite(value), 'a hashed value is finite');
  invariant(
    ['string', 'number', 'boolean'].includes(typeof value) || value === null,
    `a hashed value is JSON, not ${typeof value}`,
  );
  return JSON.stringify(value);
};

export const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');

/** SHA-256 of a regular file's contents. Errors: DATA_SOURCE for a pipe or a device, which might never end. */
export const hashFile = async (path: string): Promise<string> => {
  if (!(await stat(path)).isFile())
    throw fail('DATA_SOURCE', {
      what: 'is no regular file',
      where: path,
      remedy: 'name a file, not a pipe or a device',
    });
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) hash.update(chunk);
  return hash.digest('hex');
};
