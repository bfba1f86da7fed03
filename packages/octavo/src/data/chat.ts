import { fail, writeFileAtomic } from '../core/index.js';
import { sha256 } from '../project/index.js';
import { computedConversations, computedFamilies } from './chat-computed.js';
import { countriesPackage, countryFacts, type Fact } from './chat-countries.js';
import type { ChatFamily, Conversation } from './chat-family.js';
import { fillIn, wordings } from './chat-templates.js';
import { type FetchContext, fetchPackage, packageFiles, packageKey } from './sources/npm-package.js';
import { pinnedPackages } from './sources/pinned-packages.js';

/** Held-out wordings that each fact is asked in: different ones for neighbouring facts, so all are used. */
const heldOutPerFact = { validation: 1, test: 2 } as const;

/** Every fact in every training wording, and in some of those held out. */
export function factConversations(facts: readonly Fact[]): readonly Conversation[] {
  return facts.flatMap(({ family, id, subject, answer }, at) =>
    (['train', 'validation', 'test'] as const).flatMap((split) => {
      const all = wordings[family][split];
      const asked =
        split === 'train'
          ? all.map((_, n) => n)
          : Array.from({ length: heldOutPerFact[split] }, (_, n) => (at + n) % all.length);
      return asked.map((n): Conversation => {
        const content = fillIn(all[n] ?? '', { x: subject });
        return {
          id: `${family}/${id}/${split}-${n}`,
          family,
          split,
          messages: [
            { role: 'user', content },
            { role: 'assistant', content: answer },
          ],
          reference: answer,
        };
      });
    }),
  );
}

async function readCountries(context: FetchContext): Promise<unknown> {
  const fetched = await fetchPackage(countriesPackage, context);
  for await (const { path, content } of packageFiles(fetched, () => undefined)) {
    if (path !== 'countries.json') continue;
    const parts: Uint8Array[] = [];
    for await (const part of content) parts.push(part);
    const parsed: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
    return parsed;
  }
  throw fail('DATA_SOURCE', { what: 'holds no countries.json', where: `npm:${packageKey(countriesPackage)}` });
}

export interface ChatSummary {
  readonly conversations: number;
  readonly families: Readonly<
    Record<
      string,
      { readonly train: number; readonly validation: number; readonly test: number; readonly answers: number }
    >
  >;
  readonly source?: { readonly from: string; readonly licence: string };
}

function summarise(
  conversations: readonly Conversation[],
  families: readonly ChatFamily[],
  usesCountries: boolean,
): ChatSummary {
  const count = (family: ChatFamily, split: Conversation['split']) =>
    conversations.filter((one) => one.family === family && one.split === split).length;
  const key = packageKey(countriesPackage);
  return {
    conversations: conversations.length,
    families: Object.fromEntries(
      families.map((family) => [
        family,
        {
          train: count(family, 'train'),
          validation: count(family, 'validation'),
          test: count(family, 'test'),
          answers: new Set(conversations.filter((one) => one.family === family).map(({ reference }) => reference)).size,
        },
      ]),
    ),
    ...(usesCountries ? { source: { from: `npm:${key}`, licence: pinnedPackages[key]?.licence ?? 'unknown' } } : {}),
  };
}

/** Writes `chat.jsonl`, shuffled by the seed, and says what is in it. */
export async function writeChat(
  path: string,
  {
    families,
    seed,
    fetch,
  }: { readonly families: readonly ChatFamily[]; readonly seed: number; readonly fetch: FetchContext },
): Promise<ChatSummary> {
  const computed = computedFamilies.filter((family) => families.includes(family));
  const usesCountries = families.length > computed.length;
  const facts = usesCountries
    ? countryFacts(await readCountries(fetch)).filter(({ family }) => families.includes(family))
    : [];
  const conversations = [
    ...factConversations(facts),
    ...computed.flatMap((family) => computedConversations(family, seed)),
  ]
    .map((conversation) => ({ conversation, order: sha256(`${seed}:${conversation.id}`) }))
    .toSorted((a, b) => (a.order < b.order ? -1 : 1))
    .map(({ conversation }) => conversation);
  writeFileAtomic(path, conversations.map((conversation) => `${JSON.stringify(conversation)}\n`).join(''));
  return summarise(conversations, families, usesCountries);
}
