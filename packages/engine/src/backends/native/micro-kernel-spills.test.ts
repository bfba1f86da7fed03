/**
 * The inner loops of the matrix product keep their sums in registers: a compiler that spills one halves the speed and
 * changes no result, so only the machine code shows it. Reads the objects of the last native build.
 */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

interface Instruction {
  readonly address: number;
  readonly text: string;
}
interface Loop {
  readonly name: string;
  readonly body: readonly Instruction[];
}

const multiplies = /^(vfmadd\d+p[sh]|vdpbf16ps|vpdpbusd)\b/;

/** The innermost loops with multiply-adds in the functions whose mangled name matches. */
function loopsOf(object: string, names: RegExp): readonly Loop[] {
  const listing = execFileSync('objdump', ['-d', '--no-show-raw-insn', object], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return listing.split(/\n\n/).flatMap((block) => {
    const name = /^[0-9a-f]+ <(\S+)>:/m.exec(block)?.[1];
    return name !== undefined && names.test(name) ? loopsIn(name, block) : [];
  });
}

function loopsIn(name: string, block: string): readonly Loop[] {
  const code = [...block.matchAll(/^\s*([0-9a-f]+):\s+(.+?)\s*$/gm)].map(
    ([, address, text]): Instruction => ({ address: Number.parseInt(address ?? '', 16), text: text ?? '' }),
  );
  return code.flatMap((jump, end) => {
    const target = /^j\w+\s+([0-9a-f]+)/.exec(jump.text)?.[1];
    const start = target === undefined ? -1 : code.findIndex(({ address }) => address === Number.parseInt(target, 16));
    if (start < 0 || start > end) return [];
    const body = code.slice(start, end + 1);
    const outer = body.slice(0, -1).some(({ text }) => {
      const inner = /^j\w+\s+([0-9a-f]+)/.exec(text)?.[1];
      return (
        inner !== undefined &&
        Number.parseInt(inner, 16) >= (body[0]?.address ?? 0) &&
        Number.parseInt(inner, 16) <= jump.address
      );
    });
    return !outer && body.some(({ text }) => multiplies.test(text)) ? [{ name, body }] : [];
  });
}

/** Vectors stored to memory, and anything through the stack pointer. */
const stackTraffic = ({ body }: Loop): readonly string[] =>
  body.map(({ text }) => text).filter((text) => /%[xyz]mm\d+(\{%k\d\})?,[^%]*\(/.test(text) || /\(%rsp/.test(text));

const units = [
  { object: 'isa-avx512', names: /multiplyTile[123](Interleaved)?(E|$)/, functions: 6, sums: 24 },
  { object: 'isa-avx2', names: /multiplyTile[12](Interleaved)?(E|$)/, functions: 4, sums: 12 },
  { object: 'form-dot', names: /multiplyPairs[123](Interleaved)?(E|$)/, functions: 6, sums: 24 },
  { object: 'form-half', names: /multiplyHalves[123](Interleaved)?(E|$)/, functions: 6, sums: 24 },
];

const pathOf = (object: string): string => fileURLToPath(new URL(`../../../native/build/${object}.o`, import.meta.url));

function hasObjdump(): boolean {
  try {
    execFileSync('objdump', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const missing =
  process.arch !== 'x64'
    ? 'x86-64'
    : !hasObjdump()
      ? 'objdump'
      : units.find(({ object }) => !existsSync(pathOf(object)))?.object;
if (missing !== undefined) console.warn(`micro-kernels: SKIPPED, no ${missing} here`);

describe.skipIf(missing !== undefined)('the inner loops of the product', () => {
  it.each(units)('stay in registers in $object', ({ object, names, functions, sums }) => {
    const loops = loopsOf(pathOf(object), names);
    expect(new Set(loops.map(({ name }) => name)).size).toBe(functions);
    expect(loops.flatMap(stackTraffic)).toEqual([]);
    const widest = loops.map(
      ({ body }) =>
        new Set(body.filter(({ text }) => multiplies.test(text)).map(({ text }) => text.split(',').at(-1))).size,
    );
    expect(Math.max(...widest)).toBe(sums);
  });

  it('finds a spill where there is one', () => {
    const block = [
      '0000000000000000 <spilt>:',
      '   0:\tvmovups (%rdi),%zmm1',
      '   6:\tvfmadd231ps %zmm1,%zmm2,%zmm3',
      '   c:\tvmovaps %zmm3,0x40(%rbp)',
      '  12:\tdec    %rcx',
      '  15:\tjne    0 <spilt>',
    ].join('\n');
    expect(loopsIn('spilt', block).flatMap(stackTraffic)).toEqual(['vmovaps %zmm3,0x40(%rbp)']);
  });
});
