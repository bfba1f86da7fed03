import { setImmediate } from 'node:timers/promises';
import { invariant } from '../../core/index.js';
import { type Row, readDocuments } from '../../formats/index.js';
import { documentColumns } from '../document.js';
import type { Cleaned } from '../scale/shard-file.js';

const { text: _, ...knownColumns } = documentColumns;

/** A collected document without its text, and what cleaning made of it. */
export interface CleanedRow {
  readonly document: Row<typeof knownColumns>;
  readonly cleaned: Cleaned;
}

/** All documents in order, beside the results of their shards. */
export async function* cleanedRows(
  input: string,
  results: AsyncGenerator<readonly Cleaned[], void, undefined>,
): AsyncGenerator<CleanedRow, void, undefined> {
  let shard: readonly Cleaned[] = [];
  let at = 0;
  for await (const batch of readDocuments(input, { columns: knownColumns })) {
    // Ctrl-C is heard here.
    await setImmediate();
    for (const document of batch) {
      while (at === shard.length) {
        const next = await results.next();
        invariant(next.done !== true, 'the shards have every document');
        shard = next.value;
        at = 0;
      }
      const cleaned = shard[at++];
      invariant(cleaned !== undefined, 'the shard has the document');
      yield { document, cleaned };
    }
  }
}
