import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSafetensors, type TensorToWrite, writeSafetensors } from './safetensors.js';
import { type SafetensorsDtype, safetensorsDtypes } from './safetensors-header.js';

// Written by scripts/golden/safetensors-golden.py with safetensors 0.8.0.
const golden = fileURLToPath(new URL('fixtures/golden.safetensors', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'octavo-safetensors-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const inFolder = (name: string) => join(folder, name);

/** A file from a header given as text and some bytes of data. */
function crafted(header: string, dataBytes = 0, claimed = Buffer.byteLength(header)): string {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(BigInt(claimed));
  const path = inFolder('crafted.safetensors');
  writeFileSync(path, Buffer.concat([prefix, Buffer.from(header), Buffer.alloc(dataBytes)]));
  return path;
}
const entry = (dtype: string, shape: readonly unknown[], offsets: readonly unknown[]) =>
  JSON.stringify({ dtype, shape, data_offsets: offsets });

describe('openSafetensors', () => {
  it('reads what the reference library wrote', () => {
    const file = openSafetensors(golden);
    const { tensors, metadata, read } = file;
    expect([...metadata]).toEqual(
      expect.arrayContaining([
        ['format', 'pt'],
        ['note', 'naïve'],
      ]),
    );
    expect([...tensors.keys()].sort()).toEqual(
      [
        'bytes.u8',
        'empty',
        'ids.i32',
        'ids.i64',
        'ids.u16',
        'ids.u32',
        'mask.bool',
        'scalar',
        'weights.f16',
        'weights.f32',
        'weights.f64',
        '名字 "quoted"',
      ].sort(),
    );
    expect(tensors.get('weights.f32')).toMatchObject({ dtype: 'F32', shape: [3, 5], bytes: 60 });
    expect(tensors.get('scalar')).toMatchObject({ dtype: 'F32', shape: [], bytes: 4 });
    expect(tensors.get('empty')).toMatchObject({ dtype: 'F32', shape: [0, 4], bytes: 0 });
    expect([...new BigInt64Array(read('ids.i64').buffer)]).toEqual([-(2n ** 62n), 0n, 2n ** 62n]);
    expect([...new Int32Array(read('ids.i32').buffer)]).toEqual([-7, 7]);
    expect([...new Uint32Array(read('ids.u32').buffer)]).toEqual([0, 2 ** 32 - 1]);
    expect([...new Uint16Array(read('ids.u16').buffer)]).toEqual([65535, 1]);
    expect([...read('mask.bool')]).toEqual([1, 0, 1]);
    expect([...new Float32Array(read('scalar').buffer)]).toEqual([0.5]);
    expect([...new Float32Array(read('名字 "quoted"').buffer)]).toEqual([1]);
    // numpy.random.default_rng(8).standard_normal((2, 3)).
    const weights = new Float64Array(read('weights.f64').buffer);
    expect([...weights]).toEqual([
      -1.738266398496882, -1.3366427931811324, -1.361106708564987, -0.35161713127840977, -2.3125815796967033,
      -0.18889719608460778,
    ]);
    expect(() => read('absent')).toThrow(/no tensor "absent"/);
    file.close();
    expect(() => read('scalar')).toThrow(/closed/);
  });

  const one = entry('F32', [2], [0, 8]);
  it.each([
    ['an unknown dtype', `{"a":${entry('F33', [2], [0, 8])}}`, 8, /unknown dtype "F33"/],
    ['a dtype from the prototype', `{"a":${entry('constructor', [2], [0, 8])}}`, 8, /unknown dtype/],
    ['a name that comes twice', `{"a":${one},"a":${one}}`, 8, /"a" comes twice/],
    ['a field that comes twice', `{"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8, /twice/],
    ['a tensor beyond the file', `{"a":${entry('F32', [4], [0, 16])}}`, 8, /bytes 0 to 16 of 8/],
    ['a tensor before the data', `{"a":${entry('F32', [2], [-8, 0])}}`, 8, /bytes -8 to 0/],
    ['a size that does not match', `{"a":${entry('F32', [3], [0, 8])}}`, 8, /12 bytes, but has 8/],
    ['a product of 2^64', `{"a":${entry('F32', [2 ** 31, 2 ** 31], [0, 8])}}`, 8, /too large/],
    ['a product of 2^53 with a zero', `{"a":${entry('U8', [2 ** 52, 2 ** 52, 0], [0, 0])}}`, 0, /too large/],
    ['a fractional size', `{"a":${entry('U8', [1.5], [0, 1])}}`, 1, /fractional/],
    ['a negative size', `{"a":${entry('U8', [-1], [0, 1])}}`, 1, /negative/],
    ['sizes that are text', `{"a":${entry('U8', ['1'], [0, 1])}}`, 1, /no usable shape/],
    ['three offsets', `{"a":${entry('U8', [1], [0, 1, 1])}}`, 1, /data_offsets/],
    ['1e999 as an offset', '{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1e999]}}', 1, /too large/],
    ['a gap', `{"a":${one},"b":${entry('U8', [1], [9, 10])}}`, 10, /gap/],
    ['an overlap', `{"a":${one},"b":${entry('U8', [1], [7, 8])}}`, 8, /overlaps/],
    ['bytes that belong to nobody', `{"a":${one}}`, 9, /1 bytes belong to no tensor/],
    ['metadata that is not text', '{"__metadata__":{"a":1}}', 0, /__metadata__\.a is not text/],
    ['a list', '[]', 0, /does not start with \{/],
    ['text after the header', '{} x', 0, /text follows/],
    ['an extra field', `{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1],"x":1}}`, 1, /nothing else/],
    ['deep nesting', `{"a":${'['.repeat(1e5)}`, 0, /nested/],
  ])('refuses %s', (_, header, dataBytes, message) => {
    expect(() => openSafetensors(crafted(header, dataBytes))).toThrow(message);
  });

  it('refuses lengths that lie, without reserving them', () => {
    expect(() => openSafetensors(crafted('{}', 0, 3))).toThrow(/claims 3 bytes of a file of 10/);
    expect(() => openSafetensors(crafted('{}', 0, 2 ** 53))).toThrow(/claims/);
    expect(() => openSafetensors(crafted('{', 0))).toThrow(/too few/);
    expect(() => openSafetensors(folder)).toThrow(/not a regular file/);
    expect(() => openSafetensors(inFolder('absent'))).toThrow(/cannot open/);
  });

  it('survives any change of a byte or of the length: a whole reading or a FILE_INVALID', () => {
    const original = readFileSync(golden);
    const path = inFolder('mutated.safetensors');
    fc.assert(
      fc.property(
        fc.array(fc.record({ at: fc.nat(original.length - 1), to: fc.nat(255) }), { minLength: 1, maxLength: 4 }),
        fc.nat(original.length),
        fc.boolean(),
        (changes, length, cut) => {
          const bytes = Buffer.from(cut ? original.subarray(0, length) : original);
          for (const { at, to } of changes) if (at < bytes.length) bytes[at] = to;
          writeFileSync(path, bytes);
          try {
            const file = openSafetensors(path);
            let total = 0;
            for (const name of file.tensors.keys()) total += file.read(name).length;
            file.close();
            expect(total).toBeLessThanOrEqual(bytes.length);
          } catch (error) {
            expect(error).toMatchObject({ code: 'FILE_INVALID' });
          }
        },
      ),
      { numRuns: 1500 },
    );
  });
});

describe('writeSafetensors', () => {
  const dtypes = Object.keys(safetensorsDtypes).filter((name): name is SafetensorsDtype => name in safetensorsDtypes);
  const aTensor = fc
    .record({
      name: fc.oneof(fc.string(), fc.constantFrom('7', '__proto__', 'constructor', 'a/b')),
      dtype: fc.constantFrom(...dtypes),
      shape: fc.array(fc.nat(4), { maxLength: 3 }),
      seed: fc.nat(255),
    })
    .map(({ name, dtype, shape, seed }) => {
      const bytes = shape.reduce((a, b) => a * b, safetensorsDtypes[dtype]);
      return { name, dtype, shape, data: Uint8Array.from({ length: bytes }, (_, i) => (i * 7 + seed) % 256) };
    });
  const tensors = fc.uniqueArray(aTensor, { selector: ({ name }) => name, maxLength: 6 });

  it('is read back as it was, whatever the names, dtypes and shapes, and aligned', async () => {
    const path = inFolder('a.safetensors');
    await fc.assert(
      fc.asyncProperty(
        tensors,
        fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true }),
        async (written, metadata) => {
          await writeSafetensors(path, written, metadata);
          const file = openSafetensors(path);
          expect(file.tensors.size).toBe(written.length);
          for (const { name, dtype, shape, data } of written) {
            expect(file.tensors.get(name)).toMatchObject({ dtype, shape });
            expect((file.tensors.get(name)?.offset ?? 1) % safetensorsDtypes[dtype]).toBe(0);
            expect(file.read(name)).toEqual(data);
          }
          expect(new Map(file.metadata)).toEqual(new Map(Object.entries(metadata)));
          file.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('gives the same bytes as the reference library for the same tensors', async () => {
    const file = openSafetensors(golden);
    const copies: TensorToWrite[] = [...file.tensors].map(([name, { dtype, shape }]) => ({
      name,
      dtype,
      shape,
      data: () => file.read(name),
    }));
    const path = inFolder('copy.safetensors');
    await writeSafetensors(path, copies, Object.fromEntries(file.metadata));
    file.close();
    expect(readFileSync(path).equals(readFileSync(golden))).toBe(true);
  });

  it('leaves the old file and nothing else when a tensor is wrong', async () => {
    const path = inFolder('a.safetensors');
    const good: TensorToWrite = { name: 'a', dtype: 'U8', shape: [2], data: new Uint8Array([1, 2]) };
    await writeSafetensors(path, [good]);
    const before = readFileSync(path);
    await expect(writeSafetensors(path, [{ ...good, shape: [3] }])).rejects.toThrow(/3 bytes, but was given 2/);
    await expect(writeSafetensors(path, [good, good])).rejects.toThrow(/comes twice/);
    await expect(writeSafetensors(path, [{ ...good, shape: [-1] }])).rejects.toThrow(/impossible shape/);
    await expect(writeSafetensors(path, [{ ...good, name: '\ud800' }])).rejects.toThrow(/Unicode/);
    await expect(writeSafetensors(join(path, 'x'), [good])).rejects.toMatchObject({ code: 'FILE_NOT_WRITTEN' });
    expect(readFileSync(path).equals(before)).toBe(true);
    expect(readdirSync(folder)).toEqual(['a.safetensors']);
  });
});
