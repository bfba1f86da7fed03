/** Which document first had a digest: 128 bits of a hash in an open table of typed arrays, 20 bytes a place. */
export interface DigestTable {
  /** The first document with this digest, or undefined: then `document` is noted as it. */
  readonly firstOf: (digest: Uint8Array, document: number) => number | undefined;
}

const words = 4;

export function digestTable(expected: number): DigestTable {
  let size = 64;
  while (size < 2 * expected) size *= 2;
  let keys = new Int32Array(words * size);
  let documents = new Int32Array(size);
  let count = 0;
  const wanted = new Int32Array(words);
  /** The place of the digest in `wanted`: where it is, or the empty one where it belongs. */
  const find = (): number => {
    for (let slot = (wanted[0] ?? 0) & (size - 1); ; slot = (slot + 1) & (size - 1)) {
      if (documents[slot] === 0) return slot;
      let same = true;
      for (let n = 0; n < words; n++) if (keys[words * slot + n] !== wanted[n]) same = false;
      if (same) return slot;
    }
  };
  const grow = () => {
    const [oldKeys, oldDocuments] = [keys, documents];
    size *= 2;
    keys = new Int32Array(words * size);
    documents = new Int32Array(size);
    for (let at = 0; at < oldDocuments.length; at++) {
      if (oldDocuments[at] === 0) continue;
      wanted.set(oldKeys.subarray(words * at, words * (at + 1)));
      const slot = find();
      keys.set(wanted, words * slot);
      documents[slot] = oldDocuments[at] ?? 0;
    }
  };
  return {
    firstOf: (digest, document) => {
      const load = (): void => {
        const view = new DataView(digest.buffer, digest.byteOffset);
        for (let n = 0; n < words; n++) wanted[n] = view.getInt32(4 * n, true);
      };
      load();
      const slot = find();
      const known = documents[slot] ?? 0;
      if (known !== 0) return known - 1;
      keys.set(wanted, words * slot);
      documents[slot] = document + 1;
      if (++count > size / 2) grow();
      return undefined;
    },
  };
}
