/** How collected documents are cut into pieces of work: by their number alone, whoever does the work. */
export interface ShardPlan {
  readonly documents: number;
  /** Documents of one shard; the last may have fewer. */
  readonly size: number;
  readonly shards: number;
}

/** What one piece of work holds at most, where a document is not larger. */
export const shardBytes = 8 * 1024 * 1024;
export const mostDocuments = 8192;

export function shardPlan({ documents, bytes }: { readonly documents: number; readonly bytes: number }): ShardPlan {
  const mean = Math.max(1, bytes / Math.max(1, documents));
  const size = Math.max(1, Math.min(mostDocuments, Math.floor(shardBytes / mean)));
  return { documents, size, shards: Math.ceil(documents / size) };
}

/** The documents of a shard. */
export const rowsOf = ({ documents, size }: ShardPlan, shard: number) => ({
  from: shard * size,
  count: Math.min(size, documents - shard * size),
});
