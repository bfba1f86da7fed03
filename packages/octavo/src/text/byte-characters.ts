/**
 * The printable stand-ins for bytes in `tokenizer.json`, as GPT-2 chose them: bytes that print keep their character, the
 * others take U+0100 and on, in order. So "Ġthe" is " the".
 */
const characterOf: readonly string[] = (() => {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const prints = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174;
    return String.fromCharCode(prints ? byte : next++);
  });
})();

/** By code; one too many stands for no byte. */
const byteOf = new Uint16Array(0x200).fill(256);
for (const [byte, character] of characterOf.entries()) byteOf[character.charCodeAt(0)] = byte;

export const bytesToCharacters = (bytes: Uint8Array): string => {
  let text = '';
  for (const byte of bytes) text += characterOf[byte];
  return text;
};

/** Undefined if a character stands for no byte. */
export const charactersToBytes = (text: string): Uint8Array | undefined => {
  const bytes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) {
    const byte = byteOf[text.charCodeAt(at)] ?? 256;
    if (byte > 255) return undefined;
    bytes[at] = byte;
  }
  return bytes;
};
