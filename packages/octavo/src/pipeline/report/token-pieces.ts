import { visibleText } from '../../core/index.js';
import type { Tokenizer } from '../../text/index.js';

/** A text cut into its tokens; bytes that are no whole characters are written as ⟨E4 B8⟩. */
export const tokenPieces = (tokenizer: Tokenizer, text: string): readonly string[] => {
  const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  return [...tokenizer.encode(text)].map((id) => {
    const bytes = tokenizer.tokenBytes(id);
    try {
      return visibleText(strict.decode(bytes));
    } catch {
      return `⟨${[...bytes].map((byte) => byte.toString(16).toUpperCase().padStart(2, '0')).join(' ')}⟩`;
    }
  });
};
