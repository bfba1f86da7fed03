/** Conversions between float32 and the 16-bit storage types, for reading and writing buffers from JavaScript. */
const word = new Float32Array(1);
const bits = new Uint32Array(word.buffer);

/** Rounds to nearest even; NaN stays NaN. */
export function toBfloat16(value: number): number {
  word[0] = value;
  const u = bits[0];
  if ((u & 0x7fffffff) > 0x7f800000) return (u >>> 16) | 0x40;
  return ((u + 0x7fff + ((u >>> 16) & 1)) >>> 16) & 0xffff;
}

export function fromBfloat16(half: number): number {
  bits[0] = half << 16;
  return word[0];
}

/** Rounds to nearest even, with subnormals and infinities. */
export function toFloat16(value: number): number {
  word[0] = value;
  const u = bits[0];
  const sign = (u >>> 16) & 0x8000;
  const magnitude = u & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  if (magnitude >= 0x47800000) return sign | 0x7c00;
  if (magnitude < 0x38800000) {
    const steps = Math.abs(word[0]) * 2 ** 24;
    const floor = Math.floor(steps);
    const rest = steps - floor;
    return sign | (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor);
  }
  const rebased = magnitude - 0x38000000;
  return sign | ((rebased + 0xfff + ((rebased >>> 13) & 1)) >>> 13);
}

export function fromFloat16(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const fraction = half & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

/** Many at once: a 16-bit array from numbers … */
export function toHalves(data: ArrayLike<number>, round: (value: number) => number): Uint16Array {
  const halves = new Uint16Array(data.length);
  for (let i = 0; i < halves.length; i++) halves[i] = round(data[i]);
  return halves;
}

/** … and back. A loop: `Float32Array.from` with a function takes ten times as long. */
export function fromHalves(halves: Uint16Array, widen: (half: number) => number): Float32Array {
  const values = new Float32Array(halves.length);
  for (let i = 0; i < values.length; i++) values[i] = widen(halves[i]);
  return values;
}
