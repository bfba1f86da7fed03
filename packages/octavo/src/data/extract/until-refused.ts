import { maskSecrets, OctavoError } from '../../core/index.js';
import type { Collected } from '../document.js';

const ofFiles: readonly string[] = ['DATA_SOURCE', 'DATA_LIMIT', 'DATA_ARCHIVE_REFUSED'];

/** What a file holds up to the place where it is damaged or beyond a limit; then the rest is rejected with the reason. */
export async function* untilRefused(
  documents: AsyncIterable<Collected>,
  { id, source, where }: { readonly id: string; readonly source: string; readonly where: string },
): AsyncGenerator<Collected, void, undefined> {
  let isStart = true;
  try {
    for await (const item of documents) {
      isStart = false;
      yield item;
    }
  } catch (error) {
    // An archive that breaks off shows while a member of it is read, and is not the member's fault.
    if (!(error instanceof OctavoError && error.where === maskSecrets(where) && ofFiles.includes(error.code)))
      throw error;
    const from = isStart ? id : `${id}#rest`;
    yield { kind: 'rejected', dropped: { id: from, source, reason: 'file-refused', detail: error.what, excerpt: '' } };
  }
}
