import { createHash } from 'node:crypto';

/** A key for any text: PostgreSQL has no NUL in text, and some collations of MySQL take different texts for one. */
export const keyOf = (text: string): string =>
  createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('hex').slice(0, 32);
