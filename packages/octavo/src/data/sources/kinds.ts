import { hdfs, s3 } from './blobs.js';
import { crawledSite } from './crawl.js';
import { feed } from './feed.js';
import { files } from './files.js';
import { type Binder, bind } from './kind.js';
import { mastodon } from './mastodon.js';
import { npm } from './npm.js';
import { hackerNews, reddit } from './social.js';
import { sql } from './sql.js';
import { warc } from './warc.js';
import { wikipedia } from './wikipedia.js';

/** Every kind of source; the first whose `parse` knows `from` has it. */
export const kinds: readonly Binder[] = [
  bind(npm),
  bind(crawledSite),
  bind(warc),
  bind(wikipedia),
  bind(feed),
  bind(reddit),
  bind(hackerNews),
  bind(mastodon),
  bind(sql),
  bind(hdfs),
  bind(s3),
  bind(files),
];
