/**
 * Which encoding bytes are in, for files that do not say. Valid UTF-8 is UTF-8; else UTF-16 by its zeros; else the candidate
 * whose letters are those that its languages use most. What fits none stays UTF-8, and is dropped later as damaged.
 */
import { TextDecoder } from 'node:util';

/** Names a user may give; all are labels of the WHATWG Encoding Standard. */
export const encodings = [
  'auto',
  'utf-8',
  'latin1',
  'utf-16le',
  'utf-16be',
  'gb18030',
  'big5',
  'shift_jis',
  'euc-jp',
  'euc-kr',
  'windows-1250',
  'windows-1251',
  'windows-1252',
  'windows-1253',
  'windows-1254',
  'windows-1255',
  'windows-1256',
  'windows-1257',
  'windows-1258',
  'koi8-r',
] as const;

/** Bytes from the start of a file that its encoding is told by. */
export const sampleBytes = 65_536;

/** The most used letters outside ASCII of the languages that write in an encoding. */
const common = {
  gb18030:
    '的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运',
  big5: '的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日者意無力它與長把機十民第公此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加月話合回特代內信表化老給世位次度門任常先海通教原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活更別打女變四神總何電數安少報才結反受目太量再感建務做接必場件計管期市直資命山金指許統區保至',
  japanese:
    'のにはをたがでてとしれさあいうえおかきくけこすせそちつなねひふへほまみむめもやゆよらりるろわんっゃゅょだどばぶべじずげごぎぐ・ーアイウエオカキクコサシスセタチツテトナニノハフマムメモラリルレロンッャュョドバブプパジデグ日人一大年本国会中出時行見者月分後前生間上東自',
  'euc-kr':
    '이다는의에을가고하지은를한도로사어기서나리인자시대해아그들부전있것과스정수보일라주제적으니만여장마상들유원구동조안게면세국공우무소교과모진생비오할했었습된중때음말년월및더와요',
  cyrillic: 'оеаинтсрвлкмдпуяыьгзбчйхжшюіїє',
  greek: 'αοιετσνυρκπμλςηωίάόέγδθή',
  hebrew: 'יוהלאםמרתשנבכ',
  arabic: 'اليمنوتربدعكسهفقحة',
  turkish: 'ıİşŞğĞçüöÇÜÖ',
  western: 'éèàçüöäñßóíáêâôîûúãõåæøœëïùÉÈÀÇÜÖÄÑÁÓÅØ’‘“”–—…«»°€£',
  central: 'ąęłżźśćńřčšžěůőűďťňýíáéúóöüŁŻŚČŠŽ„”–’',
  baltic: 'āēīūčšžģķļņąęėįųŠŽČĀĒ',
} as const;

const candidates: readonly (readonly [label: string, letters: keyof typeof common])[] = [
  ['gb18030', 'gb18030'],
  ['big5', 'big5'],
  ['shift_jis', 'japanese'],
  ['euc-jp', 'japanese'],
  ['euc-kr', 'euc-kr'],
  ['windows-1252', 'western'],
  ['windows-1251', 'cyrillic'],
  ['koi8-r', 'cyrillic'],
  ['windows-1250', 'central'],
  ['windows-1253', 'greek'],
  ['windows-1255', 'hebrew'],
  ['windows-1256', 'arabic'],
  ['windows-1254', 'turkish'],
  ['windows-1257', 'baltic'],
];
const commonLetters = new Map(Object.entries(common).map(([name, letters]) => [name, new Set(letters)]));

/** Sequences of several bytes that are UTF-8, and bytes that are not; one cut at the end counts as neither. */
export function countUtf8(bytes: Uint8Array): { readonly sequences: number; readonly invalid: number } {
  let sequences = 0;
  let invalid = 0;
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at] ?? 0;
    if (lead < 0x80) {
      at++;
      continue;
    }
    const length =
      lead >= 0xc2 && lead <= 0xdf ? 2 : lead >= 0xe0 && lead <= 0xef ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
    let follow = 1;
    while (follow < length && ((bytes[at + follow] ?? 0) & 0xc0) === 0x80) follow++;
    if (length > 0 && at + follow === bytes.length && follow < length) {
      // Alone, such an end is more likely a letter of another encoding.
      if (sequences === 0) invalid++;
      break;
    }
    if (length === 0 || follow < length) {
      invalid++;
      at++;
      continue;
    }
    sequences++;
    at += length;
  }
  return { sequences, invalid };
}

/** UTF-16 without a mark: text of ASCII letters has a zero in every second byte. */
function utf16Of(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | undefined {
  const zeros = [0, 0];
  const pairs = bytes.length >> 1;
  for (let at = 0; at < 2 * pairs; at++) if (bytes[at] === 0) zeros[at & 1] = (zeros[at & 1] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  if (pairs >= 2 && odd > 0.3 * pairs && even < 0.05 * pairs) return 'utf-16le';
  return pairs >= 2 && even > 0.3 * pairs && odd < 0.05 * pairs ? 'utf-16be' : undefined;
}

/** Letters of these stand among those of ASCII, seldom two in a row. */
const latin: ReadonlySet<string> = new Set(['western', 'central', 'turkish', 'baltic']);

/** A decoder that gives pieces of text. Always as a stream: for whole texts, Node 20 reads windows-1252 as ISO 8859-1. */
export function decoderOf(label: string): (piece?: Uint8Array) => string {
  const decoder = new TextDecoder(label);
  return (piece) => (piece === undefined ? decoder.decode() : decoder.decode(piece, { stream: true }));
}

/** How well bytes read in an encoding: the mean over characters outside ASCII of what each says for it. */
function fitOf(bytes: Uint8Array, label: string, name: string): number {
  const letters = commonLetters.get(name) ?? new Set();
  const isLatin = latin.has(name);
  let score = 0;
  let characters = 0;
  let before = 'a';
  for (const character of decoderOf(label)(bytes)) {
    const code = character.codePointAt(0) ?? 0;
    if (code >= 0x80) {
      characters++;
      if (code === 0xfffd) score -= 10;
      else if (isLatin && before >= '\u00c0' && code >= 0xc0) score -= 1;
      else if (letters.has(character)) score += 3;
      else if (code < 0xa0 || (code >= 0xe000 && code < 0xf900) || (code >= 0xff61 && code < 0xffa0)) score -= 4;
      else if ((code >= 0x3000 && code <= 0x303f) || (code >= 0xff00 && code < 0xff61)) score += 2;
      else if (code >= 0x3400 && code <= 0xd7af) score += 0.2;
      else if (/\p{Ll}|\p{Lo}/u.test(character)) score += 0.5;
      else if (/\p{Lu}/u.test(character)) score += /[\s\p{Lu}\p{P}]/u.test(before) ? 0.5 : -2;
      else score -= 0.5;
    }
    before = character;
  }
  return characters === 0 ? 0 : score / characters;
}

const markOf = (bytes: Uint8Array): string | undefined => {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 'utf-8' : undefined;
};

/** What a page or an XML file says of its encoding in its first kilobytes, if such an encoding is known. */
export function declaredCharset(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.subarray(0, 4096)).toString('latin1');
  const label =
    /^\s*<\?xml[^>]{0,200}\sencoding\s*=\s*["']([\w-]{1,40})/i.exec(start)?.[1] ??
    /<meta\s[^>]{0,200}charset\s*=\s*["']?\s*([\w-]{1,40})/i.exec(start)?.[1];
  if (label === undefined || /^utf-?16/i.test(label)) return undefined;
  try {
    return new TextDecoder(label).encoding;
  } catch {
    return undefined;
  }
}

/** The encoding of a file from its first bytes, as a label that TextDecoder knows. */
export function detectCharset(start: Uint8Array): string {
  const bytes = start.subarray(0, sampleBytes);
  const mark = markOf(bytes);
  if (mark !== undefined) return mark;
  const { sequences, invalid } = countUtf8(bytes);
  const wide = utf16Of(bytes);
  if (wide !== undefined) return wide;
  if (invalid === 0 || sequences > 4 * invalid) return 'utf-8';
  const declared = declaredCharset(bytes);
  if (declared !== undefined && declared !== 'utf-8') return declared;
  let best = 'utf-8';
  let highest = 0.5;
  for (const [label, name] of candidates) {
    const score = fitOf(bytes, label, name);
    if (score > highest) {
      highest = score;
      best = label;
    }
  }
  return best;
}
