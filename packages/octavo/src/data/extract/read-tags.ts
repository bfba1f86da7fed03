/**
 * The tags and texts of XML that need not be sound, such as feeds and sitemaps. A tag that closes is looked for among those that
 * are open, so what lies too deep ends the reading: a page of nothing but tags would take hours.
 */
import { type Handler, Parser } from 'htmlparser2';

const deepest = 1000;
const pieceCharacters = 16_384;

export function readTags(
  text: string,
  { onopentag, ontext, onclosetag }: Required<Pick<Handler, 'onopentag' | 'ontext' | 'onclosetag'>>,
): void {
  let depth = 0;
  const parser = new Parser(
    {
      onopentag: (...tag) => {
        depth++;
        onopentag(...tag);
      },
      ontext,
      onclosetag: (...tag) => {
        depth--;
        onclosetag(...tag);
      },
    },
    { xmlMode: true, decodeEntities: true },
  );
  for (let at = 0; at < text.length && depth <= deepest; at += pieceCharacters)
    parser.write(text.slice(at, at + pieceCharacters));
  parser.end();
}
