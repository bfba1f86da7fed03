import { z } from 'zod';
import { defaultLimits, limitTable } from './limits.js';

const limit = (name: 'waitingChoices' | 'waitingMs' | 'drainMs' | 'connections' | 'stalledReaderMs', highest: number) =>
  z.number().int().min(1).max(highest).default(defaultLimits[name]).describe(limitTable[name].says);

/**
 * octavo.yaml: serve. What would open the server to others (address, keys, allowed names) is not here on purpose: a
 * project that somebody else wrote must not decide that, so those are options of the command.
 */
export const servingSection = z
  .strictObject({
    port: z.number().int().min(0).max(65_535).default(8000).describe('Port to listen on; 0 takes a free one.'),
    name: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/)
      .optional()
      .describe('Name under which clients ask for the model; the name of the run if left out.'),
    slots: z.number().int().min(1).max(256).default(8).describe('Answers that the model works on at a time.'),
    waitingChoices: limit('waitingChoices', 100_000),
    waitingMs: limit('waitingMs', 3_600_000),
    drainMs: limit('drainMs', 3_600_000),
    connections: limit('connections', 100_000),
    stalledReaderMs: limit('stalledReaderMs', 3_600_000),
  })
  .describe('The HTTP API: port, slots, queue.');

export type ServingSection = z.infer<typeof servingSection>;
