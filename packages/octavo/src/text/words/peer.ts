import { createRequire } from 'node:module';
import { fail } from '../../core/index.js';

const versions = {
  'wink-nlp': '2.4.0',
  'wink-eng-lite-web-model': '1.8.1',
  '@node-rs/jieba': '2.0.3',
  'snowball-stemmers': '0.6.0',
  'stopwords-iso': '1.1.0',
} as const;
type Peer = keyof typeof versions;

const require = createRequire(import.meta.url);

/** Optional packages (all CommonJS), loaded when something needs them; `path` names a file of the last. Errors: PACKAGE_ABSENT. */
export function loadPeers(names: readonly Peer[], path = ''): readonly unknown[] {
  try {
    return names.map((name, at) => require(at === names.length - 1 ? `${name}${path}` : name));
  } catch (cause) {
    throw fail('PACKAGE_ABSENT', {
      what: `this needs ${names.join(' and ')}, not installed here`,
      where: 'data.columns',
      remedy: `npm install ${names.map((name) => `${name}@${versions[name]}`).join(' ')}`,
      cause,
    });
  }
}
