// Drives every function of an addon build with random, odd and wrong input; for builds with sanitizers.
// Run: node packages/octavo/native/text/exercise.mjs path/to/text.node [rounds]
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const native = createRequire(import.meta.url)(resolve(process.argv[2]));
const rounds = Number(process.argv[3] ?? 300);

let state = 1;
const random = (below) => {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const pick = (list) => list[random(list.length)];
const parts = [
  'a',
  'th',
  'E',
  "'s",
  "'LL",
  "'\u017f",
  ' ',
  '  ',
  '\n',
  '\r\n',
  '1',
  '中',
  '😀',
  '\ud800',
  '\u0301',
  'ʰ',
  '/',
  '.',
  '\u00a0',
  '='.repeat(60),
];
const text = () => Array.from({ length: random(60) }, () => pick(parts)).join('');
const bytes = () =>
  Uint8Array.from({ length: random(80) }, () =>
    random(3) === 0 ? random(256) : pick([0xc2, 0xe4, 0xf0, 0x9f, 0x80, 0x61, 0x20]),
  );

const train = async (pattern, threads, texts, tokens) => {
  const trainer = native.createTrainer(pattern, threads);
  await native.countWords(trainer, texts);
  await native.countWords(trainer, []);
  return native.learnMerges(trainer, tokens, 1, () => {});
};

for (const pattern of [0, 1, 2]) {
  const texts = Array.from({ length: 200 }, text);
  const [tokens, starts, merges] = await train(pattern, 1, texts, 500);
  const again = await train(pattern, 3, texts.toReversed(), 500);
  assert.deepEqual(again, [tokens, starts, merges]);
  const special = new Uint8Array(starts.length - 1);
  for (const wholeFirst of [false, true]) {
    const tokenizer = native.createTokenizer(pattern, wholeFirst, 0xffffffff, tokens, starts, special, merges);
    for (let round = 0; round < rounds; round++) {
      const input = pick([text, bytes])();
      const expected = typeof input === 'string' ? Buffer.from(input) : Buffer.from(input);
      const ids = native.encode(tokenizer, input);
      assert.deepEqual(Buffer.from(native.decode(tokenizer, ids)), expected);
      const ends = native.scan(pattern, input);
      assert.equal(ends.at(-1) ?? 0, expected.length);
      const [all, idEnds] = native.encodeBatch(tokenizer, [input, '', input], 1 + random(4));
      assert.deepEqual([...all], [...ids, ...ids]);
      assert.deepEqual([...idEnds], [ids.length, ids.length, 2 * ids.length]);
    }
    const short = Array.from({ length: 300 }, () => text().toWellFormed().slice(0, 4).toWellFormed());
    const items = new Uint8Array(16 * short.length);
    for (const [at, one] of short.entries()) items.set([Buffer.byteLength(one), 0, 0, 0, ...Buffer.from(one)], 16 * at);
    const vectors = [{ items: items.subarray(0, 1600) }, { items: items.subarray(1600) }];
    const joined = short.flatMap((one) => [...native.encode(tokenizer, one), 7]);
    for (const threads of [0, 1, 3])
      assert.deepEqual([...(await native.encodeJoined(tokenizer, vectors, 7, threads))], joined);
    assert.equal((await native.encodeJoined(tokenizer, [], 7, 2)).length, 0);
    for (const wrong of [vectors[0], [5], [{}], [{ items: items.subarray(1) }], [{ items: 'a' }]])
      assert.throws(() => native.encodeJoined(tokenizer, wrong, 7, 1));
    assert.throws(() => native.encodeJoined(tokenizer, vectors, starts.length, 1));
    for (const long of ['a'.repeat(5_000), ' '.repeat(5_000), '中'.repeat(2_000), 'thE'.repeat(3_000)])
      assert.equal(Buffer.from(native.decode(tokenizer, native.encode(tokenizer, long))).toString(), long);
    assert.throws(() => native.decode(tokenizer, Uint32Array.of(starts.length)));
    assert.throws(() => native.encode(tokenizer, 5));
    assert.throws(() => native.encode(native.createTrainer(0, 1), 'a'));
    assert.throws(() => native.encode({}, 'a'));
    assert.throws(() => native.encode(tokenizer));
    assert.throws(() => native.encodeBatch(tokenizer, 'a', 1));
  }
  // Vocabularies that do not fit together.
  const create = (change) => {
    const made = { pattern, unknown: 0xffffffff, tokens, starts, special, merges, ...change };
    return native.createTokenizer(
      made.pattern,
      false,
      made.unknown,
      made.tokens,
      made.starts,
      made.special,
      made.merges,
    );
  };
  for (const change of [
    { pattern: 3 },
    { unknown: starts.length },
    { tokens: tokens.subarray(1) },
    { starts: starts.subarray(1) },
    { starts: new Uint32Array(0), special: new Uint8Array(0) },
    { starts: starts.toReversed() },
    { special: special.subarray(1) },
    { special: special.map(() => 1) },
    { merges: merges.subarray(1) },
    { merges: merges.map((id) => id + starts.length) },
    { merges: merges.toReversed() },
    { merges: new Float64Array(3) },
  ])
    assert.throws(() => create(change));
}
const early = native.createTrainer(1, 2);
await native.countWords(early, Array.from({ length: 500 }, text));
native.stopTraining(early);
await native.learnMerges(early, 5_000, 1, () => {});
const busy = native.createTrainer(1, 2);
const first = native.countWords(busy, Array.from({ length: 2_000 }, text));
assert.throws(() => native.countWords(busy, ['a']));
await first;

const table = new Uint32Array(4 * 2 ** 20);
const learnt = new Uint32Array(table.length);
for (let round = 0; round < rounds; round++) {
  const input = pick([
    text,
    () => text().repeat(random(400)),
    () => String.fromCharCode(...Array.from({ length: random(70) }, () => random(65_536))),
  ])();
  const runs = native.minHash(input).subarray(112);
  assert.ok(runs.every((run, n) => n === 0 || run >>> 0 > runs[n - 1] >>> 0));
  native.learnCharacters(table, input);
  const [fraction, exponent] = native.characterOdds(table, input);
  assert.ok(fraction > 0 && fraction <= 1 && exponent <= 0);
  const parts = Array.from({ length: random(12) }, () => Buffer.from(pick([text(), input])));
  let end = 0;
  const ends = Uint32Array.from(parts, ({ length }) => (end += length));
  const spans = native.repeatedSpans(Buffer.concat(parts), ends, 1 + random(40));
  assert.ok(spans.length % 2 === 0 && spans.every((place, n) => place <= end && (n === 0 || place >= spans[n - 1])));
}
const names = [Buffer.from('text'), Buffer.from('a')];
for (let round = 0; round < 10 * rounds; round++) {
  const rows = Array.from({ length: random(5) }, () => {
    const row = JSON.stringify({
      [pick(['a', 'text'])]: pick([1, [text()], { a: null }, text()]),
      text: text().repeat(random(9)),
    });
    return pick([
      row,
      row.replaceAll(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
    ]);
  });
  const lines = Buffer.from(rows.join('\n'));
  for (let change = random(4); change > 0 && lines.length > 0; change--)
    lines[random(lines.length)] = pick([random(256), ...Buffer.from('"\\{}[]:,\n u0')]);
  // A buffer that ends with its last byte shows every read beyond it.
  const exact = new Uint8Array(new ArrayBuffer(lines.length));
  exact.set(lines);
  const lineCount = lines.length === 0 ? 0 : lines.toString('latin1').replace(/\n$/, '').split('\n').length;
  assert.equal(native.jsonRows(exact, names).length, 2 * lineCount);
}
assert.throws(() => native.jsonRows('{}', names));
assert.throws(() => native.jsonRows(names[0]));
for (const wrong of [[], ['text'], Array(17).fill(names[0]), names[0]])
  assert.throws(() => native.jsonRows(names[0], wrong));
assert.throws(() => native.minHash(5));
assert.throws(() => native.minHash());
for (const wrong of [learnt.subarray(1), new Int32Array(learnt.length), 'a', undefined]) {
  assert.throws(() => native.learnCharacters(wrong, 'a'));
  assert.throws(() => native.characterOdds(wrong, 'a'));
}
assert.throws(() => native.learnCharacters(learnt, 5));
assert.throws(() => native.characterOdds(learnt));
for (const [ends, least] of [
  [[1, 2], 5],
  [[3, 2, 3], 5],
  [[], 5],
  [[3], 0],
  [[4], 5],
  [[2, 2 ** 32 - 1], 5],
])
  assert.throws(() => native.repeatedSpans(Buffer.from('abc'), Uint32Array.from(ends), least));
assert.throws(() => native.repeatedSpans('abc', Uint32Array.of(3), 5));
process.stdout.write('every function answered as it should\n');
