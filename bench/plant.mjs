/** Text with known faults: real documents, and among them copies, repeated passages, garbled text, personal data, spam, foreign pages. */

/** Whole numbers below a bound, the same for the same seed. */
export const randomOf = (seed) => {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
};

const digits = (random, count) => Array.from({ length: count }, () => random(10)).join('');
const pick = (random, list) => list[random(list.length)];

const luhnDigit = (body) => {
  const sum = [...body].reverse().reduce((total, digit, n) => {
    const value = n % 2 === 0 ? Number(digit) * 2 : Number(digit);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return `${(10 - (sum % 10)) % 10}`;
};

const ibanOf = (country, account) => {
  const number = [...`${account}${country}00`].map((character) => Number.parseInt(character, 36)).join('');
  return `${country}${String(98n - (BigInt(number) % 97n)).padStart(2, '0')}${account}`;
};

const residentId = (random) => {
  const body = `${pick(random, ['110105', '310104', '440305'])}${1950 + random(55)}${String(1 + random(12)).padStart(2, '0')}${String(1 + random(28)).padStart(2, '0')}${digits(random, 3)}`;
  const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
  const sum = weights.reduce((total, weight, n) => total + weight * Number(body[n]), 0);
  return body + '10X98765432'[sum % 11];
};

const name = (random) =>
  Array.from({ length: 2 + random(2) }, () => pick(random, ['ma', 'ri', 'ko', 'ben', 'lu', 'ta', 'jo', 'san'])).join(
    '',
  );
const letters = (random, count) =>
  Array.from({ length: count }, () =>
    pick(random, [...'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789']),
  ).join('');

/** A value of each kind in the forms in which people write it. */
const personal = {
  email: (random) =>
    `${name(random)}${pick(random, ['.', '_', '+', ''])}${name(random)}@${pick(random, ['mail.', ''])}${name(random)}.${pick(random, ['com', 'org', 'co.uk', 'cn', 'io'])}`,
  phone: (random) =>
    pick(random, [
      () =>
        `+${pick(random, ['44', '49', '33', '61'])} ${2 + random(8)}${digits(random, 1)} ${digits(random, 4)} ${digits(random, 4)}`,
      () => `(${2 + random(8)}${digits(random, 2)}) ${2 + random(8)}${digits(random, 2)}-${digits(random, 4)}`,
      () => `${2 + random(8)}${digits(random, 2)}-${2 + random(8)}${digits(random, 2)}-${digits(random, 4)}`,
      () => `1${3 + random(7)}${digits(random, 9)}`,
      () => `+86 1${3 + random(7)}${digits(random, 1)} ${digits(random, 4)} ${digits(random, 4)}`,
      () => `010-${2 + random(8)}${digits(random, 7)}`,
    ])(),
  ip: (random) =>
    random(4) === 0
      ? `2606:4700:${random(65536).toString(16)}::${(1 + random(65535)).toString(16)}`
      : `${pick(random, [23, 52, 93, 151, 185])}.${random(256)}.${random(256)}.${1 + random(254)}`,
  card: (random) => {
    const body = `4${digits(random, 14)}`;
    return pick(random, [
      (card) => card,
      (card) => card.match(/.{4}/g).join(' '),
      (card) => card.match(/.{4}/g).join('-'),
    ])(body + luhnDigit(body));
  },
  iban: (random) => {
    const iban = pick(random, [
      () => ibanOf('DE', digits(random, 18)),
      () => ibanOf('GB', `WEST${digits(random, 14)}`),
      () => ibanOf('NL', `ABNA${digits(random, 10)}`),
    ])();
    return random(2) === 0 ? iban : iban.match(/.{1,4}/g).join(' ');
  },
  ssn: (random) => `${100 + random(500)}-${10 + random(89)}-${1000 + random(9000)}`,
  resident_id: residentId,
  secret: (random) =>
    pick(random, [
      () => `ghp_${letters(random, 36)}`,
      () => `AKIA${letters(random, 16).toUpperCase()}`,
      () => `npm_${letters(random, 36)}`,
    ])(),
};

const wordRuns = (text) => {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return new Set(
    words.length < 5 ? [words.join(' ')] : words.slice(0, -4).map((_, n) => words.slice(n, n + 5).join(' ')),
  );
};

/** Jaccard's similarity of runs of five words, written out plainly. */
export const similarity = (a, b) => {
  const [x, y] = [wordRuns(a), wordRuns(b)];
  const common = [...x].filter((run) => y.has(run)).length;
  return common / (x.size + y.size - common);
};

const edited = (random, text) => {
  const words = text.split(' ');
  const edits = 1 + random(Math.max(1, Math.floor(words.length / 60)));
  for (let n = 0; n < edits; n++) {
    const at = random(words.length);
    if (random(3) === 0) words.splice(at, 1);
    else words[at] = name(random);
  }
  return words.join(' ');
};

const insert = (random, text, what) => {
  const lines = text.split('\n');
  lines.splice(1 + random(lines.length), 0, what);
  return lines.join('\n');
};

/**
 * Documents of `real` with faults planted in a twentieth of their number each, in a fixed order; `foreign` are pages in
 * other languages. `truth` says what was planted, by id.
 */
export const plant = (given, foreign, seed = 1) => {
  const random = randomOf(seed);
  const share = Math.max(10, Math.floor(given.length / 20));
  // What is garbled or made personal must not lie beside its original: it would go as a copy of it.
  const real = given.filter((_, n) => n % 10 !== 9 || n >= 20 * share);
  const apart = given.filter((_, n) => n % 10 === 9 && n < 20 * share);
  const documents = real.map((text, n) => ({ id: `real/${n}`, text }));
  const truth = { exact: [], near: [], passages: [], garbled: [], personal: [], spam: [], foreign: [] };
  const add = (id, text) => documents.push({ id, text });
  const source = () => random(real.length);
  const passage = real.reduce((longest, text) => (text.length > longest.length ? text : longest), '').slice(200, 1400);
  for (let n = 0; n < share; n++) {
    add(`exact/${n}`, real[source()]);
    truth.exact.push(`exact/${n}`);

    const original = source();
    const near = edited(random, real[original]);
    add(`near/${n}`, near);
    truth.near.push({ id: `near/${n}`, similarity: similarity(real[original], near) });

    add(
      `passage/${n}`,
      `${edited(random, foreign.length > 0 ? real[source()].slice(0, 900).split('').reverse().join('') : '')}\n${passage}\n`,
    );
    truth.passages.push({ id: `passage/${n}`, passage });

    const accented = `${insert(random, apart[(2 * n) % apart.length], `“Où est l’été ?” — ${name(random)} naïve café n° ${n}.`)}`;
    add(`garbled/${n}`, new TextDecoder('windows-1252').decode(Buffer.from(accented)));
    truth.garbled.push({ id: `garbled/${n}`, text: accented });

    const kind = pick(random, Object.keys(personal));
    const value = personal[kind](random);
    add(
      `personal/${n}`,
      insert(random, apart[(2 * n + 1) % apart.length], `They wrote ${value} into the form of ${name(random)}.`),
    );
    truth.personal.push({ id: `personal/${n}`, kind, value });

    add(
      `spam/${n}`,
      `Buy cheap ${name(random)} now! ${`Best ${name(random)} price, click here to order now! `.repeat(20 + random(20))}`,
    );
    truth.spam.push(`spam/${n}`);

    if (foreign.length > 0) {
      add(`foreign/${n}`, foreign[n % foreign.length]);
      truth.foreign.push(`foreign/${n}`);
    }
  }
  return { documents, truth };
};
