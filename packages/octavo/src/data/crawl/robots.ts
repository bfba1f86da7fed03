/** robots.txt to the letter of RFC 9309, with the widespread additions Crawl-delay and Sitemap. */

interface Rule {
  readonly allow: boolean;
  /** Literal parts between `*`; the first begins at the start of the path. */
  readonly parts: readonly string[];
  /** `$`: the last part ends the path. */
  readonly anchored: boolean;
  /** Octets of the pattern: the longest that fits decides. */
  readonly octets: number;
}

export interface Robots {
  /** May this path (with its query) be fetched? */
  readonly allows: (path: string) => boolean;
  readonly crawlDelaySeconds: number | undefined;
  readonly sitemaps: readonly string[];
}

/** A parser must read at least this much; the rest is not read (§2.5). */
export const robotsBytes = 500 * 1024;
const mostSitemaps = 1000;

export const allowAll: Robots = { allows: () => true, crawlDelaySeconds: undefined, sitemaps: [] };
export const allowNothing: Robots = {
  allows: (path) => path === '/robots.txt',
  crawlDelaySeconds: undefined,
  sitemaps: [],
};

/**
 * Octets as they are compared (§2.2.2): those outside ASCII percent-encoded, encoded ones that need it not decoded. What
 * is reserved stays as it is written, so `%2F` is not `/`.
 */
function comparable(text: string): string {
  const encoded = text.replaceAll(/[^\x21-\x7e]+/g, (part) => encodeURIComponent(Buffer.from(part).toString()));
  return encoded.replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16));
    return /[A-Za-z0-9\-._~]/.test(character) ? character : `%${hex.toUpperCase()}`;
  });
}

/** Where they are no signs of a pattern, `*` and `$` are compared percent-encoded (§2.2.3). */
const literal = (text: string): string => text.replaceAll('*', '%2A').replaceAll('$', '%24');

function ruleOf(allow: boolean, path: string): Rule {
  const anchored = path.endsWith('$');
  const pattern = comparable(anchored ? path.slice(0, -1) : path);
  return {
    allow,
    anchored,
    parts: pattern.split(/\*+/).map(literal),
    octets: pattern.length + (anchored ? 1 : 0),
  };
}

/** Each part is looked for from where the last ended: no backtracking, whatever the pattern. */
function fits({ parts, anchored }: Rule, path: string): boolean {
  const [first = '', ...rest] = parts;
  if (!path.startsWith(first)) return false;
  const last = rest.pop();
  if (last === undefined) return !anchored || path.length === first.length;
  let at = first.length;
  for (const part of rest) {
    const found = path.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return anchored ? path.length - last.length >= at && path.endsWith(last) : path.includes(last, at);
}

interface Group {
  readonly agents: string[];
  readonly rules: Rule[];
  delay: number | undefined;
}

/** Reads the rules for one product token, such as `octavo`; groups that name it are joined, else those of `*` apply. */
export function parseRobots(text: string, product: string): Robots {
  const groups: Group[] = [];
  const sitemaps: string[] = [];
  let group: Group | undefined;
  let namesAgents = false;
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\r|\n/)) {
    const [record = ''] = line.split('#', 1);
    const colon = record.indexOf(':');
    if (colon === -1) continue;
    const name = record.slice(0, colon).trim().toLowerCase();
    const value = record.slice(colon + 1).trim();
    if (name === 'user-agent') {
      // Agents in a row share the rules that follow.
      if (!namesAgents || group === undefined) {
        group = { agents: [], rules: [], delay: undefined };
        groups.push(group);
      }
      namesAgents = true;
      group.agents.push((/^(\*|[A-Za-z_-]+)/.exec(value)?.[0] ?? '').toLowerCase());
    } else if (name === 'allow' || name === 'disallow') {
      namesAgents = false;
      // An empty pattern fits nothing.
      if (value !== '') group?.rules.push(ruleOf(name === 'allow', value));
    } else if (name === 'crawl-delay') {
      const seconds = Number(value);
      if (group !== undefined && value !== '' && seconds >= 0 && Number.isFinite(seconds)) group.delay = seconds;
    } else if (name === 'sitemap' && value !== '' && sitemaps.length < mostSitemaps) sitemaps.push(value);
  }
  const mine = groups.filter(({ agents }) => agents.includes(product.toLowerCase()));
  const chosen = mine.length > 0 ? mine : groups.filter(({ agents }) => agents.includes('*'));
  const rules = chosen.flatMap((one) => one.rules);
  const delays = chosen.flatMap(({ delay }) => (delay === undefined ? [] : [delay]));
  return {
    sitemaps,
    crawlDelaySeconds: delays.length === 0 ? undefined : Math.max(...delays),
    allows: (given) => {
      const path = literal(comparable(given));
      if (path === '/robots.txt') return true;
      let best: Rule | undefined;
      for (const rule of rules) {
        const beats =
          best === undefined || rule.octets > best.octets || (rule.octets === best.octets && rule.allow && !best.allow);
        if (beats && fits(rule, path)) best = rule;
      }
      return best?.allow ?? true;
    },
  };
}
