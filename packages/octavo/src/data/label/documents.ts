import { readDocuments } from '../../formats/index.js';
import type { GivenItem } from './projects.js';

/** Documents of a run's table as items, with the labels that their sources gave them. Errors: TABLE_CORRUPT. */
export async function* documentItems(
  path: string,
  { annotator }: { readonly annotator: string },
): AsyncGenerator<GivenItem> {
  const columns = { id: 'text', text: 'text', label: 'text?' } as const;
  for await (const batch of readDocuments(path, { columns }))
    for (const { id, text, label } of batch)
      yield {
        content: { id, text },
        annotations: label === undefined ? [] : [{ annotator, value: { labels: [label] } }],
        where: id,
      };
}
