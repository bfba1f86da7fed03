/** Real text that pinned development packages carry. For tests only. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const read = (name: string): string => readFileSync(require.resolve(`typescript/lib/${name}`), 'utf8');

/** English prose in comments, and code. */
export const englishAndCode = (characters: number): string => {
  const text = read('lib.dom.d.ts');
  return text.slice(text.length / 2, text.length / 2 + characters);
};

/** Messages in ten languages, Chinese, Japanese, Korean and Russian among them. */
export const manyLanguages = (charactersEach: number): string =>
  ['zh-cn', 'zh-tw', 'ja', 'ko', 'ru', 'cs', 'pl', 'tr', 'de', 'fr']
    .map((language) =>
      Object.values(JSON.parse(read(`${language}/diagnosticMessages.generated.json`)) as Record<string, string>)
        .join('\n')
        .slice(0, charactersEach),
    )
    .join('\n');
