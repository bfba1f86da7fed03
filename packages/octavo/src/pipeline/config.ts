import { z } from 'zod';

/** octavo.yaml: one section of each room, every field optional. */
export const configSchema = z.strictObject({});

export type Config = z.infer<typeof configSchema>;
