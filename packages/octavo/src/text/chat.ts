import { fail } from '../core/index.js';
import { endOfText, endOfTurn, type Role, roles, roleToken } from './special-tokens.js';
import type { Tokenizer } from './tokenizer.js';

export interface ChatMessage {
  readonly role: Role;
  readonly content: string;
}

export interface RenderedChat {
  readonly ids: number[];
  /** True where the assistant speaks, its end token included: what training learns from. */
  readonly mask: boolean[];
}

const required = (tokenizer: Tokenizer, content: string): number => {
  const id = tokenizer.idOfSpecial(content);
  if (id !== undefined) return id;
  throw fail('TOKENIZER_UNSUPPORTED', {
    what: `the tokenizer has no special token ${content}, so it cannot write a chat`,
    remedy: 'use a tokenizer trained by `octavo tokenizer`, or ask for plain completions',
  });
};

/**
 * The one way in which a conversation becomes tokens, in training, tuning, evaluation and serving:
 * `<|user|>` question `<|end|>` `<|assistant|>` answer `<|end|>`, nothing between. What people write is encoded as text,
 * so a control token that they type stays text. Errors: CHAT_INVALID, TOKENIZER_UNSUPPORTED.
 */
export function renderChat(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  { addGenerationPrompt = false }: { readonly addGenerationPrompt?: boolean } = {},
): RenderedChat {
  if (messages.length === 0)
    throw fail('CHAT_INVALID', { what: 'a conversation needs a message', remedy: 'send at least one message' });
  const ids: number[] = [];
  const mask: boolean[] = [];
  const add = (id: number, learned: boolean) => {
    ids.push(id);
    mask.push(learned);
  };
  const end = required(tokenizer, endOfTurn);
  for (const [index, { role, content }] of messages.entries()) {
    if (!roles.includes(role))
      throw fail('CHAT_INVALID', {
        what: `there is no role ${JSON.stringify(role)}`,
        where: `messages[${index}].role`,
        remedy: `use ${roles.join(', ')}`,
      });
    add(required(tokenizer, roleToken(role)), false);
    const learned = role === 'assistant';
    for (const id of tokenizer.encode(content)) add(id, learned);
    add(end, learned);
  }
  if (addGenerationPrompt) add(required(tokenizer, roleToken('assistant')), false);
  return { ids, mask };
}

/** Tokens at which generation ends: the end of a turn, the end of a document, and a speaker who takes over. */
export const stopTokens = (tokenizer: Pick<Tokenizer, 'idOfSpecial'>): readonly number[] =>
  [endOfTurn, endOfText, ...roles.map(roleToken)]
    .map((content) => tokenizer.idOfSpecial(content))
    .filter((id) => id !== undefined);

/**
 * The same as a Hugging Face `chat_template`. One thing a template cannot do: it makes one text, in which the reader
 * takes control tokens that a person typed for real ones.
 */
export const chatTemplate = [
  '{% for message in messages %}',
  `{% if message['role'] not in [${roles.map((role) => `'${role}'`).join(', ')}] %}`,
  `{{ raise_exception('there is no role ' + message['role']) }}`,
  '{% endif %}',
  `{{ '<|' + message['role'] + '|>' + message['content'] + '${endOfTurn}' }}`,
  '{% endfor %}',
  `{% if add_generation_prompt %}{{ '${roleToken('assistant')}' }}{% endif %}`,
].join('');
