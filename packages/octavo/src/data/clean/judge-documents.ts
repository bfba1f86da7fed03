import { createHash } from 'node:crypto';
import type { DroppedDocument, SourceDocument } from '../document.js';
import { type Clusters, clusters } from '../duplicates/clusters.js';
import { digestTable } from '../duplicates/digest-table.js';
import { nearDuplicateIndex } from '../duplicates/near-duplicates.js';
import { packedStrings } from '../duplicates/packed-strings.js';
import { pageKey } from '../duplicates/page-key.js';
import type { Cleaned } from '../scale/shard-file.js';
import type { CleanSection } from '../section.js';
import { excerptOf } from './excerpt.js';

/** What the first pass leaves for the second, by number of the document. */
export interface Judgement {
  /** 1 where the document stays. */
  readonly kept: Uint8Array;
  readonly alike: Clusters;
}

interface Judging {
  readonly documents: number;
  readonly section: CleanSection;
  /** File for the near-duplicate index. */
  readonly spill: string;
}

type Known = Omit<SourceDocument, 'licence' | 'text'>;

const sha256Of = (text: string): Uint8Array => createHash('sha256').update(text).digest();

/** What depends on the documents before, a document at a time in order: repetitions. Keeps digests and signatures, no text. */
export function judgeDocuments({ documents, section, spill }: Judging) {
  const index = section.nearDuplicates
    ? nearDuplicateIndex({ threshold: section.nearDuplicateSimilarity, spill, documents })
    : undefined;
  const judgement: Judgement = { kept: new Uint8Array(documents), alike: clusters() };
  const ids = packedStrings(documents);
  const exact = digestTable(documents);
  const addresses = digestTable(section.urlDuplicates ? documents : 0);
  let count = 0;
  const one = ({ id, source, url }: Known, cleaned: Cleaned): DroppedDocument | undefined => {
    const number = count++;
    ids.push(id);
    if (cleaned.kind === 'dropped') {
      const { reason, detail, excerpt } = cleaned;
      return { id, source, reason, detail, excerpt };
    }
    const { text, digest, print } = cleaned;
    const drop = (reason: DroppedDocument['reason'], detail: string): DroppedDocument => ({
      id,
      source,
      reason,
      detail,
      excerpt: excerptOf(text),
    });
    const address = section.urlDuplicates && url !== undefined ? pageKey(url) : undefined;
    const there = address === undefined ? undefined : addresses.firstOf(sha256Of(address), number);
    if (there !== undefined) {
      judgement.alike.join(there, number);
      return drop('url-duplicate', `the address of ${ids.at(there)}`);
    }
    const same = exact.firstOf(digest, number);
    if (same !== undefined) {
      judgement.alike.join(same, number);
      return drop('exact-duplicate', `the same as ${ids.at(same)}`);
    }
    const { duplicate, relatives } = index?.add(number, print) ?? { duplicate: undefined, relatives: [] };
    for (const relative of relatives) judgement.alike.join(relative, number);
    if (duplicate !== undefined)
      return drop('near-duplicate', `${Math.round(duplicate.similarity * 100)} % as ${ids.at(duplicate.of)}`);
    judgement.kept[number] = 1;
    return undefined;
  };
  return { one, judgement, close: () => index?.close() };
}
