import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fail, invariant, writeFileAtomic } from '../core/index.js';
import { readDocuments, tokenIds, writeTokenShard } from '../formats/index.js';
import type { Step, StepContext } from '../project/index.js';
import { endOfText, loadTokenizer, type Tokenizer } from '../text/index.js';
import { interruptible } from './interruptible.js';
import { type Split, splits } from './plan-split.js';
import { progress } from './progress.js';
import { readSummary } from './read-summary.js';
import type { TokenizeSection } from './section.js';
import { SplitSummary, type TokenizeSummary } from './summaries.js';

type Totals = TokenizeSummary['train'];

/** Gathers ids and writes a shard whenever one is full. */
function shardWriter(
  folder: string,
  split: Split,
  shape: { readonly shardTokens: number; readonly tokenizer: Tokenizer },
) {
  const { vocabularySize, hash: tokenizerHash } = shape.tokenizer;
  const ids = tokenIds(vocabularySize, shape.shardTokens);
  const shards: string[] = [];
  let filled = 0;
  let tokens = 0;
  const flush = () => {
    const name = `${split}-${String(shards.length).padStart(5, '0')}.tokens`;
    writeTokenShard(join(folder, name), { ids: ids.subarray(0, filled), vocabularySize, tokenizerHash });
    shards.push(name);
    filled = 0;
  };
  return {
    add: (more: Uint32Array) => {
      tokens += more.length;
      for (let from = 0; from < more.length; ) {
        const part = more.subarray(from, from + ids.length - filled);
        ids.set(part, filled);
        filled += part.length;
        from += part.length;
        if (filled === ids.length) flush();
      }
    },
    finish: () => {
      if (filled > 0 || shards.length === 0) flush();
      return { tokens, shards };
    },
  };
}

function endOfTextOf(tokenizer: Tokenizer): number {
  const id = tokenizer.idOfSpecial(endOfText);
  if (id !== undefined) return id;
  throw fail('DATA_SOURCE', {
    what: `the tokenizer has no ${endOfText}, which is to stand between documents`,
    where: 'tokenizer.json',
    remedy: 'run the tokenizer step, or use a tokenizer that has it',
  });
}

/** Texts are encoded in groups of about this many bytes, and the program looks for Ctrl-C in between. */
const groupBytes = 1 << 20;

async function tokenizeAll(context: StepContext<TokenizeSection>): Promise<Readonly<Record<string, unknown>>> {
  const { section, folder, signal } = context;
  const from = context.artifact('split');
  const tokenizer = await loadTokenizer(join(context.artifact('tokenizer'), 'tokenizer.json'));
  const end = Uint32Array.of(endOfTextOf(tokenizer));
  const known = await readSummary(from, SplitSummary);
  const total = splits.reduce((sum, split) => sum + known[split].bytes, 0);
  const told = progress('tokenize', { ...context, total, unit: 'bytes' });
  const threads = availableParallelism();
  const tokenizeSplit = async (split: Split): Promise<Totals> => {
    const writer = shardWriter(folder, split, { shardTokens: section.shardTokens, tokenizer });
    let documents = 0;
    let bytes = 0;
    let group: Uint8Array[] = [];
    let held = 0;
    const encodeGroup = () => {
      signal.throwIfAborted();
      for (const ids of tokenizer.encodeBatch(group, { threads })) {
        writer.add(ids);
        writer.add(end);
      }
      documents += group.length;
      bytes += held;
      told.add(held);
      group = [];
      held = 0;
    };
    for await (const batch of readDocuments(join(from, `${split}.parquet`), { columns: { text: 'text' } })) {
      for (const { text } of batch) {
        const utf8 = Buffer.from(text);
        group.push(utf8);
        held += utf8.length;
        if (held < groupBytes) continue;
        encodeGroup();
        await new Promise(setImmediate);
      }
    }
    encodeGroup();
    invariant(
      documents === known[split].documents && bytes === known[split].bytes,
      `${split} has the documents that the split step counted`,
    );
    return { documents, bytes, ...writer.finish() };
  };
  const summary: TokenizeSummary = {
    tokenizerHash: tokenizer.hash,
    vocabularySize: tokenizer.vocabularySize,
    endOfTextId: end[0] ?? 0,
    train: await tokenizeSplit('train'),
    validation: await tokenizeSplit('validation'),
    test: await tokenizeSplit('test'),
  };
  told.finish();
  writeFileAtomic(join(folder, 'summary.json'), `${JSON.stringify(summary, undefined, 2)}\n`);
  return summary;
}

/**
 * Split documents and tokenizer → token shards. Each document is followed by the end-of-text token, documents stand in
 * shuffled order, and a document may run over from one shard into the next. Errors: TABLE_CORRUPT, FILE_NOT_WRITTEN.
 */
export const tokenize: Step<TokenizeSection> = {
  name: 'tokenize',
  version: 1,
  inputs: ['split', 'tokenizer'],
  run: (context) => interruptible(context.signal, () => tokenizeAll(context)),
};
