/**
 * Text with known faults: real documents, and behind them copies, repeated passages, garbled text, personal data, spam and
 * foreign pages. Every document is made from its number alone, so any amount of text takes no memory, and any document
 * can be made again to be looked at.
 */

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

/** Sentences of real text, each once: what documents are put together from where real ones do not suffice. */
export const sentencesOf = (texts, isOne = (line) => /^[“"'\p{Lu}].*\s.*\s.*\s.*[.!?]["”']?$/su.test(line)) => {
  const sentences = new Set();
  for (const text of texts)
    for (const paragraph of text.split(/\n{2,}/))
      for (const piece of paragraph.replaceAll(/\s+/g, ' ').split(/(?<=[.!?]["”']?) (?=[“"'\p{Lu}])|(?<=[。！？])/u)) {
        // Longer ones would themselves be repeated passages.
        if (piece.length >= 30 && piece.length <= 150 && isOne(piece)) sentences.add(piece);
      }
  return [...sentences];
};

const mixed = (random, sentences, characters) => {
  let text = '';
  while (text.length < characters) text += `${pick(random, sentences)}${random(5) === 0 ? '\n\n' : ' '}`;
  return text.trim();
};

export const kinds = ['exact', 'near', 'passage', 'garbled', 'personal', 'spam', 'foreign'];

/**
 * About `bytes` of documents: those of `real` as they are, then as many as are wanted of their sentences in another order,
 * then a twentieth of their number of each kind of fault. `foreign` are lists of sentences, one a language.
 */
export const plant = ({ real, foreign, bytes, seed = 1 }) => {
  const sentences = sentencesOf(real);
  const count = Math.max(200, Math.round((0.8 * bytes) / 3000));
  const share = Math.floor(count / 20);
  const passage = real.reduce((longest, text) => (text.length > longest.length ? text : longest), '').slice(200, 1400);
  const randomFor = (kind, n) =>
    randomOf(Math.imul(seed * 8 + kinds.indexOf(kind) + 1, 0x9e3779b1) ^ Math.imul(n, 0x85ebca6b));
  const realText = (n) => {
    if (n < real.length) return real[n];
    const random = randomFor('real', n);
    return mixed(random, sentences, 1500 + random(3000));
  };
  // What is garbled or made personal must not lie beside its original: it would go as a copy of it.
  const apart = (place, n) => realText(count + place * share + n);
  const make = {
    exact: (random) => {
      const original = random(count);
      return { original, text: realText(original) };
    },
    near: (random) => {
      const original = random(count);
      return { original, text: edited(random, realText(original)) };
    },
    passage: (random, n) => ({ text: insert(random, apart(0, n), passage) }),
    garbled: (random, n) => {
      const accented = insert(random, apart(1, n), `“Où est l’été ?” — ${name(random)} naïve café n° ${n}.`);
      return { text: new TextDecoder('windows-1252').decode(Buffer.from(accented)), line: '“Où est l’été ?” — ' };
    },
    personal: (random, n) => {
      const kind = pick(random, Object.keys(personal));
      const value = personal[kind](random);
      const line = `They wrote ${value} into the form of ${name(random)}.`;
      return { kind, value, text: insert(random, apart(2, n), line) };
    },
    spam: (random) => ({
      text: `Buy cheap ${name(random)} now! ${`Best ${name(random)} price, click here to order now! `.repeat(20 + random(20))}`,
    }),
    foreign: (random, n) => ({ text: mixed(random, foreign[n % foreign.length], 1500 + random(1500)) }),
  };
  const planted = foreign.length === 0 ? kinds.filter((kind) => kind !== 'foreign') : kinds;
  /** The document of a number: its kind, its text and what was planted in it. */
  const at = (number) => {
    if (number < count) return { kind: 'real', text: realText(number) };
    const n = Math.floor((number - count) / planted.length);
    const kind = planted[(number - count) % planted.length];
    const made = make[kind](randomFor(kind, n), n);
    return { planted: kind, ...made };
  };
  const kindOf = (number) => (number < count ? 'real' : planted[(number - count) % planted.length]);
  return { documents: count + share * planted.length, at, kindOf, passage };
};
