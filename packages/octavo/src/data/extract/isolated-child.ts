/**
 * The child that reads one file of a format whose reader is large or native: Parquet (DuckDB), PDF, DOCX. Started by
 * isolated.ts with one argument, the job as JSON; answers with lines of JSON. What kills it is the end of that file only.
 */
import { once } from 'node:events';
import { writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { limits } from '../limits.js';
import { plainHtml } from './html-plain.js';
import { type FactFields, type Facts, factFields, factFieldsOf, facts, factsOf, ownNames } from './row-facts.js';

interface Job extends FactFields {
  readonly format: 'parquet' | 'pdf' | 'docx';
  readonly path: string;
  readonly textField: string;
}

async function say(answer: Readonly<Record<string, unknown>>): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(answer)}\n`)) await once(process.stdout, 'drain');
}

const tooLong = { reason: 'line-too-long', detail: `more than ${limits.lineBytes} characters` };
const sayText = (text: string, told: Facts = {}) =>
  say(
    text.length > limits.lineBytes
      ? { ...tooLong, excerpt: text.slice(0, limits.excerptCharacters) }
      : { text, facts: told },
  );
const quoted = (name: string, mark: '"' | "'"): string => `${mark}${name.replaceAll(mark, mark + mark)}${mark}`;

/** What is no text, number, flag or date tells nothing; nor does what is far too long. */
const factOf = (column: string): string =>
  `CASE WHEN regexp_full_match(typeof(${column}), 'VARCHAR|BOOLEAN|U?[A-Z]*INT(EGER)?|FLOAT|DOUBLE|DATE|TIMESTAMP.*|(DECIMAL|ENUM)\\(.*\\)') AND length(${column}::VARCHAR) < 4000 THEN ${column}::VARCHAR END`;

/** The file alone may be read, nothing installed or loaded, and that cannot be undone by what the file holds. */
async function readParquet({ path, textField, ...fields }: Job): Promise<void> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', {
    threads: '1',
    memory_limit: '1GB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
  });
  const connection = await instance.connect();
  const settings = [
    `allowed_paths = [${quoted(path, "'")}]`,
    'enable_external_access = false',
    'lock_configuration = true',
  ];
  for (const setting of settings) await connection.run(`SET ${setting}`);
  const head = await connection.runAndReadAll('SELECT * FROM read_parquet($1) LIMIT 0', [path]);
  const names = head.columnNames();
  if (!names.includes(textField)) {
    await say({ reason: 'no-text', detail: `has no column "${textField}"; it has ${names.join(', ').slice(0, 200)}` });
    return;
  }
  const column = quoted(textField, '"');
  const told = facts.flatMap((fact) => {
    const field = fields[factFields[fact]];
    return field !== undefined && names.includes(field) ? [`, ${factOf(quoted(field, '"'))} AS ${fact}`] : [];
  });
  const sql = `SELECT CASE WHEN typeof(${column}) = 'VARCHAR' THEN ${column}::VARCHAR END AS text${told.join('')} FROM read_parquet($1)`;
  const rows = await connection.stream(sql, [path]);
  for await (const batch of rows.yieldRowObjectJs()) {
    for (const { text, ...row } of batch) {
      if (typeof text === 'string')
        await sayText(
          text,
          factsOf(ownNames, (fact) => row[fact]),
        );
      else await say({ reason: 'no-text', detail: `field "${textField}" is not text` });
    }
  }
}

/** Lines that a reader of a package needs: what the package is and how it is installed. */
const absent = (name: string, version: string) => async () => {
  await say({ absent: name, version });
  return undefined;
};

async function readPdf({ path }: Job): Promise<void> {
  const unpdf = await import('unpdf').catch(absent('unpdf', '1.7.0'));
  if (unpdf === undefined) return;
  const document = await unpdf.getDocumentProxy(new Uint8Array(await readFile(path)));
  const { text } = await unpdf.extractText(document, { mergePages: false });
  await sayText(
    text
      .map((page) => page.trim())
      .filter((page) => page !== '')
      .join('\n\n'),
  );
}

async function readDocx({ path }: Job): Promise<void> {
  const mammoth = await import('mammoth').catch(absent('mammoth', '1.13.0'));
  if (mammoth === undefined) return;
  const { value } = await mammoth.default.convertToHtml({ path }, { externalFileAccess: false });
  await sayText(plainHtml(value.replaceAll(/ src="data:[^"]*"/g, '')));
}

function parseJob(argument: string): Job {
  const job: unknown = JSON.parse(argument);
  if (typeof job !== 'object' || job === null) throw new Error('no job');
  const { format, path, textField, ...fields } = Object.fromEntries(Object.entries(job));
  if (format !== 'parquet' && format !== 'pdf' && format !== 'docx') throw new Error('no such format');
  return {
    format,
    path: String(path),
    textField: String(textField),
    ...factFieldsOf((option) => (typeof fields[option] === 'string' ? fields[option] : undefined)),
  };
}

/** Beyond what DuckDB and the heap may take: memory that a native reader takes past its own limit. */
const mostMemory = 2 * 1024 ** 3;
setInterval(() => {
  if (process.memoryUsage.rss() < mostMemory) return;
  const answer = { reason: 'file-refused', detail: `its reader took more than ${mostMemory} bytes of memory` };
  writeSync(1, `${JSON.stringify(answer)}\n${JSON.stringify({ end: true })}\n`);
  process.exit(1);
}, 100).unref();

try {
  const job = parseJob(process.argv[2] ?? '');
  await { parquet: readParquet, pdf: readPdf, docx: readDocx }[job.format](job);
  await say({ end: true });
} catch (error) {
  const detail = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
  await say({ reason: 'file-refused', detail: detail.slice(0, 200) });
  await say({ end: true });
}
