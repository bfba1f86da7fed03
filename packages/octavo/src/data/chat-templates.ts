import type { ChatFamily } from './chat-family.js';

/** Wordings of a question. Those of `validation` and `test` are never trained on. */
export interface Wordings {
  readonly train: readonly string[];
  readonly validation: readonly string[];
  readonly test: readonly string[];
}

/** `{x}` stands for the subject, `{X}` for it at the start of a sentence, `{x's}` for its possessive, `{a}` and `{b}` for numbers. */
export const wordings: Readonly<Record<ChatFamily, Wordings>> = {
  capital: {
    train: [
      'What is the capital of {x}?',
      'Name the capital of {x}.',
      'Which city is the capital of {x}?',
      "What's the capital city of {x}?",
      'Tell me the capital of {x}.',
      '{X}: what is its capital?',
      "Can you tell me what {x's} capital is?",
      'I need the name of the capital of {x}.',
      'The capital of {x} is which city?',
      'Do you know the capital city of {x}?',
      'Please give me the capital of {x}.',
      'Capital of {x}?',
      'In {x}, which city is the capital?',
      'What city serves as the capital of {x}?',
      "What is {x's} capital?",
      'Which capital belongs to {x}?',
    ],
    validation: ["Could you say which city is {x's} capital?", 'What is the capital of {x} called?'],
    test: [
      'I forgot the capital of {x}. Which one is it?',
      'Quick question: what city is the capital of {x}?',
      "Would you name {x's} capital city for me?",
      'Do tell: which city do they call the capital in {x}?',
      'For a quiz I have to know the capital of {x}.',
    ],
  },
  continent: {
    train: [
      'On which continent is {x}?',
      'Which continent does {x} belong to?',
      'What continent is {x} in?',
      'Name the continent of {x}.',
      'Tell me which continent {x} is part of.',
      '{X}: which continent?',
      'Can you tell me the continent of {x}?',
      'I need to know what continent {x} lies on.',
      'The continent of {x} is what?',
      'Do you know on what continent {x} is found?',
      'Please name the continent where {x} lies.',
      "What is {x's} continent?",
      'Continent of {x}?',
      '{X} is part of which continent?',
    ],
    validation: ['Could you say what continent {x} is on?', 'To what continent does {x} belong?'],
    test: [
      'I forgot the continent of {x}. Which one is it?',
      'Quick question: which continent is {x} on?',
      'If I look for {x} on a globe, which continent do I turn to?',
      'Would you name the continent that {x} lies in?',
      'For a quiz I have to know the continent of {x}.',
    ],
  },
  currency: {
    train: [
      'What is the currency of {x}?',
      'Which currency is used in {x}?',
      'What currency does {x} use?',
      'Name the currency of {x}.',
      'Tell me the currency of {x}.',
      '{X}: what is its currency?',
      'Can you tell me which currency {x} has?',
      'I need the name of the currency of {x}.',
      'The currency of {x} is what?',
      'Do you know the currency used in {x}?',
      'Please give me the currency of {x}.',
      "What is {x's} currency?",
      'Currency of {x}?',
      'In {x}, which currency do people pay with?',
    ],
    validation: ['Could you say what currency people use in {x}?', 'What is the currency of {x} called?'],
    test: [
      'I forgot the currency of {x}. Which one is it?',
      'Quick question: what currency is used in {x}?',
      "Would you name {x's} currency for me?",
      'If I travel to {x}, which currency will I need?',
      'For a quiz I have to know the currency of {x}.',
    ],
  },
  language: {
    train: [
      'What is the official language of {x}?',
      'Which language is official in {x}?',
      'What language is spoken in {x}?',
      'Name the official language of {x}.',
      'Tell me the language of {x}.',
      '{X}: what is its language?',
      'Can you tell me which language {x} uses?',
      'I need the name of the official language of {x}.',
      'The official language of {x} is what?',
      'Do you know the language used in {x}?',
      'Please give me the official language of {x}.',
      "What is {x's} official language?",
      'Language of {x}?',
      'In {x}, which language do people speak?',
    ],
    validation: ['Could you say what language people speak in {x}?', 'What is the language of {x} called?'],
    test: [
      'I forgot the language of {x}. Which one is it?',
      'Quick question: what language is official in {x}?',
      "Would you name {x's} language for me?",
      'If I travel to {x}, which language will I hear?',
      'For a quiz I have to know the official language of {x}.',
    ],
  },
  demonym: {
    train: [
      'What do you call a person from {x}?',
      'What is the demonym of {x}?',
      'What is a person from {x} called?',
      'Give the demonym for {x}.',
      'Tell me the word for someone from {x}.',
      '{X}: what are its people called?',
      'Can you tell me the demonym of {x}?',
      'I need the name for a person from {x}.',
      'Someone who comes from {x} is called what?',
      'Do you know the demonym for {x}?',
      'Please give me the word for people from {x}.',
      "What is {x's} demonym?",
      'Demonym of {x}?',
      'How do we call someone from {x}?',
    ],
    validation: ['Could you say what someone from {x} is called?', 'What is the word for a person from {x}?'],
    test: [
      'I forgot the demonym of {x}. Which one is it?',
      'Quick question: what do we call people from {x}?',
      'A friend of mine is from {x}. What is such a person called?',
      "Would you name {x's} demonym for me?",
      'For a quiz I have to know the demonym of {x}.',
    ],
  },
  addition: {
    train: [
      'What is {a} plus {b}?',
      '{a} + {b} = ?',
      'Add {a} and {b}.',
      'How much is {a} + {b}?',
      'Compute {a} plus {b}.',
      'What is the sum of {a} and {b}?',
      'Tell me {a} plus {b}.',
      'Calculate {a} + {b}.',
    ],
    validation: ['Could you add {a} and {b}?'],
    test: [
      'Quick question: how much is {a} plus {b}?',
      'I have {a} and get {b} more. How many is that?',
      'Give the sum: {a} and {b}.',
    ],
  },
  copy: {
    train: [
      'Repeat: {x}',
      'Copy this: {x}',
      'Say {x}',
      'Write {x} again.',
      'Echo: {x}',
      'Repeat after me: {x}',
      'Say exactly this: {x}',
      'Give back {x}',
    ],
    validation: ['Could you repeat {x}?'],
    test: ['Now repeat this word: {x}', 'Please copy exactly: {x}', 'Say this once more: {x}'],
  },
  reverse: {
    train: [
      'Reverse: {x}',
      'Spell {x} backwards.',
      'Write {x} in reverse.',
      'Turn {x} around.',
      'What is {x} backwards?',
      'Reverse the letters of {x}.',
      'Read {x} from the end.',
      'Give {x} backwards.',
    ],
    validation: ['Could you reverse {x}?'],
    test: [
      'Please write this word backwards: {x}',
      'How does {x} read in reverse?',
      'Now the letters of {x} in reverse order.',
    ],
  },
};

const capitalised = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);
const possessive = (text: string): string => (text.endsWith('s') ? `${text}'` : `${text}'s`);

/** A wording filled in. */
export function fillIn(wording: string, values: Readonly<Record<string, string>>): string {
  return wording.replaceAll(/\{(\w+)('s)?\}/g, (whole, name: string, genitive: string | undefined) => {
    const value = values[name] ?? values[name.toLowerCase()];
    if (value === undefined) return whole;
    const cased = name === name.toUpperCase() ? capitalised(value) : value;
    return genitive === undefined ? cased : possessive(cased);
  });
}
