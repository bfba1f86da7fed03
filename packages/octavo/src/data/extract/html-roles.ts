/**
 * What an element of a page is for, as its tag, its role and the words of its class and id say: the vocabulary that authors of
 * pages share across languages. Each name is cut into its words, so `ad` does not hit `header` nor `shadow`.
 */
import type { HtmlElement } from './html-tree.js';

const words = (list: string): ReadonlySet<string> => new Set(list.trim().split(/\s+/));

/** Never text of the page. */
const silent = words(
  'script style noscript template iframe svg head title textarea select option button input object embed canvas audio video map datalist progress meter math',
);
const aroundTags = words('aside dialog figure footer form menu nav');
const roles = words(
  'navigation banner contentinfo search complementary menu menubar toolbar dialog alert alertdialog tablist tooltip button form radiogroup',
);
/** Words that name what surrounds an article. */
const around = words(`
  ad ads adv advert adverts advertisement advertising adsense adbox adslot adunit dfp gpt sponsor sponsored sponsors promo promos promoted promotion
  comment comments commentlist commentform commentary disqus discussion respond livefyre replies
  related relateds recirc recirculation recommend recommended recommendation recommendations readmore morestories suggested outbrain taboola zergnet
  trending popular mostread mostpopular
  share shares sharing sharebar sharethis sharedaddy social socials addthis addtoany follow followus tweetbutton
  sidebar side rail nav navbar navigation menu breadcrumb breadcrumbs crumbs pager pagination paging
  footer masthead cookie cookies consent gdpr privacy
  newsletter newsletters subscribe subscription subscriber signup signin login register registration paywall regwall
  popup popover modal overlay lightbox tooltip dropdown flyout
  tags taglist tagcloud toolbar widget widgets
  bio byline author authors dateline timestamp
  copyright disclaimer login print printonly sronly visuallyhidden screenreader skip
  caption figcaption credit credits gallery carousel slideshow slider thumbnails thumbs
  rating ratings poll donate donation donations survey`);
/** Names of several words. */
const aroundPairs = words(`
  read-more read-next up-next more-from more-stories more-on also-like you-may most-read most-popular most-viewed
  sr-only screen-reader visually-hidden no-print post-meta entry-meta article-meta meta-data post-tags entry-tags article-tags
  related-posts jp-relatedposts call-out-box about-author author-box sign-up log-in back-top`);
/** Words that name an article, and its body: both together, or one that says both, name the main text. */
const articleWords = words('article story post entry news blog single');
const bodyWords = words('body content text copy main');
const articleBodyWords = words(
  'articlebody articletext articlecontent storybody storytext postcontent postbody entrycontent maincontent',
);

/** The words of a class or id: `articleBody--wide` is article, body, wide. */
export const nameWords = (name: string): readonly string[] =>
  name
    .slice(0, 512)
    .replaceAll(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word !== '');

export type Role =
  /** Not of the article whatever it holds. */
  | 'outside'
  /** Named as what surrounds an article: believed unless it holds most of the page's text. */
  | 'around'
  /** Not shown at first, maybe until a script runs. */
  | 'hidden'
  /** Named as the article, or its body. */
  | 'article'
  | 'unknown';

const isHidden = ({ attributes }: HtmlElement): boolean =>
  attributes.has('hidden') || /display\s*:\s*none|visibility\s*:\s*hidden/i.test(attributes.get('style') ?? '');

/** The role of an element by itself, not of what it lies in. */
export function roleOf(element: HtmlElement): Role {
  const { tag, attributes } = element;
  if (silent.has(tag)) return 'outside';
  if (isHidden(element)) return 'hidden';
  const role = attributes.get('role') ?? '';
  if (roles.has(role)) return 'around';
  if (/\barticleBody\b/.test(attributes.get('itemprop') ?? '')) return 'article';
  if (aroundTags.has(tag)) return 'around';
  if (tag === 'html' || tag === 'body') return 'unknown';
  const names = nameWords(`${attributes.get('class') ?? ''} ${attributes.get('id') ?? ''}`);
  if (names.some((word, at) => around.has(word) || aroundPairs.has(`${word}-${names[at + 1] ?? ''}`))) return 'around';
  if (tag === 'article' || tag === 'main' || role === 'main') return 'article';
  if (names.some((word) => articleBodyWords.has(word))) return 'article';
  return names.some((word) => articleWords.has(word)) && names.some((word) => bodyWords.has(word))
    ? 'article'
    : 'unknown';
}
