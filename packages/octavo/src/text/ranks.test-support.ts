/** Rank files that npm packages carry, as `.tiktoken` text. For tests only. */
import { createRequire } from 'node:module';
import { readTiktoken, tiktokenEncoding } from './tiktoken.js';
import { createTokenizer, type Tokenizer } from './tokenizer.js';

const require = createRequire(import.meta.url);

export const rankFile = (name: string): string => {
  const { bpe_ranks: packed } = require(`tiktoken/encoders/${name}.json`) as { readonly bpe_ranks: string };
  // Lines of "! offset token token …".
  return packed
    .split('\n')
    .flatMap((line) => {
      const [, offset, ...tokens] = line.split(' ');
      return tokens.map((token, index) => `${token} ${Number(offset) + index}\n`);
    })
    .join('');
};

export const published = (name: string): Tokenizer => {
  const encoding = tiktokenEncoding(name);
  if (encoding === undefined) throw new Error(`no encoding ${name}`);
  return createTokenizer(readTiktoken(rankFile(name), { ...encoding, where: name }));
};
