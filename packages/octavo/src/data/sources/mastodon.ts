/**
 * `mastodon:https://server` (public posts of the server itself), `mastodon:https://server/tags/name`: newest first, page
 * by page along the cursor of the Link header; each page is kept, so an interrupted reading goes on at the next one.
 * Source: docs.joinmastodon.org/methods/timelines.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { fail } from '../../core/index.js';
import { parseUrl } from '../crawl/canonical-url.js';
import { fetchOnce, politely, webOptions } from '../crawl/fetch-once.js';
import type { Collected } from '../document.js';
import type { SourceKind } from './kind.js';
import { postText } from './post-text.js';

export const mastodonOptions = webOptions.extend({
  posts: z.number().int().min(1).max(10_000_000).default(1000).describe('Posts asked for at most.'),
  delaySeconds: z.number().min(0).max(3600).default(1).describe('Pause between two requests.'),
});

interface MastodonPlace {
  readonly kind: 'mastodon';
  readonly url: string;
  readonly tag: string | undefined;
}

const Post = z.object({
  id: z.string(),
  url: z.string().nullish(),
  created_at: z.string(),
  content: z.string(),
  visibility: z.string(),
  spoiler_text: z.string().nullish(),
  reblog: z.unknown(),
  account: z.object({ noindex: z.boolean().nullish(), bot: z.boolean().nullish() }),
});

const pageSize = 40;

/** The address behind `rel="next"`, if it is of the same server. */
export function nextPage(link: string, server: string): string | undefined {
  const href = /<([^<>]*)>\s*;[^,<]*\brel="?next"?/i.exec(link.slice(0, 8192))?.[1];
  const url = href === undefined ? undefined : parseUrl(href, server);
  return url !== undefined && url.origin === new URL(server).origin ? url.href : undefined;
}

export const mastodon: SourceKind<MastodonPlace> = {
  parse: (from) => {
    if (!from.startsWith('mastodon:')) return undefined;
    const url = parseUrl(from.slice('mastodon:'.length));
    const tag = /^\/tags\/([^/]+)\/?$/.exec(url?.pathname ?? '')?.[1];
    if (url === undefined || !/^https?:$/.test(url.protocol) || (tag === undefined && url.pathname !== '/'))
      throw fail('DATA_SOURCE', {
        what: `${from} names no server`,
        where: 'octavo.yaml: data.sources',
        remedy: 'write it like mastodon:https://mastodon.example or mastodon:https://mastodon.example/tags/science',
      });
    return { kind: 'mastodon', url: url.origin, tag };
  },
  describe: ({ url, tag }) => ({
    name: `mastodon-${new URL(url).host.replaceAll(':', '-')}${tag === undefined ? '' : `-${tag.replaceAll(/[^\w.-]/g, '')}`}`,
  }),
  open: async (source, { url, tag }, { cacheFolder, clock, emit, signal }) => {
    const options = mastodonOptions.parse(source.mastodon ?? {});
    const first = `${url}/api/v1/timelines/${tag === undefined ? 'public' : `tag/${tag}`}?limit=${pageSize}${tag === undefined ? '&local=true' : ''}`;
    const folder = join(cacheFolder, 'mastodon', createHash('sha256').update(first).digest('hex').slice(0, 16));
    const effects = { folder, now: clock.now, signal };
    const counts: Record<string, number> = {};
    const count = (reason: string) => {
      counts[reason] = (counts[reason] ?? 0) + 1;
    };
    const pages: string[] = [];
    let posts = 0;
    for (let next: string | undefined = first; next !== undefined && posts < options.posts && !pages.includes(next); ) {
      signal.throwIfAborted();
      const { text, link, wasKept } = await fetchOnce(next, options, effects);
      const rows: unknown = JSON.parse(text);
      if (!Array.isArray(rows) || rows.length === 0) break;
      pages.push(next);
      posts += rows.length;
      emit({
        kind: 'progress',
        step: 'collect',
        done: Math.min(posts, options.posts),
        total: options.posts,
        unit: 'posts',
        note: url,
      });
      next = nextPage(link, url);
      if (!wasKept && next !== undefined) await politely(options.delaySeconds * 1000, signal);
    }
    return {
      from: `mastodon:${url}${tag === undefined ? '' : `/tags/${tag}`}`,
      bytes: 0,
      counts: () => counts,
      documents: async function* (): AsyncGenerator<Collected, void, undefined> {
        const seen = new Set<string>();
        let left = options.posts;
        for (const page of pages) {
          const rows: unknown = JSON.parse((await fetchOnce(page, options, effects)).text);
          for (const row of Array.isArray(rows) ? rows.slice(0, left) : []) {
            left--;
            const parsed = Post.safeParse(row);
            if (!parsed.success) {
              count('damaged');
              continue;
            }
            const post = parsed.data;
            const text = postText(post.content);
            if (seen.has(post.id)) count('repeat');
            else if (post.visibility !== 'public') count('not-public');
            // The author asked not to be found by search engines: training is no lesser use.
            else if (post.account.noindex === true) count('noindex');
            else if (post.reblog !== null && post.reblog !== undefined) count('boost');
            else if (text === '') count('no-text');
            else {
              const { name, licence } = source;
              const document = {
                id: `${name}/${post.id}`,
                source: name,
                licence,
                text,
                url: post.url ?? undefined,
                time: post.created_at,
              };
              yield { kind: 'document', document };
            }
            seen.add(post.id);
          }
        }
      },
    };
  },
};
