import { dataSummary } from '../inspect/data-summary.js';
import { languagesOf } from '../inspect/languages.js';
import type { DataSection } from '../section.js';
import type { CardFacts } from './data-card.js';
import { filtersOf } from './filters.js';

/** All that the card of a run says; `data` is what it was made with. Errors: RUN_ABSENT, FILE_INVALID, TABLE_CORRUPT. */
export async function dataCardFacts(
  artifacts: string,
  { card, clean }: Pick<DataSection, 'card' | 'clean'>,
): Promise<CardFacts> {
  const summary = await dataSummary(artifacts);
  return { ...summary, card, clean, filters: filtersOf(clean), languages: await languagesOf(artifacts) };
}
