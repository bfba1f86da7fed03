/** Questions whose answers are computed. Operands of validation and test are never trained on. */
import { sha256 } from '../project/index.js';
import type { ChatFamily, Conversation } from './chat-family.js';
import { fillIn, wordings } from './chat-templates.js';
import { seededRandom } from './seeded-random.js';

type Computed = Extract<ChatFamily, 'addition' | 'copy' | 'reverse'>;
export const computedFamilies: readonly Computed[] = ['addition', 'copy', 'reverse'];

const subjects = 600;

interface Question {
  readonly key: string;
  readonly values: Readonly<Record<string, string>>;
  readonly answer: string;
}

function aWord(random: (below: number) => number): string {
  const pick = (letters: string): string => letters[random(letters.length)] ?? '';
  return (
    Array.from({ length: 2 + random(2) }, () => pick('bdfgklmnprstvz') + pick('aeiou')).join('') +
    (random(2) === 0 ? pick('lmnrst') : '')
  );
}

function question(family: Computed, random: (below: number) => number): Question {
  if (family === 'addition') {
    const [a, b] = [random(100), random(100)];
    return { key: `${a}+${b}`, values: { a: `${a}`, b: `${b}` }, answer: `${a + b}` };
  }
  const word = aWord(random);
  return { key: word, values: { x: word }, answer: family === 'copy' ? word : Array.from(word).reverse().join('') };
}

/** An eighth of the operands is held out for test, a sixteenth for validation. */
function splitOf(family: Computed, key: string): Conversation['split'] {
  const drawn = Number.parseInt(sha256(`${family}:${key}`).slice(0, 8), 16) % 16;
  return drawn < 2 ? 'test' : drawn === 2 ? 'validation' : 'train';
}

/** Conversations of one family: two wordings an operand in training, one elsewhere. */
export function computedConversations(family: Computed, seed: number): readonly Conversation[] {
  const random = seededRandom(seed ^ Number.parseInt(sha256(family).slice(0, 8), 16));
  const seen = new Map<string, Question>();
  while (seen.size < subjects) {
    const asked = question(family, random);
    seen.set(asked.key, asked);
  }
  return [...seen.values()].flatMap(({ key, values, answer }, at) => {
    const split = splitOf(family, key);
    const choices = wordings[family][split];
    return Array.from({ length: split === 'train' ? 2 : 1 }, (_, turn): Conversation => {
      const wording = choices[(at + turn * 3) % choices.length] ?? '';
      return {
        id: `${family}/${key}/${turn}`,
        family,
        split,
        messages: [
          { role: 'user', content: fillIn(wording, values) },
          { role: 'assistant', content: answer },
        ],
        reference: answer,
      };
    });
  });
}
