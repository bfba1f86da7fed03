// Inputs made from a seed, a target and a number alone, so that each can be made again.

/** mulberry32 */
export function randomOf(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const mostBytes = 32_768;
/** Lengths, counts and places at the edges of the types that hold them, and bytes that begin something. */
const odd = ['ff', '00', 'ffff', 'ffffffff', '7fffffff', '80000000', '00000080', 'ffffffffffffff7f', 'ffffffffffffffff']
  .concat(['efbbbf', 'fffe', 'eda080', 'f09f9880', 'c080', '0d0a', '1f8b', '28b52ffd', '504b0304'])
  .map((hex) => Buffer.from(hex, 'hex'));
const numbers = [
  '0',
  '-1',
  '1e999',
  '00',
  '4294967296',
  '9007199254740993',
  '18446744073709551616',
  '1e-9',
  '999999999999999',
];
const pick = (list, random) => list[random(list.length)];

/** Below `limit`, small ones more often. */
const some = (random, limit) => random(random(limit) + 1);

function changeOnce(bytes, { samples, tokens = [] }, random) {
  const at = random(bytes.length + 1);
  const to = Math.min(bytes.length, at + 1 + some(random, 64));
  const replace = (from, end, ...parts) => Buffer.concat([bytes.subarray(0, from), ...parts, bytes.subarray(end)]);
  switch (random(10)) {
    case 0:
      if (at < bytes.length) bytes[at] ^= 1 << random(8);
      return bytes;
    case 1:
      if (at < bytes.length) bytes[at] = random(256);
      return bytes;
    case 2:
      return bytes.subarray(0, at);
    case 3: {
      pick(odd, random).copy(bytes, at);
      return bytes;
    }
    case 4:
      return replace(to, to, ...Array(1 + some(random, 300)).fill(bytes.subarray(at, to)));
    case 5:
      return replace(at, to);
    case 6:
    case 7:
      return replace(
        at,
        random(2) === 0 ? at : to,
        Buffer.from(tokens.length === 0 ? pick(odd, random) : pick(tokens, random)),
      );
    case 8: {
      const other = Buffer.from(pick(samples, random));
      const from = random(other.length + 1);
      return replace(at, to, other.subarray(from, from + some(random, 400)));
    }
    default: {
      // A number written in digits becomes another.
      const text = bytes.toString('latin1');
      const found = [...text.matchAll(/\d+/g)];
      if (found.length === 0) return bytes;
      const { index, 0: digits } = pick(found, random);
      return replace(index, index + digits.length, Buffer.from(pick(numbers, random)));
    }
  }
}

/** A changed copy of one of the samples. `repair` puts checksums right again, half of the time. */
export function changed(target, random) {
  let bytes = Buffer.from(pick(target.samples, random));
  for (let change = some(random, 6); change >= 0; change--) {
    bytes = Buffer.from(changeOnce(bytes, target, random).subarray(0, mostBytes));
  }
  if (target.repair !== undefined && random(2) === 0) target.repair(bytes);
  return bytes;
}

/** Something repeated until it has so many bytes, inside a sample: what takes time by the square of it shows here. */
export function grown({ samples, tokens = [] }, random, size) {
  const sample = Buffer.from(pick(samples, random));
  const at = random(sample.length + 1);
  const part = () => {
    if (tokens.length > 0 && random(4) > 0) return Buffer.from(pick(tokens, random));
    const from = random(sample.length);
    return sample.subarray(from, from + 1 + some(random, 12));
  };
  const run = (bytes) => {
    const unit = Buffer.concat([part(), ...Array.from({ length: some(random, 3) }, part)]);
    if (unit.length === 0) return unit;
    return Buffer.alloc(bytes - (bytes % unit.length), unit);
  };
  const runs = random(2) === 0 ? [run(size)] : [run(size / 2), ...(random(2) === 0 ? [part()] : []), run(size / 2)];
  return Buffer.concat([sample.subarray(0, at), ...runs, random(2) === 0 ? sample.subarray(at) : Buffer.alloc(0)]);
}
