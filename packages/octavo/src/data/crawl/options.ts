import { z } from 'zod';

const most = (from: number, to: number) => z.number().int().min(from).max(to);

/** The `crawl` object of a source. */
export const crawlOptions = z.strictObject({
  contact: z
    .string()
    .max(200)
    .regex(/^[\x21-\x7e]*$/)
    .default('')
    .describe('Your e-mail or page, told to each site in the User-Agent; required for sites that are not your own.'),
  scope: z
    .enum(['host', 'domain', 'prefix'])
    .default('host')
    .describe('Links followed: on the same host, on it and its subdomains, or below the folder of the first address.'),
  include: z
    .array(z.string())
    .max(100)
    .default([])
    .describe('Patterns over path and query, such as docs/**; where given, only links that fit one are followed.'),
  exclude: z.array(z.string()).max(100).default([]).describe('Patterns over path and query that are not followed.'),
  pages: most(1, 10_000_000).default(1000).describe('Addresses fetched at most.'),
  pagesPerHost: most(1, 10_000_000).default(1_000_000).describe('Addresses fetched at most of one host.'),
  depth: most(0, 1000).default(10).describe('Links away from the first address; sitemaps count as none.'),
  megabytes: most(1, 10_000_000).default(1024).describe('Bytes received at most, in MiB.'),
  minutes: most(1, 100_000)
    .default(120)
    .describe('Time that one crawl may take, all its starts together; what it has by then is used.'),
  delaySeconds: z
    .number()
    .min(0)
    .max(3600)
    .default(1)
    .describe('Pause between two requests to one host; robots.txt may ask for a longer one.'),
  hosts: most(1, 256).default(8).describe('Hosts talked to at once, by one connection each.'),
  pageBytes: most(1024, 256 * 1024 ** 2)
    .default(4 * 1024 ** 2)
    .describe('A larger page, packed or unpacked, is left out.'),
  pageSeconds: most(1, 3600).default(30).describe('A page that takes longer is left out.'),
  sitemaps: z.boolean().default(true).describe('Read the sitemaps that robots.txt names.'),
  recrawl: z
    .enum(['never', 'changed'])
    .default('never')
    .describe('changed: ask again for each page, by ETag and Last-Modified, whenever the step runs anew.'),
  render: z.boolean().default(false).describe('Let a Chromium of yours run the scripts of each page first.'),
  browser: z.string().default('').describe('Path of the Chromium that renders; empty: the one of playwright-core.'),
  allowPrivate: z
    .boolean()
    .default(false)
    .describe('Allow addresses of this machine and its network, and any port: for a site of your own.'),
});

export type CrawlOptions = z.infer<typeof crawlOptions>;
