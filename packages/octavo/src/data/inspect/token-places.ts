import { openTokenShard } from '../../formats/index.js';
import type { TokenizeSummary } from '../summaries.js';
import { at } from './steps-at.js';

export interface TokenPlace {
  /** Where the document's first token stands: shard, and place in it. */
  readonly shard: string;
  readonly from: number;
  /** Its tokens, the end of text included; they may run over into the next shard. */
  readonly tokens: number;
}

const pieceTokens = 1 << 20;

/**
 * The places of some documents of a part by their numbers, in the order of its table. Documents end in a token that no
 * text holds, so counting those finds the places. Errors: TOKEN_SHARD_CORRUPT, TOKEN_SHARD_MISMATCH.
 */
export async function tokenPlaces(
  artifacts: string,
  { tokens, part }: { readonly tokens: TokenizeSummary; readonly part: 'train' | 'validation' | 'test' },
  numbers: readonly number[],
): Promise<readonly TokenPlace[]> {
  const wanted = new Set(numbers);
  const last = numbers.reduce((most, number) => Math.max(most, number), -1);
  const places: TokenPlace[] = [];
  let number = 0;
  let begin = { shard: tokens[part].shards[0] ?? '', from: 0, total: 0 };
  let total = 0;
  for (const shard of tokens[part].shards) {
    if (number > last) break;
    await using opened = await openTokenShard(at(artifacts, 'tokenize', shard), {
      tokenizerHash: tokens.tokenizerHash,
    });
    const { count } = opened.header;
    if (begin.total === total) begin = { shard, from: 0, total };
    for (let from = 0; from < count && number <= last; from += pieceTokens) {
      const ids = await opened.read(from, Math.min(pieceTokens, count - from));
      for (let end = ids.indexOf(tokens.endOfTextId); end !== -1; end = ids.indexOf(tokens.endOfTextId, end + 1)) {
        const next = total + from + end + 1;
        if (wanted.has(number)) places.push({ shard: begin.shard, from: begin.from, tokens: next - begin.total });
        number++;
        begin = { shard, from: from + end + 1, total: next };
      }
    }
    total += count;
  }
  return places;
}
