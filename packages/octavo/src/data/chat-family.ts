/** Families of short questions with one exact answer, for fine-tuning and for exact match afterwards. */
export const chatFamilies = [
  'capital',
  'continent',
  'currency',
  'language',
  'demonym',
  'addition',
  'copy',
  'reverse',
] as const;
export type ChatFamily = (typeof chatFamilies)[number];

export interface ChatMessage {
  readonly role: 'user' | 'assistant';
  readonly content: string;
}

/** A line of `collect/chat.jsonl`. */
export interface Conversation {
  readonly id: string;
  readonly family: ChatFamily;
  readonly split: 'train' | 'validation' | 'test';
  readonly messages: readonly ChatMessage[];
  /** The answer that exact match looks for. */
  readonly reference: string;
}
