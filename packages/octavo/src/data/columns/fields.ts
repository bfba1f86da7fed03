import { z } from 'zod';

export const columnNames = ['stopwords', 'stems', 'lemmas', 'pos', 'vector'] as const;
export type ColumnName = (typeof columnNames)[number];

const whole = (least: number, most: number, preset: number) => z.number().int().min(least).max(most).default(preset);

/** Fields of `data.columns`. */
export const columnsFields = {
  include: z
    .array(z.enum(columnNames))
    .default([...columnNames])
    .describe('What stands beside the words of each document.'),
  vectors: z
    .strictObject({
      size: whole(2, 1000, 100).describe('Numbers of a vector.'),
      window: whole(1, 50, 5).describe('Words to each side that count as neighbours, near ones for more.'),
      minCount: whole(1, 1_000_000, 5).describe('Rarer words have no vector.'),
      mostWords: whole(2, 65_535, 20_000).describe('The most frequent words that have a vector; memory goes by it.'),
    })
    .prefault({})
    .describe('How word vectors are trained on the cleaned text.'),
} as const;

export const columnsSection = z
  .strictObject(columnsFields)
  .prefault({})
  .describe('Columns for classical tasks, written by `octavo data columns`.');
export type ColumnsSection = z.infer<typeof columnsSection>;
