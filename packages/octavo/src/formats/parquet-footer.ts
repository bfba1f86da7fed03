/**
 * Joins Parquet files: groups of rows lie behind one another as they are, and a footer says where. A footer is a struct
 * in Thrift's compact protocol, of which all is copied but the places of what was moved.
 * https://parquet.apache.org/docs/file-format, https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md
 */
import { invariant } from '../core/index.js';

const magic = Buffer.from('PAR1');
/** The length of the footer, and the magic again. */
const endBytes = 8;

/** Numbers of fields that hold a place in the file, by those of the structs that lead to them. */
interface Moved {
  readonly [field: number]: true | Moved;
}
/** Of a group: its columns (their pages of data, index and dictionary, and indices) and its own start. */
const movedInGroup: Moved = { 1: { 2: true, 3: { 9: true, 10: true, 11: true }, 4: true, 6: true }, 5: true };
/** Fields of the footer. */
const [rowsField, groupsField] = [3, 4];

// Types of the protocol; 4 to 6 are integers of three sizes, 9 and 10 lists and sets.
const [yes, no, byte, i16, i64, double, binary, list, set, struct] = [1, 2, 3, 4, 6, 7, 8, 9, 10, 12];

/** Low bits first, seven a byte. Whole numbers are zigzag: twice what they are. */
function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

interface Footer {
  readonly rows: number;
  /** Each with its places moved. */
  readonly groups: readonly Buffer[];
  /** What lies before the number of rows, and behind the groups. */
  readonly around: readonly [Buffer, Buffer];
}

function readFooter(bytes: Buffer, by: number): Footer {
  let at = 0;
  let out: Buffer[] = [];
  let copiedTo = 0;
  const number = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const next = bytes[at++] ?? 0;
      value += (next % 128) * scale;
      if (next < 128) return value;
    }
  };
  const move = (): void => {
    const from = at;
    const place = number();
    // 0: there is none.
    if (place === 0) return;
    out.push(bytes.subarray(copiedTo, from), varint(place + 2 * by));
    copiedTo = at;
  };
  const items = (each: (type: number) => void): void => {
    const head = bytes[at++] ?? 0;
    const length = head >= 0xf0 ? number() : head >> 4;
    for (let n = 0; n < length; n++) each(head % 16);
  };
  const fields = (each: (field: number, type: number) => void): void => {
    for (let field = 0; ; ) {
      const head = bytes[at++] ?? 0;
      if (head === 0) return;
      field = head >= 16 ? field + (head >> 4) : number() / 2;
      each(field, head % 16);
    }
  };
  const pass = (type: number, moved: Moved = {}): void => {
    if (type === byte) at++;
    else if (type >= i16 && type <= i64) number();
    else if (type === double) at += 8;
    else if (type === binary) {
      const length = number();
      at += length;
    } else if (type === list || type === set) items((item) => (item <= no ? at++ : pass(item, moved)));
    else if (type === struct)
      fields((field, kind) => {
        const inside = moved[field];
        if (inside === true) move();
        else pass(kind, inside);
      });
    else invariant(type === yes || type === no, `a footer holds nothing of type ${type}`);
  };
  let rows = 0;
  const groups: Buffer[] = [];
  let [beforeRows, behindGroups] = [0, 0];
  fields((field, type) => {
    if (field === rowsField) {
      beforeRows = at;
      rows = number() / 2;
    } else if (field === groupsField) {
      items(() => {
        out = [];
        copiedTo = at;
        pass(struct, movedInGroup);
        groups.push(Buffer.concat([...out, bytes.subarray(copiedTo, at)]));
      });
      behindGroups = at;
    } else pass(type);
  });
  return { rows, groups, around: [bytes.subarray(0, beforeRows), bytes.subarray(behindGroups)] };
}

/** Takes in files of the same columns, one after another, and gives the bytes of one file that holds all their rows. */
export function joinedParquet() {
  let written = magic.length;
  let rows = 0;
  const groups: Buffer[] = [];
  let around: Footer['around'] | undefined;
  return {
    /** The bytes to write for a file. */
    add: (file: Buffer): Buffer => {
      const end = file.length - endBytes;
      const start = end - file.readUInt32LE(end);
      const footer = readFooter(file.subarray(start, end), written - magic.length);
      // A copy, for the file's own bytes are let go.
      around ??= [Buffer.from(footer.around[0]), Buffer.from(footer.around[1])];
      rows += footer.rows;
      groups.push(...footer.groups);
      const bytes = file.subarray(written === magic.length ? 0 : magic.length, start);
      written += start - magic.length;
      return bytes;
    },
    /** The bytes to write at the end. */
    end: (): Buffer => {
      invariant(around !== undefined, 'there is a file to end');
      const few = groups.length < 15;
      // The next field, a list; its length with the type of its items, or behind it.
      const head = [Buffer.from([16 + list, 16 * (few ? groups.length : 15) + struct]), varint(groups.length)];
      const footer = Buffer.concat([around[0], varint(2 * rows), ...head.slice(0, few ? 1 : 2), ...groups, around[1]]);
      const size = Buffer.alloc(4);
      size.writeUInt32LE(footer.length);
      return Buffer.concat([footer, size, magic]);
    },
  };
}
