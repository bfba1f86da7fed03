/** What a file is: by its name where that is known, else by its first bytes. */

export const formats = [
  'auto',
  'text',
  'html',
  'jsonl',
  'json',
  'csv',
  'tsv',
  'parquet',
  'xml',
  'epub',
  'pdf',
  'docx',
  'wordnet-examples',
] as const;
export type Format = Exclude<(typeof formats)[number], 'auto'>;
/** What holds other files. */
export type Container = 'zip' | 'tar';

/** Ends of names that say how a file is packed; what it is stands before them. */
export const packed = /\.(gz|zst|zstd|bz2|xz)$/i;

const extensions: ReadonlyMap<string, Format | Container> = new Map([
  ...'txt text md markdown'.split(' ').map((end) => [end, 'text'] as const),
  ...'html htm xhtml'.split(' ').map((end) => [end, 'html'] as const),
  ...'jsonl ndjson'.split(' ').map((end) => [end, 'jsonl'] as const),
  ...(['json', 'csv', 'parquet', 'xml', 'epub', 'pdf', 'docx', 'zip', 'tar'] as const).map(
    (end) => [end, end] as const,
  ),
  ['tsv', 'tsv'],
  ['tab', 'tsv'],
  ['tgz', 'tar'],
  ['tbz2', 'tar'],
  ['txz', 'tar'],
]);

/** What a name says; `undefined` for a name that says nothing, which a folder leaves alone. */
export function formatOfName(name: string): Format | Container | undefined {
  const extension = /\.([A-Za-z0-9]+)$/.exec(name.replace(packed, ''))?.[1] ?? '';
  return extensions.get(extension.toLowerCase());
}

/** Bytes from the start that tell what a file is. */
export const magicBytes = 512;

const startsWith = (bytes: Uint8Array, text: string, at = 0): boolean =>
  Array.from(text).every((character, index) => bytes[at + index] === character.charCodeAt(0));

/** What the first bytes say; text where they say nothing. */
export function formatOfBytes(bytes: Uint8Array): Format | Container {
  if (startsWith(bytes, '%PDF-')) return 'pdf';
  if (startsWith(bytes, 'PAR1')) return 'parquet';
  if (startsWith(bytes, 'PK\u0003\u0004')) {
    if (startsWith(bytes, 'mimetypeapplication/epub+zip', 30)) return 'epub';
    const start = Buffer.from(bytes).toString('latin1');
    return start.includes('word/') || start.includes('[Content_Types].xml') ? 'docx' : 'zip';
  }
  if (startsWith(bytes, 'ustar', 257)) return 'tar';
  const start = Buffer.from(bytes)
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart()
    .toLowerCase();
  if (start.startsWith('<!doctype html') || start.startsWith('<html')) return 'html';
  if (start.startsWith('<?xml')) return start.includes('<html') ? 'html' : 'xml';
  return 'text';
}
