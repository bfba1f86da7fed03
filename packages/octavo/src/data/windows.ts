/** Cuts a stream of text into windows of at most so many bytes, at the best seam: paragraph, line, sentence, word. */

const seams: readonly RegExp[] = [/\n\n+/g, /\n/g, /[.!?。！？]["'”’)\]]*(?:\s+|(?=[。！？])|$)/g, /\s+/g];

/** The end of the last seam within `text` that leaves at least half of it, else the end of the text. */
function seamEnd(text: string): number {
  for (const seam of seams) {
    let end = 0;
    for (const found of text.matchAll(seam)) end = found.index + found[0].length;
    if (end >= text.length / 2) return end;
  }
  const last = text.charCodeAt(text.length - 1);
  const splitsPair = last >= 0xd800 && last <= 0xdbff;
  return splitsPair ? text.length - 1 : text.length;
}

/** As many characters from the start as fit into `bytes` bytes of UTF-8. */
function fitting(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  let low = 1;
  let high = Math.min(text.length, bytes);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (Buffer.byteLength(text.slice(0, middle)) <= bytes) low = middle;
    else high = middle - 1;
  }
  return text.slice(0, low);
}

/** Windows of a text that comes in pieces; never more than two windows are in memory. */
export async function* windows(
  pieces: AsyncIterable<string> | Iterable<string>,
  windowBytes: number,
): AsyncGenerator<string, void, undefined> {
  let rest = '';
  const cut = function* (isEnd: boolean) {
    // A window is cut only when more than one is there, so that the last two can be evened out.
    while (Buffer.byteLength(rest) > (isEnd ? 1 : 2) * windowBytes) {
      const bytes = Buffer.byteLength(rest);
      const isLastPair = isEnd && bytes <= 2 * windowBytes;
      const end = seamEnd(
        fitting(rest, isLastPair ? Math.min(windowBytes, Math.ceil(bytes / 2) + (windowBytes >> 4)) : windowBytes),
      );
      yield rest.slice(0, end);
      rest = rest.slice(end);
    }
  };
  for await (const piece of pieces) {
    rest += piece;
    yield* cut(false);
  }
  yield* cut(true);
  if (rest !== '') yield rest;
}
