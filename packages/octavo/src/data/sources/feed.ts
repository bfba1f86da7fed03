/** `feed:https://…` or `feed:FILE`: the articles of a news feed. */
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fail } from '../../core/index.js';
import { hashFile } from '../../project/index.js';
import { fetchOnce, webOptions } from '../crawl/fetch-once.js';
import { limits } from '../limits.js';
import type { SourceKind } from './kind.js';
import { articleDocuments } from './page-documents.js';
import { readFeed } from './read-feed.js';

interface FeedPlace {
  readonly kind: 'feed';
  readonly at: string;
}

const isWeb = (at: string): boolean => /^https?:/i.test(at);

export const feed: SourceKind<FeedPlace> = {
  parse: (from) => (/^feed:./.test(from) ? { kind: 'feed', at: from.slice('feed:'.length) } : undefined),
  describe: ({ at }) => ({
    name: `feed-${at.replace(/^https?:\/\//i, '').replaceAll(/[^\w.-]+/g, '-')}`.slice(0, 100).replace(/-$/, ''),
  }),
  inputs: async (source, { at }, projectFolder) =>
    isWeb(at) ? [] : [[source.name, await hashFile(resolve(projectFolder, at))]],
  open: async (source, { at }, { projectFolder, cacheFolder, clock, signal }) => {
    let text: string;
    let fetchedAt: string | undefined;
    if (isWeb(at)) {
      const kept = await fetchOnce(at, webOptions.parse(source.feed ?? {}), {
        folder: join(cacheFolder, 'feeds'),
        now: clock.now,
        signal,
      });
      text = kept.text;
      fetchedAt = kept.at;
    } else {
      const path = resolve(projectFolder, at);
      const bytes = (await stat(path).catch(() => undefined))?.size;
      if (bytes === undefined || bytes > limits.pageBytes)
        throw fail('DATA_SOURCE', {
          what: bytes === undefined ? `${at} does not exist` : `${at} is larger than ${limits.pageBytes} bytes`,
          where: `data.sources: ${source.name}`,
          remedy: 'correct the path; relative ones begin where octavo.yaml lies',
        });
      text = await readFile(path, 'utf8');
    }
    const { items, rights } = readFeed(text, isWeb(at) ? at : undefined);
    const counts: Record<string, number> = {};
    return {
      from: `feed:${at}`,
      bytes: text.length,
      counts: () => counts,
      documents: async function* (read) {
        read(text.length);
        const seen = new Set<string>();
        const under = {
          ...source,
          licence: source.licence === 'unknown' && rights !== '' ? rights.slice(0, 200) : source.licence,
        };
        for (const item of items) {
          const id = `${source.name}/${(item.id === '' ? (item.url ?? '') : item.id).slice(0, 500).replaceAll('#', '%23')}`;
          if (seen.has(id)) counts['repeat'] = (counts['repeat'] ?? 0) + 1;
          else if (item.text.trim() === '') counts['link-only'] = (counts['link-only'] ?? 0) + 1;
          else yield* articleDocuments(under, { ...item, id, at: item.time ?? fetchedAt });
          seen.add(id);
        }
      },
    };
  },
};
