import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Backend, byteLengthOf, type DeviceBuffer, type DType } from '@octavo/engine';
import { z } from 'zod';
import { fail, syncFolder, writeFileAtomic } from '../core/index.js';
import { openSafetensors, writeSafetensors } from '../formats/index.js';
import { gptConfigSchema } from '../models/index.js';

const fileEntry = z.object({ bytes: z.number().int().nonnegative(), sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/** What a checkpoint says of itself; written last, so its presence means that all else is whole. */
const manifestSchema = z.strictObject({
  format: z.literal('octavo-checkpoint'),
  version: z.literal(1),
  /** Optimiser steps applied. */
  step: z.number().int().nonnegative(),
  model: gptConfigSchema,
  /** SHA-256 of the tokenizer that the tokens came from. */
  tokenizerHash: z.string(),
  lossScale: z.number().positive(),
  /** Steps in a row that were not applied. */
  skipped: z.number().int().nonnegative(),
  /** What else must be equal for a resume to be bit-identical: optimiser, batch, seed, machine form. */
  recipe: z.record(z.string(), z.unknown()),
  files: z.record(z.string(), fileEntry),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestHead = Omit<Manifest, 'format' | 'version' | 'files'>;

export interface Checkpoint {
  readonly folder: string;
  readonly manifest: Manifest;
}

const mostManifestBytes = 16 * 1024 * 1024;
const weightsFile = 'model.safetensors';
const optimiserFile = 'optimiser.safetensors';
const averageFile = 'average.safetensors';

/** In which file a tensor of the state lies, and its name there: weights and averages as other tools name them. */
function placeOf(name: string): { readonly file: string; readonly key: string } {
  const [kind = '', path = ''] = [name.slice(0, name.indexOf(':')), name.slice(name.indexOf(':') + 1)];
  if (kind === 'parameter') return { file: weightsFile, key: path };
  return kind === 'average' ? { file: averageFile, key: path } : { file: optimiserFile, key: name };
}

/** The file of the last weights, or of their moving average. Errors: CHECKPOINT_ABSENT where no average was kept. */
export function weightsOf({ folder, manifest }: Checkpoint, which: 'trained' | 'average' = 'trained'): string {
  if (which === 'average' && manifest.files[averageFile] === undefined)
    throw fail('CHECKPOINT_ABSENT', {
      what: 'this model was trained without a moving average of its weights',
      where: folder,
      remedy: 'set pretrain.average or finetune.average and train again',
    });
  return join(folder, which === 'average' ? averageFile : weightsFile);
}
const nameOf = (step: number): string => `step-${String(step).padStart(6, '0')}`;

const hashFile = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/**
 * Saves a state as `folder/step-N`: written beside, every file synced, the manifest last, then renamed; older checkpoints
 * beyond `keep` are deleted only after that. Returns the folder. Errors: FILE_NOT_WRITTEN, the earlier checkpoints intact.
 */
export async function saveCheckpoint(
  folder: string,
  the: {
    readonly head: ManifestHead;
    readonly state: ReadonlyMap<string, DeviceBuffer>;
    readonly backend: Backend;
    readonly keep: number;
  },
): Promise<{ readonly path: string; readonly bytes: number }> {
  const path = join(folder, nameOf(the.head.step));
  const beside = `${path}.tmp-${process.pid}`;
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder))
    if (name.includes('.tmp-')) rmSync(join(folder, name), { recursive: true, force: true });
  mkdirSync(beside);
  try {
    const written: Record<string, { readonly bytes: number; readonly sha256: string }> = {};
    for (const file of [weightsFile, averageFile, optimiserFile]) {
      const tensors = [...the.state].flatMap(([name, buffer]) => {
        const place = placeOf(name);
        const dtype = buffer.type.dtype === 'bfloat16' ? ('BF16' as const) : ('F32' as const);
        const data = () => the.backend.bytes(buffer);
        return place.file === file ? [{ name: place.key, dtype, shape: buffer.type.shape, data }] : [];
      });
      if (tensors.length === 0 && file !== weightsFile) continue;
      await writeSafetensors(join(beside, file), tensors, file === optimiserFile ? {} : { format: 'pt' });
      written[file] = { bytes: statSync(join(beside, file)).size, sha256: hashFile(join(beside, file)) };
    }
    const manifest: Manifest = { format: 'octavo-checkpoint', version: 1, ...the.head, files: written };
    writeFileAtomic(join(beside, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    rmSync(path, { recursive: true, force: true });
    renameSync(beside, path);
    syncFolder(dirname(path));
    const all = listCheckpoints(folder);
    for (const old of all.slice(0, -the.keep)) rmSync(join(folder, old), { recursive: true, force: true });
    return { path, bytes: Object.values(written).reduce((total, { bytes }) => total + bytes, 0) };
  } catch (cause) {
    rmSync(beside, { recursive: true, force: true });
    throw cause;
  }
}

const listCheckpoints = (folder: string): readonly string[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /^step-\d+$/.test(name))
        .sort((a, b) => Number(a.slice(5)) - Number(b.slice(5)))
    : [];

/** Reads and verifies one checkpoint: manifest, sizes, hashes. Errors: CHECKPOINT_CORRUPT. */
export function openCheckpoint(folder: string): Checkpoint {
  const corrupt = (what: string, cause?: unknown) =>
    fail('CHECKPOINT_CORRUPT', {
      what,
      where: folder,
      remedy: 'use an earlier checkpoint, or train again',
      ...(cause === undefined ? {} : { cause }),
    });
  // Reading a pipe or a device might never end.
  const isFileOf = (path: string, fits: (bytes: number) => boolean): boolean => {
    const status = statSync(path, { throwIfNoEntry: false });
    return status?.isFile() === true && fits(status.size);
  };
  let manifest: Manifest;
  try {
    const path = join(folder, 'manifest.json');
    if (!isFileOf(path, (bytes) => bytes <= mostManifestBytes)) throw new Error('it is no file of that kind');
    manifest = manifestSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (cause) {
    throw corrupt('its manifest.json is absent or malformed', cause);
  }
  for (const [name, { bytes, sha256 }] of Object.entries(manifest.files)) {
    const path = join(folder, basename(name));
    if (!isFileOf(path, (size) => size === bytes))
      throw corrupt(`${name} is absent or has another size than the manifest says`);
    if (hashFile(path) !== sha256) throw corrupt(`${name} is not what was saved: its SHA-256 differs`);
  }
  return { folder, manifest };
}

/** The newest checkpoint that verifies, and what was skipped on the way to it. */
export function newestCheckpoint(folder: string): {
  readonly checkpoint: Checkpoint | undefined;
  readonly skipped: readonly string[];
} {
  const skipped: string[] = [];
  for (const name of listCheckpoints(folder).toReversed()) {
    try {
      return { checkpoint: openCheckpoint(join(folder, name)), skipped };
    } catch (error) {
      skipped.push(error instanceof Error ? error.message : name);
    }
  }
  return { checkpoint: undefined, skipped };
}

/** The numbers of a tensor as they lie in a file. */
function numbersOf(bytes: Uint8Array, dtype: DType): ArrayLike<number> {
  if (dtype === 'float32') return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const words = new Uint32Array(bytes.byteLength / 2);
  const halves = new Uint16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 2);
  halves.forEach((half, i) => {
    words[i] = half * 65536;
  });
  return new Float32Array(words.buffer);
}

/** Fills buffers from a verified checkpoint; all of them must be there. Errors: CHECKPOINT_CORRUPT, FILE_INVALID. */
export function restoreState({ folder }: Checkpoint, state: ReadonlyMap<string, DeviceBuffer>, backend: Backend): void {
  const files = new Map(
    [weightsFile, averageFile, optimiserFile]
      .filter((file) => existsSync(join(folder, file)))
      .map((file) => [file, openSafetensors(join(folder, file))]),
  );
  try {
    for (const [name, buffer] of state) {
      const { file, key } = placeOf(name);
      const tensors = files.get(file);
      const bytes = tensors?.tensors.has(key) ? tensors.read(key) : undefined;
      if (bytes === undefined || bytes.byteLength !== byteLengthOf(buffer.type))
        throw fail('CHECKPOINT_CORRUPT', {
          what: `tensor ${key} is absent or has another shape or type than the model`,
          where: folder,
          remedy: 'train again with the current configuration',
        });
      backend.write(buffer, numbersOf(bytes, buffer.type.dtype));
    }
  } finally {
    for (const file of files.values()) file.close();
  }
}
