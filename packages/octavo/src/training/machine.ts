import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Backend, chooseIsa, loadAddon, type MachineFacts, measureMachine, nativeBackend } from '@octavo/engine';
import { z } from 'zod';
import { writeFileAtomic } from '../core/index.js';

const factsSchema: z.ZodType<MachineFacts> = z.object({
  cpu: z.string(),
  isa: z.string(),
  threads: z.number().int().positive(),
  form: z.enum(['widened', 'dot', 'half']),
  mixedPrecision: z.enum(['float32', 'bfloat16', 'float16']),
  gflops: z.object({ float32: z.number(), mixed: z.number() }),
  peakGflops: z.object({ fma: z.number(), dot: z.number(), half: z.number() }),
  readGigabytesPerSecond: z.number(),
});

/** What the machine was seen to do: measured once, kept in the cache, measured again on another processor or setting. */
export async function machineFacts(cacheFolder: string, isa: string | undefined): Promise<MachineFacts> {
  const path = join(cacheFolder, 'machine.json');
  if (existsSync(path)) {
    const known = factsSchema.safeParse(parseJson(readFileSync(path, 'utf8')));
    if (known.success && known.data.cpu === loadAddon().cpu && known.data.isa === chooseIsa(isa)) return known.data;
  }
  const facts = await measureMachine(isa === undefined ? {} : { isa });
  mkdirSync(cacheFolder, { recursive: true });
  writeFileAtomic(path, `${JSON.stringify(facts, null, 2)}\n`);
  return facts;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The native backend with the settings that the machine was measured with. */
export const backendFor = (facts: MachineFacts, threads = facts.threads): Backend =>
  nativeBackend({ isa: facts.isa, form: facts.form, threads });
