import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { fail } from '../core/index.js';

const message = z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() });
const line = z.object({
  family: z.string().min(1),
  split: z.enum(['train', 'validation', 'test']),
  messages: z.array(message).min(2),
  /** The answer looked for; what the assistant says last when left out. */
  reference: z.string().optional(),
});

/** A conversation to be answered, and the answer that is right. */
export interface ChatTest {
  readonly family: string;
  readonly messages: readonly z.infer<typeof message>[];
  readonly expected: string;
}

const parseLine = (text: string, where: string): z.infer<typeof line> => {
  const remedy = 'a line is { family, split, messages: [{ role, content }], reference }; run the collect step again';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fail('FILE_INVALID', { what: 'a conversation is not JSON', where, remedy, cause });
  }
  const result = line.safeParse(value);
  if (result.success) return result.data;
  throw fail('FILE_INVALID', {
    what: `a conversation is not as it should be: ${z.prettifyError(result.error)}`,
    where,
    remedy,
  });
};

/** The conversations of one split in a `chat.jsonl`, at most `perFamily` of each family, in the order of the file. */
export async function readChatTests(
  path: string,
  { split, perFamily }: { readonly split: 'validation' | 'test'; readonly perFamily: number },
): Promise<readonly ChatTest[]> {
  const taken = new Map<string, number>();
  const tests: ChatTest[] = [];
  for (const [index, text] of (await readFile(path, 'utf8')).split('\n').entries()) {
    if (text === '') continue;
    const { family, split: at, messages, reference } = parseLine(text, `${path}:${index + 1}`);
    const before = taken.get(family) ?? 0;
    const last = messages.at(-1);
    if (at !== split || before >= perFamily || last?.role !== 'assistant') continue;
    taken.set(family, before + 1);
    tests.push({ family, messages: messages.slice(0, -1), expected: reference ?? last.content });
  }
  return tests;
}

/** Whole conversations of one split, in the order of the file: what fine-tuning learns from. */
export async function readConversations(
  path: string,
  split: 'train' | 'validation' | 'test',
): Promise<readonly ChatTest['messages'][]> {
  const lines = (await readFile(path, 'utf8')).split('\n');
  return lines.flatMap((text, index) => {
    if (text === '') return [];
    const { split: at, messages } = parseLine(text, `${path}:${index + 1}`);
    return at === split ? [messages] : [];
  });
}
