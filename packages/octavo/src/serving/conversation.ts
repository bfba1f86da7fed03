import { type ChatMessage, renderChat, type Tokenizer } from '../text/index.js';

/**
 * The newest part of a conversation that leaves room for an answer: the oldest turns go first, a system message stays.
 * undefined when even the last message does not fit.
 */
export function fitConversation(
  tokenizer: Tokenizer,
  messages: readonly ChatMessage[],
  room: { readonly contextLength: number; readonly answerTokens: number },
): { readonly messages: readonly ChatMessage[]; readonly prompt: readonly number[] } | undefined {
  const most = room.contextLength - room.answerTokens;
  const system = messages.filter(({ role }) => role === 'system');
  const spoken = messages.filter(({ role }) => role !== 'system');
  for (let from = 0; from < spoken.length; from++) {
    // What is left begins with a question, as in training.
    if (spoken[from]?.role !== 'user') continue;
    const kept = [...system, ...spoken.slice(from)];
    const { ids } = renderChat(tokenizer, kept, { addGenerationPrompt: true });
    if (ids.length <= most) return { messages: kept, prompt: ids };
  }
  return undefined;
}
