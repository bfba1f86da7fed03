import { z } from 'zod';
import { type MixRules, mixFields } from './balance/mix.js';
import { type DataOrder, dataOrders } from './balance/order.js';
import { hdfsFields, s3Fields } from './blobs/fields.js';
import { blobsSection } from './blobs/section.js';
import { cardFields } from './card/fields.js';
import { chatFamilies, headlineFamilies } from './chat-family.js';
import { columnsSection } from './columns/fields.js';
import { webOptions } from './crawl/fetch-once.js';
import { crawlOptions } from './crawl/options.js';
import { decontaminateFields } from './duplicates/decontaminate.js';
import { substringFields } from './duplicates/substrings.js';
import { encodings } from './extract/charset.js';
import { formats } from './extract/formats.js';
import { corpusFields } from './filters/corpus-stage.js';
import { judgeFields } from './filters/judges.js';
import { missingFields } from './filters/missing.js';
import { piiFields } from './filters/pii.js';
import { qualityFields } from './filters/quality.js';
import { rules, rulesOf } from './filters/rules.js';
import { mastodonOptions } from './sources/mastodon.js';
import { sqlFields } from './sources/sql-fields.js';

/** What a row tells beside its text. */
const rowField = (says: string) =>
  z
    .string()
    .min(1)
    .optional()
    .describe(`What holds ${says}: a field of JSON rows, a column of CSV, TSV, Parquet or of a database.`);

const sourceFields = z.strictObject({
  from: z
    .string()
    .min(1)
    .describe(
      'A file, a folder, a pattern such as corpus/**/*.md, npm:name@version/pattern, sqlite:FILE, duckdb:FILE, mysql://, mariadb:// or postgres://, hdfs:// or s3:// with a path or pattern, the https:// address of a site to crawl, warc:, wikipedia:, feed:, reddit:, hackernews: or mastodon: with a file, pattern or address, or a preset (quickstart).',
    ),
  name: z
    .string()
    .regex(/^[\w@][\w@./-]*$/)
    .optional()
    .describe('What the source is called in tables and charts; default: the part of `from` before any pattern.'),
  format: z
    .enum(formats)
    .default('auto')
    .describe('What the files are; auto goes by the name, and by the first bytes where the name says nothing.'),
  textField: z
    .string()
    .min(1)
    .default('text')
    .describe(
      'What holds the text: a field of JSON rows, a column of CSV, TSV and Parquet, a path of elements of XML (page/text).',
    ),
  urlField: rowField('the address that a text came from'),
  timeField: rowField('when it was published'),
  titleField: rowField('its title'),
  licenceField: rowField('its licence, where it is not that of the source'),
  labelField: rowField('its label, for data.mix'),
  encoding: z
    .enum(encodings)
    .default('auto')
    .describe(
      'How the bytes of text files are to be read; a byte order mark overrules it. auto: UTF-8 where that is valid, else what fits.',
    ),
  licence: z.string().default('unknown').describe('Recorded with each document.'),
  windowBytes: z
    .number()
    .int()
    .min(256)
    .max(1_048_576)
    .default(16_384)
    .describe('A longer text is cut into windows of at most this many bytes, at paragraphs or sentences.'),
  crawl: crawlOptions.optional().describe('How a site is crawled.'),
  sql: sqlFields.optional().describe('Of a database: what to read.'),
  hdfs: hdfsFields.optional().describe('Of hdfs://: how the cluster is spoken to.'),
  s3: s3Fields.optional().describe('Of s3://: how the service is spoken to.'),
  feed: webOptions.optional().describe('How a feed is fetched.'),
  mastodon: mastodonOptions.optional().describe('How posts are fetched.'),
});

const source = z
  .union([z.string().min(1), sourceFields])
  .describe('A source of text: a string is short for { from: … }.');

/** The `data` section of octavo.yaml. */
export const dataSection = z
  .strictObject({
    sources: z.array(source).min(1).max(1000).default(['quickstart']).describe('Where text comes from.'),
    store: z
      .string()
      .min(1)
      .default('.octavo/store.sqlite')
      .describe(
        `The database of labels: an SQLite file, or mysql://, mariadb://, postgres:// with \${NAME} for a variable of the environment.`,
      ),
    blobs: blobsSection,
    maxRejected: z
      .number()
      .int()
      .min(0)
      .default(1000)
      .describe('Rows of files that may be unreadable before the step stops; each is listed among the dropped.'),
    seed: z
      .number()
      .int()
      .min(0)
      .max(4_294_967_295)
      .default(1)
      .describe('Orders the documents, and draws the generated conversations.'),
    chat: z
      .strictObject({
        families: z
          .array(z.enum(chatFamilies))
          .default([...headlineFamilies])
          .describe('Families of questions and answers for fine-tuning; more families need more training.'),
      })
      .prefault({}),
    clean: z
      .strictObject({
        minCharacters: z.number().int().min(1).default(100).describe('Shorter documents are dropped as too-short.'),
        nearDuplicates: z
          .boolean()
          .default(true)
          .describe('Drop documents that are nearly the same as an earlier one (MinHash).'),
        nearDuplicateSimilarity: z
          .number()
          .min(0.3)
          .max(1)
          .default(0.7)
          .describe('Share of 5-word runs in common, exact, from which a document counts as a near duplicate.'),
        repairMojibake: z
          .boolean()
          .default(true)
          .describe('Turn UTF-8 that was read as Windows-1252 or Latin-1 back, where that is unambiguous.'),
        missing: rules(missingFields, 'What becomes of documents whose source does not tell a field.'),
        ...corpusFields,
        ...qualityFields,
        ...judgeFields,
        urlDuplicates: z.boolean().default(false).describe('Drop documents whose address another had: url-duplicate.'),
        substrings: rules(substringFields, 'Cut out passages that occurred before, word for word (suffix array).'),
        decontaminate: z
          .strictObject(decontaminateFields)
          .prefault({})
          .describe('Drop documents that hold items of evaluation sets: contaminated.'),
        pii: rules(piiFields, 'Replace personal data and secrets by tokens.'),
      })
      .prefault({}),
    mix: rules(
      mixFields,
      'How much of the training text each source, language, licence or label gives; held-out text stays.',
    ),
    order: z
      .enum(dataOrders)
      .default('shuffled')
      .describe(
        'In which order training text is read: shuffled, or from short to long, from easy to hard by a character model, source by source.',
      ),
    columns: columnsSection,
    card: z
      .strictObject(cardFields)
      .prefault({})
      .describe('What the data card cannot know of itself: each text stands in it word for word.'),
    workers: z
      .number()
      .int()
      .min(1)
      .max(256)
      .optional()
      .describe('Processes that clean and encode side by side; one without it. The result is the same for any number.'),
    tokenize: z
      .strictObject({
        shardTokens: z
          .number()
          .int()
          .min(1024)
          .max(500_000_000)
          .default(16_777_216)
          .describe('Tokens of one shard; a shard is held in memory while it is written.'),
      })
      .prefault({}),
  })
  .prefault({});

export type DataSection = z.infer<typeof dataSection>;
export type SourceFields = z.infer<typeof sourceFields>;

/** The fields with their defaults, of a source given in either form. */
export const sourceOf = (given: string | SourceFields): SourceFields =>
  typeof given === 'string' ? sourceFields.parse({ from: given }) : given;

/** What each step of the room reads of the section: a change elsewhere leaves its key as it was. */
export const collectSection = ({ sources, maxRejected, seed, chat }: DataSection) => ({
  sources,
  maxRejected,
  seed,
  chat,
});
export const cleanSection = ({ clean }: DataSection) => clean;
export interface SplitSection {
  readonly seed: number;
  readonly mix?: MixRules;
  readonly order?: DataOrder;
  /** Where a project of labels is, for a mixture by its labels. */
  readonly store?: string;
}
/** What is left at its default is not named, so that the keys of older runs stay. */
export const splitSection = ({ seed, mix, order, store }: DataSection): SplitSection => {
  const asked = rulesOf(mix, mixFields);
  const isByProject = asked?.by === 'label' && asked.labels.startsWith('project:');
  return {
    seed,
    ...(asked === undefined ? {} : { mix: asked }),
    ...(isByProject ? { store } : {}),
    ...(order === 'shuffled' ? {} : { order }),
  };
};

/** How many processes clean and encode: nothing that a result depends on, so no part of any key. Without it, one. */
export interface Workers {
  readonly workers?: number | undefined;
}
export const tokenizeSection = ({ tokenize }: DataSection) => tokenize;

export type CollectSection = ReturnType<typeof collectSection>;
export type CleanSection = ReturnType<typeof cleanSection>;
export type TokenizeSection = ReturnType<typeof tokenizeSection>;
