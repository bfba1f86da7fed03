import { describe, expect, it } from 'vitest';
import { factConversations } from './chat.js';
import { computedConversations } from './chat-computed.js';
import { countryFacts, inSentence } from './chat-countries.js';
import { type Conversation, chatFamilies, headlineFamilies } from './chat-family.js';
import { fillIn, wordings } from './chat-templates.js';

const country = (cca3: string, common: string, more: Record<string, unknown> = {}) => ({
  cca3,
  name: { common },
  capital: [`${common} City`],
  region: 'Europe',
  subregion: 'Western Europe',
  currencies: { XXX: { name: `${common} franc` } },
  languages: { xxx: `${common}ish` },
  demonyms: { eng: { m: `${common}ian`, f: `${common}ian` } },
  ...more,
});

const facts = countryFacts([
  country('FRA', 'France'),
  country('BHS', 'Bahamas', { region: 'Americas', subregion: 'Caribbean' }),
  country('BRA', 'Brazil', { region: 'Americas', subregion: 'South America' }),
  country('CHE', 'Switzerland', { languages: { deu: 'German', fra: 'French' }, currencies: [], capital: [] }),
]);

const question = ({ messages }: Conversation): string => messages[0]?.content ?? '';

describe('wordings', () => {
  it.each(chatFamilies)(
    'of %s for training, validation and test differ, eight or more of them to train on',
    (family) => {
      const { train, validation, test } = wordings[family];
      const all = [...train, ...validation, ...test].map((wording) => wording.toLowerCase());
      expect(new Set(all).size).toBe(all.length);
      expect(train.length).toBeGreaterThanOrEqual(8);
      expect(test.length).toBeGreaterThanOrEqual(3);
    },
  );

  it('are filled in with article, capital and possessive', () => {
    expect(fillIn("{X}: is {x's} {x} big?", { x: 'the Bahamas' })).toBe(
      "The Bahamas: is the Bahamas' the Bahamas big?",
    );
    expect(fillIn('{a} + {b}', { a: '1', b: '2' })).toBe('1 + 2');
    expect(['United States', 'France', 'Cayman Islands', 'Gambia', 'Georgia'].map(inSentence)).toEqual([
      'the United States',
      'France',
      'the Cayman Islands',
      'the Gambia',
      'Georgia',
    ]);
  });
});

describe('facts on countries', () => {
  it('are told only where there is one answer', () => {
    expect(facts.filter(({ id }) => id === 'CHE').map(({ family, answer }) => [family, answer])).toEqual([
      ['continent', 'Europe'],
      ['demonym', 'Switzerlandian'],
    ]);
    expect(facts.filter(({ family }) => family === 'continent').map(({ answer }) => answer)).toEqual([
      'Europe',
      'North America',
      'South America',
      'Europe',
    ]);
  });

  it('are all trained on, and asked for in words never trained on', () => {
    const conversations = factConversations(facts);
    const trained = new Set(conversations.filter(({ split }) => split === 'train').map(question));
    const held = conversations.filter(({ split }) => split !== 'train');
    for (const conversation of held) expect(trained.has(question(conversation))).toBe(false);
    for (const { family, id, answer } of facts) {
      const of = (split: string) =>
        conversations.filter((one) => one.split === split && one.id.startsWith(`${family}/${id}/`));
      expect([of('train').length, of('validation').length, of('test').length]).toEqual([
        wordings[family].train.length,
        1,
        2,
      ]);
      for (const one of of('test'))
        expect(one).toMatchObject({
          reference: answer,
          messages: [{ role: 'user' }, { role: 'assistant', content: answer }],
        });
    }
    expect(conversations.filter((one) => /[{}]/.test(question(one)))).toEqual([]);
    expect(new Set(conversations.map(({ id }) => id)).size).toBe(conversations.length);
    expect(headlineFamilies.every((family) => facts.some((fact) => fact.family === family))).toBe(true);
  });
});

describe('computed families', () => {
  it.each(['addition', 'copy', 'reverse'] as const)('%s has right answers and operands held out', (family) => {
    const conversations = computedConversations(family, 1);
    expect(computedConversations(family, 1)).toEqual(conversations);
    expect(computedConversations(family, 2)).not.toEqual(conversations);
    const operands = (split: string) =>
      new Set(conversations.filter((one) => one.split === split).map(({ id }) => id.split('/')[1]));
    const trained = operands('train');
    for (const held of ['validation', 'test']) {
      expect(operands(held).size).toBeGreaterThan(15);
      for (const operand of operands(held)) expect(trained.has(operand)).toBe(false);
    }
    for (const { id, reference } of conversations) {
      const key = id.split('/')[1] ?? '';
      const [a = 0, b = 0] = key.split('+').map(Number);
      expect(reference).toBe(
        family === 'addition' ? `${a + b}` : family === 'copy' ? key : [...key].toReversed().join(''),
      );
    }
  });
});
