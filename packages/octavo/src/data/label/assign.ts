import { type Clock, fail, visibleLine } from '../../core/index.js';
import type { Store } from '../store/store.js';
import { keyOf } from '../store/stored-text.js';
import { type Annotation, type LabelContent, readValue } from './kinds.js';
import { type LabelProject, lockProject } from './projects.js';
import { readAnnotation, readStoredContent, readSuggestion, type Suggestion, writeAnnotation } from './stored.js';

type Inside = Parameters<Parameters<Store['transaction']>[0]>[0];

/** An item that is somebody's until the claim ends. */
export interface Assigned {
  readonly content: LabelContent;
  readonly suggestions: readonly Suggestion[];
  /** What the same person said of it before, after an undo. */
  readonly before?: Annotation;
}

const minuteMs = 60_000;

const claim = async (
  inside: Inside,
  project: LabelProject,
  the: { readonly item: string; readonly annotator: string; readonly nowMs: number },
) => {
  const { item, annotator, nowMs } = the;
  await inside
    .deleteFrom('label_claims')
    .where('project', '=', project.id)
    .where('item', '=', item)
    .where('annotator', '=', annotator)
    .execute();
  await inside
    .insertInto('label_claims')
    .values({ project: project.id, item, annotator, expires_ms: nowMs + project.settings.claimMinutes * minuteMs })
    .execute();
};

const suggestionsOf = async (inside: Inside, project: LabelProject, item: string): Promise<readonly Suggestion[]> => {
  const rows = await inside
    .selectFrom('label_suggestions')
    .select('content')
    .where('project', '=', project.id)
    .where('item', '=', item)
    .execute();
  return rows.map(({ content }) => readSuggestion(content)).toSorted((one, other) => other.confidence - one.confidence);
};

/**
 * The next item for somebody, who has it to themselves until the claim ends: the one they have open, else the one that
 * suggestions are most unsure of, else the first, of those that fewer than `overlap` people label. Undefined when none is left.
 */
export function nextItem(
  store: Store,
  project: LabelProject,
  { annotator: name, clock }: { readonly annotator: string; readonly clock: Clock },
): Promise<Assigned | undefined> {
  const annotator = keyOf(name);
  return store.transaction(async (inside) => {
    await lockProject(store, inside, project.id);
    const nowMs = clock.now();
    await inside
      .deleteFrom('label_claims')
      .where('project', '=', project.id)
      .where('expires_ms', '<=', nowMs)
      .execute();
    const open = await inside
      .selectFrom('label_claims')
      .innerJoin('label_items', (join) =>
        join
          .onRef('label_items.project', '=', 'label_claims.project')
          .onRef('label_items.item', '=', 'label_claims.item'),
      )
      .select(['label_items.item', 'label_items.content'])
      .where('label_claims.project', '=', project.id)
      .where('label_claims.annotator', '=', annotator)
      .orderBy('label_items.position')
      .executeTakeFirst();
    const found =
      open ??
      (await inside
        .selectFrom('label_items')
        .select(['label_items.item', 'label_items.content'])
        .where('label_items.project', '=', project.id)
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('label_annotations')
                .select('label_annotations.item')
                .whereRef('label_annotations.project', '=', 'label_items.project')
                .whereRef('label_annotations.item', '=', 'label_items.item')
                .where('label_annotations.annotator', '=', annotator),
            ),
          ),
        )
        .where((builder) =>
          builder(
            builder(
              builder
                .selectFrom('label_annotations')
                .select(({ fn }) => fn.countAll<number>().as('count'))
                .whereRef('label_annotations.project', '=', 'label_items.project')
                .whereRef('label_annotations.item', '=', 'label_items.item'),
              '+',
              builder
                .selectFrom('label_claims')
                .select(({ fn }) => fn.countAll<number>().as('count'))
                .whereRef('label_claims.project', '=', 'label_items.project')
                .whereRef('label_claims.item', '=', 'label_items.item'),
            ),
            '<',
            project.settings.overlap,
          ),
        )
        .orderBy(
          ({ selectFrom, fn, val }) =>
            fn.coalesce(
              selectFrom('label_suggestions')
                .select((inner) => inner.fn.max('label_suggestions.priority').as('priority'))
                .whereRef('label_suggestions.project', '=', 'label_items.project')
                .whereRef('label_suggestions.item', '=', 'label_items.item'),
              val(-1),
            ),
          'desc',
        )
        .orderBy('label_items.position')
        .limit(1)
        .executeTakeFirst());
    if (found === undefined) return undefined;
    await claim(inside, project, { item: found.item, annotator, nowMs });
    return { content: readStoredContent(found.content), suggestions: await suggestionsOf(inside, project, found.item) };
  });
}

const gone = (id: string) =>
  fail('LABEL_CLAIM', {
    what: `the time for ${visibleLine(id, 100)} ran out, and others have it now`,
    where: 'this label was not saved',
    remedy: 'take the next item; a project with a longer time has a higher --claim-minutes',
  });

/**
 * Keeps what somebody said of an item, in place of what they said before. A label that comes after its claim ended still
 * counts unless the item has gone to others. Errors: LABEL_INVALID, LABEL_CLAIM.
 */
export function saveAnnotation(
  store: Store,
  project: LabelProject,
  {
    id,
    annotator: name,
    value: given,
    comment,
    clock,
  }: {
    readonly id: string;
    readonly annotator: string;
    readonly value: unknown;
    readonly comment?: string;
    readonly clock: Clock;
  },
): Promise<void> {
  const [item, annotator] = [keyOf(id), keyOf(name)];
  return store.transaction(async (inside) => {
    await lockProject(store, inside, project.id);
    const nowMs = clock.now();
    const row = await inside
      .selectFrom('label_items')
      .select('content')
      .where('project', '=', project.id)
      .where('item', '=', item)
      .executeTakeFirst();
    if (row === undefined)
      throw fail('LABEL_INVALID', {
        what: `there is no item ${visibleLine(id, 100)}`,
        where: `project ${project.id}`,
        remedy: 'take the next item',
      });
    const value = readValue(project.settings, readStoredContent(row.content), given);
    const others = await inside
      .selectFrom('label_annotations')
      .select('annotator')
      .where('project', '=', project.id)
      .where('item', '=', item)
      .execute();
    const claims = await inside
      .selectFrom('label_claims')
      .select('annotator')
      .where('project', '=', project.id)
      .where('item', '=', item)
      .where('expires_ms', '>', nowMs)
      .execute();
    const isMine = [...others, ...claims].some((one) => one.annotator === annotator);
    if (!isMine && new Set([...others, ...claims].map((one) => one.annotator)).size >= project.settings.overlap)
      throw gone(id);
    for (const table of ['label_annotations', 'label_claims'] as const)
      await inside
        .deleteFrom(table)
        .where('project', '=', project.id)
        .where('item', '=', item)
        .where('annotator', '=', annotator)
        .execute();
    await inside
      .insertInto('label_annotations')
      .values({
        project: project.id,
        item,
        annotator,
        content: writeAnnotation({ annotator: name, value, ...(comment === undefined ? {} : { comment }) }),
        created_ms: nowMs,
      })
      .execute();
  });
}

/** Takes back the last label that somebody gave, and gives them its item again. */
export function undoAnnotation(
  store: Store,
  project: LabelProject,
  { annotator: name, clock }: { readonly annotator: string; readonly clock: Clock },
): Promise<Assigned | undefined> {
  const annotator = keyOf(name);
  return store.transaction(async (inside) => {
    await lockProject(store, inside, project.id);
    const last = await inside
      .selectFrom('label_annotations')
      .innerJoin('label_items', (join) =>
        join
          .onRef('label_items.project', '=', 'label_annotations.project')
          .onRef('label_items.item', '=', 'label_annotations.item'),
      )
      .select([
        'label_items.item',
        'label_items.content as content',
        'label_annotations.content as said',
        'label_annotations.created_ms',
      ])
      .where('label_annotations.project', '=', project.id)
      .where('label_annotations.annotator', '=', annotator)
      .orderBy('label_annotations.created_ms', 'desc')
      .orderBy('label_items.position', 'desc')
      .limit(1)
      .executeTakeFirst();
    if (last === undefined) return undefined;
    await inside
      .deleteFrom('label_annotations')
      .where('project', '=', project.id)
      .where('item', '=', last.item)
      .where('annotator', '=', annotator)
      .execute();
    // What else was open goes back to all: the item that was taken back is the one to go on with.
    await inside
      .deleteFrom('label_claims')
      .where('project', '=', project.id)
      .where('annotator', '=', annotator)
      .execute();
    await claim(inside, project, { item: last.item, annotator, nowMs: clock.now() });
    return {
      content: readStoredContent(last.content),
      suggestions: await suggestionsOf(inside, project, last.item),
      before: readAnnotation(last.said, last.created_ms),
    };
  });
}

export interface LabelProgress {
  readonly items: number;
  /** Items that enough people have labelled. */
  readonly complete: number;
  readonly annotations: number;
  readonly byAnnotator: readonly { readonly annotator: string; readonly annotations: number }[];
}

/** How far a project has come. */
export async function labelProgress({ db }: Store, project: LabelProject): Promise<LabelProgress> {
  const items = await db
    .selectFrom('label_items')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('project', '=', project.id)
    .executeTakeFirst();
  const complete = await db
    .selectFrom(
      db
        .selectFrom('label_annotations')
        .select('item')
        .where('project', '=', project.id)
        .groupBy('item')
        .having(({ fn }) => fn.countAll(), '>=', project.settings.overlap)
        .as('done'),
    )
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .executeTakeFirst();
  const people = await db
    .selectFrom('label_annotations')
    .select(({ fn }) => ['annotator', fn.countAll<number>().as('count'), fn.max('content').as('content')])
    .where('project', '=', project.id)
    .groupBy('annotator')
    .execute();
  const byAnnotator = people
    .map(({ content, count }) => ({
      annotator: readAnnotation(content ?? '', 0).annotator,
      annotations: Number(count),
    }))
    .toSorted((one, other) => other.annotations - one.annotations || (one.annotator < other.annotator ? -1 : 1));
  return {
    items: Number(items?.count ?? 0),
    complete: Number(complete?.count ?? 0),
    annotations: byAnnotator.reduce((sum, { annotations }) => sum + annotations, 0),
    byAnnotator,
  };
}
