import { join } from 'node:path';
import { z } from 'zod';
import { writeFileAtomic } from '../core/index.js';
import { kubernetesManifest } from '../data/index.js';
import { findProjectFolder, parseRunName } from '../project/index.js';
import type { Command, ExitCode, Invocation } from './command.js';
import { parseOptions } from './options.js';

const quantity = z.string().regex(/^\d+(\.\d+)?(m|k|Ki|[MGTP]i?)?$/, 'a quantity such as 4Gi');
const name = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'small letters, digits and hyphens')
  .max(50);
const Options = z.object({
  run: z.string().default('main'),
  workers: z.coerce.number().int().min(1).max(10_000).default(4),
  name: name.default('octavo'),
  image: z.string().min(1).max(500).optional(),
  cpu: quantity.default('1'),
  memory: quantity.default('4Gi'),
  claim: name.optional(),
  storage: quantity.default('100Gi'),
  storageClass: name.optional(),
  wait: z.coerce.number().min(0).max(100_000).default(1440),
  out: z.string().min(1).optional(),
});

export const kubernetesOptions: Command['options'] = [
  { form: '--name <name>', says: 'with kubernetes: begins the names of what is made (octavo)' },
  { form: '--image <image>', says: 'with kubernetes: the image, in which npx octavo runs (node:VERSION, as here)' },
  { form: '--cpu <count>', says: 'with kubernetes: processors of each process (1)' },
  { form: '--claim <name>', says: 'with kubernetes: a volume claim that is there; without it one is asked for' },
  { form: '--storage <size>', says: 'with kubernetes: size of the volume (100Gi)' },
  { form: '--storage-class <name>', says: 'with kubernetes: its class, which must allow ReadWriteMany' },
];

/** `octavo data kubernetes`: a manifest of a volume, a Job of the run and an Indexed Job of workers. */
export const dataKubernetes = async ({ options, json, terminal, cwd }: Invocation): Promise<ExitCode> => {
  const {
    run,
    out,
    wait,
    image = `node:${process.versions.node.split('.')[0]}`,
    ...asked
  } = parseOptions(Options, options);
  const manifest = kubernetesManifest({
    ...asked,
    image,
    run: parseRunName(run),
    program: ['npx', 'octavo'],
    waitMinutes: wait,
  });
  if (out === undefined) terminal.out(manifest);
  else {
    const path = join(findProjectFolder(cwd), out);
    writeFileAtomic(path, manifest);
    terminal.out(json ? `${JSON.stringify({ path })}\n` : `wrote ${out}; look at it, then: kubectl apply -f ${out}\n`);
  }
  return 0;
};
