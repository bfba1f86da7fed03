/** What an answer means: a page, where it leads, what is kept. */
import { canonicalUrl } from './canonical-url.js';
import type { Host, Run, Target } from './crawl.js';
import type { Done } from './crawl-log.js';
import { decodeBody, decodeCharacters } from './decode-body.js';
import { type Fetched, headerOf } from './fetch-page.js';
import { readLinks } from './page-links.js';
import { readSitemap } from './sitemap.js';
import { httpBlock, warcMember } from './warc-record.js';

type Answer = Extract<Fetched, { readonly kind: 'answer' }>;
export type Finished = Omit<Done, 'kind' | 'url' | 'at' | 'spentMs'>;

/** A sitemap may have 50 MB by its standard, packed or not. */
export const sitemapBytes = 52_428_800;

export async function readAnswer({
  run,
  host,
  target,
  before,
  answer,
}: {
  readonly run: Run;
  readonly host: Host;
  readonly target: Target;
  readonly before: Done | undefined;
  readonly answer: Answer;
}): Promise<Finished> {
  const { waiting, options, log, at } = run;
  const { status, headers, body } = answer;
  const header = (name: string) => headerOf(headers, name);
  const common = { status, bytes: body.length, added: [] as Target[] };
  const deeper = { depth: target.depth + 1, kind: 'page' } as const;
  if (status === 304 && before !== undefined) {
    // The page is as it was: its record of the crawl before stands for it, and so do its links.
    const { file, offset, length, etag, modified, canonical, digest, links = [], outcome } = before;
    const kept = { file, offset, length, etag, modified, canonical, digest, links, outcome };
    return { ...common, ...kept, detail: 'not modified', added: waiting.fresh(links, deeper) };
  }
  if (status >= 300 && status < 400) {
    const to = canonicalUrl(header('location') ?? '', target.url);
    const added = to === undefined ? [] : waiting.redirect(target, to);
    return { ...common, outcome: 'redirect', added, ...(to === undefined ? {} : { detail: to }) };
  }
  if (status !== 200) return { ...common, outcome: 'status' };
  if (answer.declined) return { ...common, outcome: 'not-text', detail: (header('content-type') ?? '').slice(0, 100) };
  const contentType = header('content-type') ?? '';
  const isPacked = target.kind === 'sitemap' && body[0] === 0x1f && body[1] === 0x8b;
  const encodings = header('content-encoding') ?? '';
  const most = target.kind === 'sitemap' ? sitemapBytes : options.pageBytes;
  let decoded = await decodeBody(body, encodings, most);
  if (
    decoded.kind === 'bytes' &&
    (isPacked || (decoded.bytes[0] === 0x1f && decoded.bytes[1] === 0x8b && target.kind === 'sitemap'))
  )
    decoded =
      encodings.includes('gzip') && decoded.bytes[0] !== 0x1f ? decoded : await decodeBody(decoded.bytes, 'gzip', most);
  if (decoded.kind !== 'bytes') return { ...common, outcome: decoded.kind };
  let text = decodeCharacters(decoded.bytes, contentType);
  if (target.kind === 'sitemap') {
    const { pages, sitemaps } = readSitemap(text, target.url);
    const nested = target.depth >= 3 ? [] : waiting.fresh(sitemaps, { depth: target.depth + 1, kind: 'sitemap' });
    return { ...common, outcome: 'sitemap', added: [...nested, ...waiting.fresh(pages, { depth: 0, kind: 'page' })] };
  }
  const block = httpBlock({ status, reason: answer.reason === '' ? 'OK' : answer.reason, headers }, body);
  const members = [
    warcMember({
      type: 'response',
      date: at(),
      url: target.url,
      contentType: 'application/http;msgtype=response',
      block,
      payload: body,
    }),
  ];
  const isHtml = !/^\s*text\/plain\b/i.test(contentType);
  if (isHtml && run.render !== undefined) {
    const rendered = await run.render.page(target.url, run.agent, run.signal);
    if (rendered !== undefined && rendered.length <= options.pageBytes) {
      text = rendered;
      const content = Buffer.from(rendered);
      members.push(
        warcMember({
          type: 'conversion',
          date: at(),
          url: target.url,
          contentType: 'text/html; charset=utf-8',
          block: content,
        }),
      );
    }
  }
  const tags = headers.filter(([name]) => name === 'x-robots-tag').map(([, value]) => value);
  const page = isHtml
    ? readLinks(text, target.url, tags.join())
    : { links: [], canonical: undefined, index: true, follow: true, digest: undefined };
  // A page that shows what another of its host showed is a trap or a copy: it is not followed.
  const isRepeat = waiting.isRepeat(host, page.digest);
  const links = page.follow && !isRepeat ? page.links : [];
  const added = waiting.fresh(page.canonical === undefined || isRepeat ? links : [page.canonical, ...links], deeper);
  const etag = header('etag');
  const modified = header('last-modified');
  const canRecrawl = etag !== undefined || modified !== undefined;
  return {
    ...common,
    outcome: isRepeat ? 'repeat' : page.index ? 'page' : 'noindex',
    ...log.keep(members),
    added,
    ...(canRecrawl ? { links: [...links] } : {}),
    ...(etag === undefined ? {} : { etag }),
    ...(modified === undefined ? {} : { modified }),
    ...(page.canonical === undefined || page.canonical === target.url ? {} : { canonical: page.canonical }),
    ...(page.digest === undefined ? {} : { digest: page.digest }),
  };
}
