import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { repairMojibake } from './repair-mojibake.js';

const windows1252 = new TextDecoder('windows-1252');
const garbled = (text: string): string => windows1252.decode(Buffer.from(text));

describe('repairMojibake', () => {
  const texts = [
    '“Où est l’été ?” — dit-elle, à côté de la fenêtre fermée.',
    'Ångström, naïve café, Żółć, Ďábelské ódy, 5 × 3 ÷ 2 ° ½',
    'Привет, мир! Как дела?',
    'Γειά σου Κόσμε',
    '他说：“你好。”然后离开了房间。',
    'emoji 😀 and 👍 too',
    'שלום עולם',
  ];

  it.each(texts)('turns %j back from Windows-1252, Latin-1, and twice over', (text) => {
    expect(repairMojibake(garbled(text)).text).toBe(text);
    expect(repairMojibake(Buffer.from(text).toString('latin1')).text).toBe(text);
    expect(repairMojibake(garbled(garbled(text))).text).toBe(text);
  });

  it.each([
    ...texts,
    'Ein Wort wie „ABGRÖ“ oder “CAFÉ” bleibt, auch É… und “FUSÃO”.',
    'ÀÉÈÜÖÄ, Ñandú, ¿qué? «Ça» ±5 °C, £3, © 2020 Ž',
    'plain ASCII',
    'Ü™, Ö–, É—',
  ])('leaves %j alone', (text) => {
    expect(repairMojibake(text)).toEqual({ text, places: 0 });
  });

  it('counts places, and is stable', () => {
    expect(repairMojibake('itâ€™s naÃ¯ve').places).toBe(2);
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'aéßÃ©â€™ö…“”Âð'.split('')) }), (text) => {
        const { text: once } = repairMojibake(text);
        expect(repairMojibake(once).text).toBe(once);
      }),
    );
  });
});
