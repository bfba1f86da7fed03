import type { Vocabulary } from './vocabulary.js';
import { layOut, vocabularySizeOf } from './vocabulary.js';

/** Ends a document of the pretraining text, and an answer that ran into the next document. */
export const endOfText = '<|endoftext|>';
/** Ends what one speaker says. */
export const endOfTurn = '<|end|>';

export const roles = ['system', 'user', 'assistant'] as const;
export type Role = (typeof roles)[number];
/** Begins what this speaker says. */
export const roleToken = (role: Role): string => `<|${role}|>`;

/** What a tokenizer trained here always has, after its last merged token. */
export const standardSpecialTokens: readonly string[] = [
  endOfText,
  roleToken('user'),
  roleToken('assistant'),
  roleToken('system'),
  endOfTurn,
];

/** Adds special tokens with the ids that follow the vocabulary, so that every reader of `tokenizer.json` agrees on them. */
export const withSpecialTokens = (vocabulary: Vocabulary, contents: readonly string[]): Vocabulary => {
  const size = vocabularySizeOf(vocabulary);
  const added = contents.map((content, index) => ({ content, id: size + index }));
  const tail = layOut(
    new Map(added.map(({ content }, index) => [index, new TextEncoder().encode(content)])),
    added.length,
  );
  const bytes = new Uint8Array(vocabulary.bytes.length + tail.bytes.length);
  bytes.set(vocabulary.bytes);
  bytes.set(tail.bytes, vocabulary.bytes.length);
  const starts = new Uint32Array(size + added.length + 1);
  starts.set(vocabulary.starts);
  starts.set(
    tail.starts.map((start) => start + vocabulary.bytes.length),
    size,
  );
  return { ...vocabulary, bytes, starts, specialTokens: [...vocabulary.specialTokens, ...added] };
};
