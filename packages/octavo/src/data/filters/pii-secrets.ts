import type { Found } from './pii.js';

/** Keys that name their issuer by how they begin: what comes before, and the letters that follow. */
const keys: readonly (readonly [string, RegExp])[] = [
  ['AKIA', /[A-Z0-9]{16}/y],
  ['ASIA', /[A-Z0-9]{16}/y],
  ['ghp_', /[A-Za-z0-9]{36}/y],
  ['gho_', /[A-Za-z0-9]{36}/y],
  ['ghu_', /[A-Za-z0-9]{36}/y],
  ['ghs_', /[A-Za-z0-9]{36}/y],
  ['ghr_', /[A-Za-z0-9]{36,76}/y],
  ['github_pat_', /\w{82}/y],
  ['glpat-', /[\w-]{20}/y],
  ['npm_', /[A-Za-z0-9]{36}/y],
  ['pypi-', /[\w-]{50,300}/y],
  ['hf_', /[A-Za-z0-9]{34}/y],
  ['sk-', /(?:[a-z]{2,8}-){0,2}[A-Za-z0-9_-]{32,200}/y],
  ['sk_live_', /[A-Za-z0-9]{24,99}/y],
  ['rk_live_', /[A-Za-z0-9]{24,99}/y],
  ['xoxb-', /[A-Za-z0-9-]{20,80}/y],
  ['xoxp-', /[A-Za-z0-9-]{20,80}/y],
  ['xoxa-', /[A-Za-z0-9-]{20,80}/y],
  ['AIza', /[\w-]{35}/y],
  ['SG.', /[\w-]{22}\.[\w-]{43}/y],
  ['eyJ', /[\w-]{10,2000}\.eyJ[\w-]{10,2000}\.[\w-]{20,2000}/y],
];

const wordBefore = /[A-Za-z0-9_]/;
/** The longest private key block that is looked for: RSA of 16,384 bits. */
const mostKeyCharacters = 16_384;

function privateKeys(text: string): readonly Found[] {
  const found: Found[] = [];
  for (let at = text.indexOf('-----BEGIN '); at !== -1; at = text.indexOf('-----BEGIN ', at + 1)) {
    const name = /^-----BEGIN ([A-Z ]{0,30}PRIVATE KEY(?: BLOCK)?)-----/.exec(text.slice(at, at + 80))?.[1];
    if (name === undefined) continue;
    const end = `-----END ${name}-----`;
    const place = text.slice(at, at + mostKeyCharacters).indexOf(end);
    if (place === -1) continue;
    found.push({ kind: 'secret', from: at, to: at + place + end.length });
    at += place;
  }
  return found;
}

/** API keys and private keys. A key of one letter or digit throughout is a placeholder, not a key. */
export function findSecrets(text: string): readonly Found[] {
  const found: Found[] = [];
  for (const [start, rest] of keys) {
    for (let at = text.indexOf(start); at !== -1; at = text.indexOf(start, at + start.length)) {
      if (at > 0 && wordBefore.test(text[at - 1] ?? '')) continue;
      rest.lastIndex = at + start.length;
      const tail = rest.exec(text)?.[0];
      if (tail === undefined || new Set(tail).size < 6) continue;
      const to = at + start.length + tail.length;
      if (!wordBefore.test(text[to] ?? '')) found.push({ kind: 'secret', from: at, to });
    }
  }
  return [...found, ...privateKeys(text)];
}
