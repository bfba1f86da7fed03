/** Checks of numbers that carry one. All are pure and take digits, or letters and digits, without separators. */

/** ISO/IEC 7812: every second digit from the right doubled, digits added, a multiple of ten. All zeros is no number. */
export function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let n = 0; n < digits.length; n++) {
    const digit = digits.charCodeAt(digits.length - 1 - n) - 48;
    const doubled = n % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum > 0 && sum % 10 === 0;
}

/** Letters and digits of an IBAN by country. Source: SWIFT, IBAN registry. */
const ibanLengths: Readonly<Record<string, number>> = Object.fromEntries(
  'AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20'
    .split(' ')
    .map((one) => [one.slice(0, 2), Number(one.slice(2))]),
);

export const ibanLength = (country: string): number | undefined => ibanLengths[country];

/** ISO 7064 mod 97-10: the first four characters moved to the end, letters as 10 to 35; 1 is right. */
export function ibanRemainder(iban: string): number {
  let remainder = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder;
}

const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** GB 11643: region, date of birth, serial number, and a check digit of ISO 7064 mod 11-2. */
export function isResidentId(id: string): boolean {
  const [year, month, day] = [Number(id.slice(6, 10)), Number(id.slice(10, 12)), Number(id.slice(12, 14))];
  if (year < 1900 || year > 2099 || month < 1 || month > 12 || day < 1 || day > 31) return false;
  const sum = weights.reduce((total, weight, n) => total + weight * (id.charCodeAt(n) - 48), 0);
  return '10X98765432'[sum % 11] === id[17]?.toUpperCase();
}

/** Blocks that no public host has: this network, private, shared, loopback, link-local, documentation, multicast, reserved. */
export function isPublicIpv4(address: string): boolean {
  const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
  if (Math.max(a, b, c, d) > 255) return false;
  if (a === 0 || a === 10 || a === 127 || a >= 224) return false;
  if (a === 100 && b >= 64 && b <= 127) return false;
  if (a === 169 && b === 254) return false;
  if (a === 172 && b >= 16 && b <= 31) return false;
  if (a === 192 && (b === 168 || (b === 0 && (c === 0 || c === 2)) || (b === 88 && c === 99))) return false;
  return !((a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) || (a === 203 && b === 0 && c === 113));
}

/** Global unicast is 2000::/3; 2001:db8::/32 and 2001::/23 but for its assigned parts are not. */
export function isPublicIpv6(address: string): boolean {
  const [first = '', second = ''] = address.toLowerCase().split(':');
  const head = Number.parseInt(first, 16);
  if (!(head >= 0x2000 && head <= 0x3fff)) return false;
  const next = Number.parseInt(second === '' ? '0' : second, 16);
  if (head === 0x2001 && (next === 0xdb8 || next < 0x200)) return false;
  return !(head === 0x3fff && next < 0x1000);
}
