/** How labels lie in the store: as JSON text, which holds every string whatever the database. */
import { z } from 'zod';
import { type Annotation, type LabelContent, type LabelValue, labelContent, labelValue } from './kinds.js';

export const readStoredContent = (text: string): LabelContent => labelContent.parse(JSON.parse(text));

const stored = z.object({ annotator: z.string(), value: labelValue, comment: z.string().optional() });

export const writeAnnotation = ({ annotator, value, comment }: Omit<Annotation, 'timeMs'>): string =>
  JSON.stringify({ annotator, value, ...(comment === undefined ? {} : { comment }) });

export const readAnnotation = (text: string, timeMs: number): Annotation => {
  const { annotator, value, comment } = stored.parse(JSON.parse(text));
  return { annotator, value, timeMs, ...(comment === undefined ? {} : { comment }) };
};

export interface Suggestion {
  readonly name: string;
  readonly value: LabelValue;
  /** How sure it is, from 0 to 1. */
  readonly confidence: number;
}

const storedSuggestion = z.object({ name: z.string(), value: labelValue, confidence: z.number() });
export const readSuggestion = (text: string): Suggestion => storedSuggestion.parse(JSON.parse(text));
