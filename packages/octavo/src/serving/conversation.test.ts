import { expect, it } from 'vitest';
import { tinyTokenizer } from '../generation/tiny-generator.test-support.js';
import type { ChatMessage } from '../text/index.js';
import { fitConversation } from './conversation.js';

const turns = (count: number): readonly ChatMessage[] =>
  Array.from({ length: count }, (_, at) => [
    { role: 'user' as const, content: `What is the capital of ${at}?` },
    { role: 'assistant' as const, content: 'Paris' },
  ]).flat();
const system: ChatMessage = { role: 'system', content: 'The whale' };
const question: ChatMessage = { role: 'user', content: 'What is the ship?' };

it('drops the oldest turns first, keeps the system message, and begins with a question', async () => {
  const tokenizer = await tinyTokenizer();
  const messages = [system, ...turns(50), question];
  let kept = 0;
  for (const contextLength of [48, 128, 256, 4096]) {
    const fitted = fitConversation(tokenizer, messages, { contextLength, answerTokens: 16 });
    expect(fitted?.prompt.length).toBeLessThanOrEqual(contextLength - 16);
    expect(fitted?.messages[0]).toEqual(system);
    expect(fitted?.messages[1]?.role).toBe('user');
    expect(fitted?.messages.at(-1)).toEqual(question);
    expect(fitted?.messages.length).toBeGreaterThan(kept);
    kept = fitted?.messages.length ?? 0;
  }
  expect(kept).toBe(messages.length);
});

it('says when not even the question fits', async () => {
  expect(fitConversation(await tinyTokenizer(), [question], { contextLength: 12, answerTokens: 8 })).toBeUndefined();
});
