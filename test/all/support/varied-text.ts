import { mobyDick } from './moby-dick.js';

/** Rows of JSON of sentences of a novel in other orders, the same for the same size; one in ten nearly repeats another. Undefined where the registry does not answer. */
export async function variedRows(bytes: number): Promise<string | undefined> {
  const novel = await mobyDick();
  if (novel === undefined) return undefined;
  const sentences = Buffer.from(novel.train)
    .toString('utf8')
    .split(/(?<=[.!?])\s+/);
  let state = 7;
  const below = (count: number): number => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 374_761_393) >>> 0;
    return state % count;
  };
  const rows: string[] = [];
  const texts: string[] = [];
  for (let size = 0; size < bytes; ) {
    const earlier = texts[below(10) === 0 ? below(Math.max(1, texts.length)) : texts.length];
    const text =
      earlier === undefined
        ? Array.from({ length: 12 + below(40) }, () => sentences[below(sentences.length)] ?? '').join(' ')
        : earlier.replace(/ the /, ' THAT ');
    texts.push(text);
    const row = JSON.stringify({ id: `t${rows.length}`, text });
    rows.push(row);
    size += row.length;
  }
  return `${rows.join('\n')}\n`;
}
