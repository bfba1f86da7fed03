import { type Html, html, nothing, outside } from './html.js';
import { grouped } from './numbers.js';
import { readValue } from './part.js';
import type { ReportData } from './report-data.js';
import { facts, type Section, unlessRead } from './section.js';

const cutText = (tokens: readonly string[]): Html =>
  tokens.length === 0
    ? nothing
    : html`<figure class="cut"><figcaption><b>Held-out text as the model sees it</b> <span>${tokens.length} tokens, each a box</span></figcaption><p dir="auto">${tokens.map(
        (token) => html`<span>${token.replaceAll('\n', '⏎\n')}</span>`,
      )}</p></figure>`;

export const tokenizerSection = ({ tokenizer, tokens, data }: ReportData): Section => {
  const section = { id: 'tokenizer', title: 'Tokenizer', short: 'Tokenizer' };
  if (tokenizer.kind !== 'read')
    return { ...section, lead: 'How text becomes tokens.', body: unlessRead(tokenizer, 'tokenizer') };
  const { vocabularySize, pattern, heldOut, longestTokens } = tokenizer.value;
  const trained = readValue(data)?.summary.tokens?.train;
  return {
    ...section,
    lead: html`One token stands for ${heldOut.bytesPerToken.toFixed(2)} bytes of text that the tokenizer was not trained on.`,
    body: html`${facts([
      ['Bytes a token, held-out text', heldOut.bytesPerToken.toFixed(2)],
      ...(trained === undefined || trained.tokens === 0
        ? []
        : [['Bytes a token, training text', (trained.bytes / trained.tokens).toFixed(2)] as const]),
      ['Vocabulary', grouped(vocabularySize)],
      ['Words cut as in', outside(pattern)],
    ])}<h3>Longest tokens</h3><ul class="tokens">${longestTokens.map((token) => html`<li>${outside(token.replace(/^ /, '␣'), 60)}</li>`)}</ul>${cutText(tokens)}`,
  };
};
