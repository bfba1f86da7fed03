import { describe, expect, it } from 'vitest';
import { countUtf8, decoderOf, detectCharset } from './charset.js';
import { textPieces } from './text-pieces.js';

/** Bytes of a text in an encoding that Node only decodes: found by decoding all pairs of bytes once. */
function encoder(label: string): (text: string) => Uint8Array {
  const bytesOf = new Map<string, readonly number[]>();
  const decoder = new TextDecoder(label);
  for (let first = 0; first < 256; first++) {
    const one = decoderOf(label)(Uint8Array.of(first));
    if (one.length === 1 && one !== '\ufffd') bytesOf.set(one, [first]);
  }
  for (let first = 0x81; first < 255; first++) {
    for (let second = 0x40; second < 255; second++) {
      const two = decoder.decode(Uint8Array.of(first, second));
      if (two.length === 1 && two !== '\ufffd' && !bytesOf.has(two)) bytesOf.set(two, [first, second]);
    }
  }
  return (text) => Uint8Array.from(Array.from(text).flatMap((character) => bytesOf.get(character) ?? []));
}

const samples: Readonly<Record<string, string>> = {
  gb18030: '今天早上船队回到港口，码头上没有人想到会有这么多的鱼，中午以前冰就已经用完了。大家都很高兴。',
  big5: '今天早上船隊回到港口，碼頭上沒有人想到會有這麼多的魚，中午以前冰就已經用完了。大家都很高興。',
  shift_jis: '今朝、船が港に戻ってきました。これほど多くの魚がとれるとは、だれも思っていませんでした。',
  'euc-jp': '今朝、船が港に戻ってきました。これほど多くの魚がとれるとは、だれも思っていませんでした。',
  'euc-kr': '오늘 아침에 배들이 항구로 돌아왔습니다. 이렇게 많은 고기를 잡을 것이라고는 아무도 생각하지 못했습니다.',
  'windows-1251': 'Сегодня утром лодки вернулись в порт, и никто на причале не ожидал такого большого улова.',
  'koi8-r': 'Сегодня утром лодки вернулись в порт, и никто на причале не ожидал такого большого улова.',
  'windows-1252':
    'À l’aube, les bateaux sont rentrés au port; personne n’avait espéré une telle pêche. Où est passée la glace?',
  'windows-1250':
    'Dziś rano łodzie wróciły do portu i nikt nie spodziewał się tak dużego połowu. Żadnej więcej ryby, mówił kucharz.',
  'windows-1253': 'Σήμερα το πρωί τα πλοία γύρισαν στο λιμάνι και κανείς δεν περίμενε τόσα πολλά ψάρια.',
};

async function* inPieces(bytes: Uint8Array, size: number) {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}
const read = async (bytes: Uint8Array, size = 7, encoding = 'auto') => {
  let text = '';
  for await (const piece of textPieces(inPieces(bytes, size), encoding)) text += piece;
  return text;
};

describe('the encoding of a file', () => {
  it.each(Object.entries(samples))('is told for %s', (label, text) => {
    const bytes = encoder(label)(text);
    expect(decoderOf(label)(bytes)).toBe(text);
    expect(detectCharset(bytes)).toBe(label);
  });

  it('is UTF-8 where that is valid, or nearly: a damaged file is not guessed at', () => {
    expect(detectCharset(Buffer.from('plain'))).toBe('utf-8');
    expect(detectCharset(Buffer.from('价格是五元。'))).toBe('utf-8');
    expect(detectCharset(Buffer.from('价格是五元。').subarray(0, 5))).toBe('utf-8');
    expect(detectCharset(Buffer.concat([Buffer.from('价格是五元，不多。'), Buffer.of(0xff)]))).toBe('utf-8');
    expect(detectCharset(Uint8Array.from({ length: 4000 }, (_, at) => 128 + ((at * 7919) % 127)))).toBe('utf-8');
    expect(countUtf8(Buffer.from('é\xff', 'latin1'))).toEqual({ sequences: 0, invalid: 2 });
  });

  it('is UTF-16 by its mark or its zeros, and what a page says where it is not UTF-8', () => {
    const wide = Buffer.from('sixteen bits', 'utf16le');
    expect(detectCharset(wide)).toBe('utf-16le');
    expect(detectCharset(Buffer.from(wide).swap16())).toBe('utf-16be');
    expect(detectCharset(Buffer.from('\ufeff中', 'utf16le').swap16())).toBe('utf-16be');
    expect(detectCharset(Buffer.from('<meta charset="iso-8859-7"><p>\xe1', 'latin1'))).toBe('iso-8859-7');
    expect(detectCharset(Buffer.from('<?xml version="1.0" encoding="windows-1254"?><p>\xfd', 'latin1'))).toBe(
      'windows-1254',
    );
    expect(detectCharset(Buffer.from('<meta charset="no-such">caf\xe9 cr\xe8me', 'latin1'))).toBe('windows-1252');
  });

  it('is told before the first piece is read, whatever the size of the pieces', async () => {
    for (const size of [1, 7, 100_000]) {
      expect(await read(Buffer.from('caf\xe9, d\xe9j\xe0 vu', 'latin1'), size)).toBe('café, déjà vu');
      expect(await read(Buffer.from('\ufeffmarked 中'), size)).toBe('marked 中');
      expect(await read(Buffer.from('\ufeffmarked 中', 'utf16le'), size, 'utf-8')).toBe('marked 中');
    }
    expect(await read(Buffer.from('caf\xe9', 'latin1'), 1, 'utf-8')).toBe('caf\ufffd');
    expect(await read(new Uint8Array())).toBe('');
  });
});
