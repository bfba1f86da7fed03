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
/** The families by which a small model is judged: facts that it can learn by heart, asked in wordings it has not seen. */
export const headlineFamilies = ['capital', 'continent', 'currency'] as const satisfies readonly ChatFamily[];
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
