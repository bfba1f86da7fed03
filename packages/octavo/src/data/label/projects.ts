import { type Clock, fail, visibleLine } from '../../core/index.js';
import { canonicalJson, closest } from '../../project/index.js';
import type { Store } from '../store/store.js';
import { keyOf } from '../store/stored-text.js';
import {
  type Annotation,
  type LabelledItem,
  type LabelSettings,
  readContent,
  readSettings,
  readValue,
} from './kinds.js';
import { readAnnotation, readStoredContent, writeAnnotation } from './stored.js';

export interface LabelProject {
  readonly id: string;
  readonly settings: LabelSettings;
  readonly createdMs: number;
}

const name = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** Makes a project. Errors: LABEL_INVALID, LABEL_PROJECT. */
export async function createProject(
  store: Store,
  { id, settings, clock }: { readonly id: string; readonly settings: unknown; readonly clock: Clock },
): Promise<LabelProject> {
  if (!name.test(id))
    throw fail('LABEL_PROJECT', {
      what: `"${visibleLine(id, 80)}" cannot be the name of a project`,
      where: store.shown,
      remedy: 'use small letters, digits and dashes, 64 at most',
    });
  const project = { id, settings: readSettings(settings, `project ${id}`), createdMs: clock.now() };
  await store.transaction(async (inside) => {
    const there = await inside.selectFrom('label_projects').select('id').where('id', '=', id).executeTakeFirst();
    if (there !== undefined)
      throw fail('LABEL_PROJECT', {
        what: `there is a project ${id} already`,
        where: store.shown,
        remedy: 'choose another name',
      });
    await inside
      .insertInto('label_projects')
      .values({ id, settings: JSON.stringify(project.settings), created_ms: project.createdMs })
      .execute();
  });
  return project;
}

export async function listProjects({ db }: Store): Promise<readonly LabelProject[]> {
  const rows = await db.selectFrom('label_projects').selectAll().orderBy('id').execute();
  return rows.map(({ id, settings, created_ms }) => ({
    id,
    settings: readSettings(JSON.parse(settings), `project ${id}`),
    createdMs: created_ms,
  }));
}

/** Errors: LABEL_PROJECT. */
export async function findProject(store: Store, id: string): Promise<LabelProject> {
  const all = await listProjects(store);
  const found = all.find((project) => project.id === id);
  if (found !== undefined) return found;
  const near = closest(
    id,
    all.map((project) => project.id),
  );
  throw fail('LABEL_PROJECT', {
    what: `there is no project ${visibleLine(id, 80)}`,
    where: store.shown,
    remedy:
      near === undefined
        ? 'make it with `octavo label create`; `octavo label list` shows those that are there'
        : `did you mean ${near}?`,
  });
}

/** An item as it is imported: not checked yet. */
export interface GivenItem {
  readonly content: unknown;
  readonly annotations: readonly {
    readonly annotator: string;
    readonly value: unknown;
    readonly timeMs?: number;
    readonly comment?: string;
  }[];
  /** Where it stood, for errors. */
  readonly where: string;
}

const batchItems = 200;

export interface Added {
  readonly items: number;
  readonly annotations: number;
  /** Items that were there already, unchanged. */
  readonly known: number;
}

type Checked = LabelledItem & { readonly where: string };

const check = (settings: LabelSettings, { content: given, annotations, where }: GivenItem, nowMs: number): Checked => {
  const content = readContent(settings, given, where);
  return {
    content,
    where,
    annotations: annotations.map(({ annotator, value, timeMs = nowMs, comment }) => ({
      annotator,
      value: readValue(settings, content, value),
      timeMs,
      ...(comment === undefined ? {} : { comment }),
    })),
  };
};

async function addBatch(store: Store, project: LabelProject, batch: readonly Checked[]): Promise<Added> {
  return store.transaction(async (inside) => {
    await lockProject(store, inside, project.id);
    const keys = batch.map(({ content }) => keyOf(content.id));
    const there = await inside
      .selectFrom('label_items')
      .select(['item', 'content'])
      .where('project', '=', project.id)
      .where('item', 'in', keys)
      .execute();
    const known = new Map(there.map(({ item, content }) => [item, content]));
    const last = await inside
      .selectFrom('label_items')
      .select(({ fn }) => fn.max('position').as('last'))
      .where('project', '=', project.id)
      .executeTakeFirst();
    let position = Number(last?.last ?? -1);
    const items = [];
    const annotations = [];
    let seen = 0;
    for (const { content, annotations: given, where } of batch) {
      const item = keyOf(content.id);
      const before = known.get(item);
      if (before === undefined) {
        position++;
        const text = canonicalJson(content);
        known.set(item, text);
        items.push({ project: project.id, item, position, content: text });
      } else if (canonicalJson(readStoredContent(before)) === canonicalJson(content)) seen++;
      else
        throw fail('LABEL_INVALID', {
          what: `there is another item called ${visibleLine(content.id, 100)}`,
          where,
          remedy: 'give each item an id of its own',
        });
      for (const annotation of given)
        annotations.push({
          project: project.id,
          item,
          annotator: keyOf(annotation.annotator),
          content: writeAnnotation(annotation),
          created_ms: annotation.timeMs,
        });
    }
    if (items.length > 0) await inside.insertInto('label_items').values(items).execute();
    for (const row of annotations) {
      await inside
        .deleteFrom('label_annotations')
        .where('project', '=', row.project)
        .where('item', '=', row.item)
        .where('annotator', '=', row.annotator)
        .execute();
      await inside.insertInto('label_annotations').values(row).execute();
    }
    return { items: items.length, annotations: annotations.length, known: seen };
  });
}

type Inside = Parameters<Parameters<Store['transaction']>[0]>[0];

/** Whoever changes who labels what in a project waits here for whoever else does. */
export async function lockProject({ kind }: Store, inside: Inside, id: string): Promise<void> {
  await inside
    .selectFrom('label_projects')
    .select('id')
    .where('id', '=', id)
    .$if(kind !== 'sqlite', (query) => query.forUpdate())
    .execute();
}

/** Adds items in batches, each whole or not at all; an item that is there already is passed over. Errors: LABEL_INVALID. */
export async function addItems(
  store: Store,
  project: LabelProject,
  given: AsyncIterable<GivenItem> | Iterable<GivenItem>,
  clock: Clock,
): Promise<Added> {
  let sum: Added = { items: 0, annotations: 0, known: 0 };
  let batch: Checked[] = [];
  const flush = async (): Promise<void> => {
    if (batch.length === 0) return;
    const added = await addBatch(store, project, batch);
    sum = {
      items: sum.items + added.items,
      annotations: sum.annotations + added.annotations,
      known: sum.known + added.known,
    };
    batch = [];
  };
  for await (const item of given) {
    batch.push(check(project.settings, item, clock.now()));
    if (batch.length === batchItems) await flush();
  }
  await flush();
  return sum;
}

/** Every item with its labels, in the order of import; a page of items is held at a time. */
export async function* labelledItems(
  { db }: Store,
  project: LabelProject,
): AsyncGenerator<LabelledItem, void, undefined> {
  for (let after = -1; ; ) {
    const items = await db
      .selectFrom('label_items')
      .select(['item', 'position', 'content'])
      .where('project', '=', project.id)
      .where('position', '>', after)
      .orderBy('position')
      .limit(batchItems)
      .execute();
    const last = items.at(-1);
    if (last === undefined) return;
    after = last.position;
    const annotations = await db
      .selectFrom('label_annotations')
      .select(['item', 'content', 'created_ms'])
      .where('project', '=', project.id)
      .where(
        'item',
        'in',
        items.map(({ item }) => item),
      )
      .orderBy('created_ms')
      .orderBy('annotator')
      .execute();
    const byItem = new Map<string, Annotation[]>(items.map(({ item }) => [item, []]));
    for (const { item, content, created_ms } of annotations)
      byItem.get(item)?.push(readAnnotation(content, created_ms));
    for (const { item, content } of items)
      yield { content: readStoredContent(content), annotations: byItem.get(item) ?? [] };
  }
}
