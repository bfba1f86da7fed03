import { visibleText } from '../../core/index.js';
import type { Tokenizer } from '../../text/index.js';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** A token as text; bytes that are no whole characters are written as ⟨E4 B8⟩. */
export const pieceOf = (tokenizer: Pick<Tokenizer, 'tokenBytes'>, id: number): string => {
  const bytes = tokenizer.tokenBytes(id);
  try {
    return visibleText(strict.decode(bytes));
  } catch {
    return `⟨${[...bytes].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ')}⟩`;
  }
};

/** A text cut into its tokens. */
export const tokenPieces = (tokenizer: Tokenizer, text: string): readonly string[] =>
  [...tokenizer.encode(text)].map((id) => pieceOf(tokenizer, id));
