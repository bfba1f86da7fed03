/** A web site: `https://…`, crawled once and kept as WARC, read from there. */
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../core/index.js';
import { acquireLock, canonicalJson } from '../../project/index.js';
import { parseUrl } from '../crawl/canonical-url.js';
import { crawl, userAgentOf } from '../crawl/crawl.js';
import { type Done, readLog } from '../crawl/crawl-log.js';
import { decodeBody, decodeCharacters } from '../crawl/decode-body.js';
import { crawlOptions } from '../crawl/options.js';
import { openRender } from '../crawl/render.js';
import { parseHttp, readWarc } from '../crawl/warc-reader.js';
import { decompress } from '../extract/decompress.js';
import { limits } from '../limits.js';
import type { SourceKind } from './kind.js';
import { articleDocuments } from './page-documents.js';

interface CrawlPlace {
  readonly kind: 'crawl';
  readonly url: string;
}

/** What of the log the documents are made of. */
interface Page {
  readonly url: string;
  readonly canonical: string | undefined;
  readonly file: string;
  readonly offset: number;
  readonly length: number;
  readonly at: string;
}

async function readPages(folder: string, generation: string) {
  const pages: Page[] = [];
  const counts: Record<string, number> = {};
  let last: Done | undefined;
  for await (const { entry } of readLog(join(folder, generation, 'log.jsonl'))) {
    if (entry.kind !== 'done') continue;
    last = entry;
    counts[entry.outcome] = (counts[entry.outcome] ?? 0) + 1;
    const { url, canonical, file, offset = 0, length = 0, at } = entry;
    if (entry.outcome === 'page' && file !== undefined) pages.push({ url, canonical, file, offset, length, at });
  }
  // Hosts answer in any order; documents come in one.
  pages.sort((a, b) => (a.url < b.url ? -1 : 1));
  return { pages, counts, last };
}

/** The page of a record as HTML or plain text. */
async function pageText(
  folder: string,
  page: Page,
): Promise<{ readonly text: string; readonly isHtml: boolean } | undefined> {
  const path = join(folder, page.file);
  const file = await open(path);
  const member = Buffer.alloc(page.length);
  try {
    await file.read(member, 0, page.length, page.offset);
  } finally {
    await file.close();
  }
  const one = async function* () {
    yield member;
  };
  for await (const { headers, block } of readWarc(decompress(one(), path), {
    where: path,
    mostBytes: limits.pageBytes,
  })) {
    if (block === undefined) return undefined;
    if (headers.get('warc-type') === 'conversion') return { text: Buffer.from(block).toString('utf8'), isHtml: true };
    const http = parseHttp(block);
    if (http === undefined) return undefined;
    const body = await decodeBody(http.body, http.headers.get('content-encoding') ?? '', limits.pageBytes);
    const contentType = http.headers.get('content-type') ?? '';
    if (body.kind !== 'bytes') return undefined;
    return { text: decodeCharacters(body.bytes, contentType), isHtml: !/^\s*text\/plain\b/i.test(contentType) };
  }
  return undefined;
}

export const crawledSite: SourceKind<CrawlPlace> = {
  parse: (from) => {
    if (!/^https?:/i.test(from)) return undefined;
    const url = parseUrl(from);
    if (url !== undefined) return { kind: 'crawl', url: url.href };
    throw fail('DATA_SOURCE', {
      what: `${from} is no web address`,
      where: 'octavo.yaml: data.sources',
      remedy: 'write it like https://example.com/docs/',
    });
  },
  describe: ({ url }) => ({ name: new URL(url).hostname.replace(/^\[|\]$/g, '').replaceAll(':', '-') }),
  open: async (source, { url }, { cacheFolder, clock, emit, signal }) => {
    const options = crawlOptions.parse(source.crawl ?? {});
    const key = createHash('sha256').update(canonicalJson({ url, options })).digest('hex').slice(0, 16);
    const folder = join(cacheFolder, 'crawl', `${new URL(url).hostname.replaceAll(/[^\w.-]/g, '-')}-${key}`);
    const lock = acquireLock(join(folder, 'lock'), folder);
    try {
      const render = options.render
        ? await openRender(options, {
            executable: options.browser === '' ? undefined : options.browser,
            userAgent: userAgentOf(options.contact),
          })
        : undefined;
      const { generation } = await crawl([url], options, {
        folder,
        signal,
        now: clock.now,
        ...(render === undefined ? {} : { render }),
        tell: ({ pages, total, note }) =>
          emit({ kind: 'progress', step: 'collect', done: pages, total, unit: 'pages', note }),
      });
      const { pages, counts, last } = await readPages(folder, generation);
      if (pages.length === 0)
        throw fail('DATA_SOURCE', {
          what: `no page of ${url} could be used: ${Object.entries(counts)
            .map(([outcome, count]) => `${count} ${outcome}`)
            .join(', ')}${last?.detail === undefined ? '' : ` (${last.detail})`}`,
          where: `data.sources: ${source.name}`,
          remedy: `look at the address and at its robots.txt; what was fetched lies in ${folder}: delete it to crawl anew`,
        });
      return {
        from: url,
        bytes: pages.reduce((sum, page) => sum + page.length, 0),
        counts: () => counts,
        documents: async function* (read) {
          const found = new Set(pages.map((page) => page.url));
          const used = new Set<string>();
          for (const page of pages) {
            read(page.length);
            const address = page.canonical ?? page.url;
            // The page says that it is a copy of another, which is here too.
            if (used.has(address) || (page.canonical !== undefined && found.has(page.canonical))) {
              counts['copy'] = (counts['copy'] ?? 0) + 1;
              continue;
            }
            used.add(address);
            const content = await pageText(folder, page);
            if (content === undefined) counts['unreadable'] = (counts['unreadable'] ?? 0) + 1;
            else
              yield* articleDocuments(source, {
                id: `${source.name}/${address.replace(/^https?:\/\//, '').replaceAll('#', '%23')}`,
                url: address,
                at: page.at,
                ...content,
              });
          }
        },
      };
    } finally {
      lock.release();
    }
  },
};
