import { chatTemplate } from './chat.js';
import { endOfText, endOfTurn, standardSpecialTokens } from './special-tokens.js';
import type { Tokenizer } from './tokenizer.js';

/**
 * The `tokenizer_config.json` that goes with `tokenizer.json` in a Hugging Face folder. Tokenizers that can write a chat
 * carry the template and end at the end of a turn.
 */
export const huggingFaceTokenizerConfig = (
  tokenizer: Tokenizer,
  { contextLength }: { readonly contextLength: number },
): Readonly<Record<string, unknown>> => {
  const chats = standardSpecialTokens.every((content) => tokenizer.idOfSpecial(content) !== undefined);
  const end = tokenizer.idOfSpecial(endOfText) === undefined ? undefined : endOfText;
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    model_max_length: contextLength,
    clean_up_tokenization_spaces: false,
    ...(end === undefined ? {} : { bos_token: end, eos_token: chats ? endOfTurn : end, pad_token: end }),
    added_tokens_decoder: Object.fromEntries(
      tokenizer.specialTokens.map(({ id, content }) => [
        String(id),
        { content, lstrip: false, normalized: false, rstrip: false, single_word: false, special: true },
      ]),
    ),
    ...(chats ? { chat_template: chatTemplate } : {}),
  };
};
