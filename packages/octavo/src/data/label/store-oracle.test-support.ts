/** What any database has to do with labels; run on SQLite by npm test, on servers by the long tests. */
import { expect } from 'vitest';
import type { Store } from '../store/store.js';
import { labelProgress, nextItem, saveAnnotation, undoAnnotation } from './assign.js';
import { hostileTexts } from './hostile-texts.test-support.js';
import { addItems, createProject, findProject, labelledItems } from './projects.js';

const clockAt = (ms: number) => ({ now: () => ms });

/** Every hostile string through every text field: what comes back is what went in. */
export async function storesEveryText(store: Store): Promise<void> {
  expect(hostileTexts.length).toBe(500);
  const short = (text: string) => (text === '' ? '(empty)' : text.slice(0, 190));
  const names = [...new Set(hostileTexts.map(short))];
  const labels = names.slice(0, 200);
  await createProject(store, {
    id: 'hostile',
    settings: { kind: 'classification', question: hostileTexts.join('\n').slice(0, 1900), labels, overlap: 50 },
    clock: clockAt(1),
  });
  const project = await findProject(store, 'hostile');
  expect(project.settings).toMatchObject({ labels, question: hostileTexts.join('\n').slice(0, 1900) });
  const items = hostileTexts.map((text, at) => ({
    content: {
      id: `${at} ${text.slice(0, 1900)}`,
      text,
      prompt: text,
      a: text,
      b: text,
      meta: { [`key ${text.slice(0, 300)}`]: text.slice(0, 300), text },
    },
    annotations: [
      { annotator: text, value: { labels: [labels[at % labels.length] ?? ''] }, timeMs: at, comment: text },
    ],
    where: String(at),
  }));
  expect(await addItems(store, project, items, clockAt(2))).toEqual({ items: 500, annotations: 500, known: 0 });
  let at = 0;
  for await (const { content, annotations } of labelledItems(store, project)) {
    const given = items[at++];
    expect(content).toEqual(given?.content);
    expect(annotations).toEqual(given?.annotations);
  }
  expect(at).toBe(500);
  expect(await addItems(store, project, items, clockAt(3))).toEqual({ items: 0, annotations: 500, known: 500 });
  const progress = await labelProgress(store, project);
  expect(progress).toMatchObject({ items: 500, annotations: 500 });
  expect(new Set(progress.byAnnotator.map(({ annotator }) => annotator))).toEqual(new Set(hostileTexts));
  for (const text of hostileTexts.slice(0, 12)) {
    const open = await nextItem(store, project, { annotator: text, clock: clockAt(4) });
    if (open === undefined) throw new Error('no item is left');
    await saveAnnotation(store, project, {
      id: open.content.id,
      annotator: text,
      value: { labels: [labels[0] ?? ''] },
      comment: text,
      clock: clockAt(5000),
    });
    expect((await undoAnnotation(store, project, { annotator: text, clock: clockAt(6000) }))?.before).toEqual({
      annotator: text,
      value: { labels: [labels[0]] },
      comment: text,
      timeMs: 5000,
    });
  }
}

/** Many people at once: nobody gets what enough others have, everything is labelled as often as was asked. */
export async function sharesOut(
  store: Store,
  { people, items }: { readonly people: number; readonly items: number },
): Promise<void> {
  const project = await createProject(store, {
    id: 'crowd',
    settings: { kind: 'rating', overlap: 2 },
    clock: clockAt(1),
  });
  await addItems(
    store,
    project,
    Array.from({ length: items }, (_, at) => ({
      content: { id: `i${at}`, text: `text ${at}` },
      annotations: [],
      where: '',
    })),
    clockAt(1),
  );
  const work = async (annotator: string): Promise<number> => {
    for (let done = 0; ; done++) {
      const open = await nextItem(store, project, { annotator, clock: clockAt(10 + done) });
      if (open === undefined) return done;
      await saveAnnotation(store, project, {
        id: open.content.id,
        annotator,
        value: { rating: (done % 5) + 1 },
        clock: clockAt(10 + done),
      });
    }
  };
  const done = await Promise.all(Array.from({ length: people }, (_, at) => work(`person ${at}`)));
  expect(done.reduce((sum, count) => sum + count, 0)).toBe(2 * items);
  expect(await labelProgress(store, project)).toMatchObject({ items, complete: items, annotations: 2 * items });
  for await (const { annotations } of labelledItems(store, project))
    expect(new Set(annotations.map(({ annotator }) => annotator)).size).toBe(2);
}
