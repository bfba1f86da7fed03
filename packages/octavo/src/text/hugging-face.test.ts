import { Template } from '@huggingface/jinja';
import { describe, expect, it } from 'vitest';
import { renderChat } from './chat.js';
import { huggingFaceTokenizerConfig } from './hugging-face.js';
import { endOfText } from './special-tokens.js';
import { trainTokenizer } from './train.js';

describe('huggingFaceTokenizerConfig', () => {
  it('gives a tokenizer that chats its template, and the end of a turn as end', async () => {
    const tokenizer = await trainTokenizer({ texts: [], vocabularySize: 261, pattern: 'gpt2', threads: 1 });
    const config = huggingFaceTokenizerConfig(tokenizer, { contextLength: 128 });
    expect(config).toMatchObject({ eos_token: '<|end|>', pad_token: '<|endoftext|>', model_max_length: 128 });
    expect(Object.keys(Object(config['added_tokens_decoder']))).toEqual(['256', '257', '258', '259', '260']);
    const messages = [{ role: 'user', content: 'Hi' }] as const;
    const rendered = new Template(String(config['chat_template'])).render({ messages, add_generation_prompt: true });
    expect(rendered).toBe(tokenizer.decode(renderChat(tokenizer, messages, { addGenerationPrompt: true }).ids));
  });

  it('gives a plain tokenizer the end of text and no template', async () => {
    const plain = await trainTokenizer({
      texts: [],
      vocabularySize: 257,
      pattern: 'gpt2',
      threads: 1,
      specialTokens: [endOfText],
    });
    const config = huggingFaceTokenizerConfig(plain, { contextLength: 1024 });
    expect(config['eos_token']).toBe('<|endoftext|>');
    expect(config).not.toHaveProperty('chat_template');
  });
});
