import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { prose } from '../step.test-support.js';
import { findPii, piiFields, replacePii } from './pii.js';
import { ibanRemainder, isPublicIpv4, isPublicIpv6, isResidentId, passesLuhn } from './pii-numbers.js';

const rules = z.object(piiFields).parse({});
const found = (text: string) => findPii(text).map(({ kind, from, to }) => `${kind} ${text.slice(from, to)}`);

describe('numbers with a check', () => {
  it.each(['4111111111111111', '79927398713', '378282246310005', '5555555555554444'])('%s passes Luhn', (digits) => {
    expect(passesLuhn(digits)).toBe(true);
  });
  it.each(['4111111111111112', '79927398710', '0000000000000000'])('%s does not', (digits) => {
    expect(passesLuhn(digits)).toBe(false);
  });
  it('IBAN: 1 is the remainder of a right one', () => {
    expect(ibanRemainder('GB82WEST12345698765432')).toBe(1);
    expect(ibanRemainder('DE89370400440532013000')).toBe(1);
    expect(ibanRemainder('DE89370400440532013033')).not.toBe(1);
  });
  it('resident id: date and check digit', () => {
    expect(isResidentId('11010519491231002X')).toBe(true);
    expect(isResidentId('440524188001010014')).toBe(false);
    expect(isResidentId('110105194912310021')).toBe(false);
  });
  it.each([
    ['8.8.8.8', true],
    ['10.0.0.1', false],
    ['127.0.0.1', false],
    ['192.168.1.1', false],
    ['172.16.0.1', false],
    ['172.32.0.1', true],
    ['100.64.0.1', false],
    ['203.0.113.7', false],
    ['256.1.1.1', false],
  ])('%s is public: %s', (address, isPublic) => {
    expect(isPublicIpv4(address)).toBe(isPublic);
  });
  it('IPv6: only global unicast', () => {
    expect(['2606:4700::1111', 'fe80::1', '::1', '2001:db8::1', 'fd00::1'].map(isPublicIpv6)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe('findPii', () => {
  const key = 'aB3dE5gH7jK9mN1pQ3sT5vW7yZ9bC1dE3fG5';
  it.each([
    ['Write to jane.doe+news@mail.example.co.uk.', 'email jane.doe+news@mail.example.co.uk'],
    ["<o'neil@example.org>", "email o'neil@example.org"],
    ['call +44 20 7946 0958 now', 'phone +44 20 7946 0958'],
    ['call +14155552671.', 'phone +14155552671'],
    ['(415) 555-2671, please', 'phone (415) 555-2671'],
    ['1-800-555-0199', 'phone 1-800-555-0199'],
    ['手机13812345678。', 'phone 13812345678'],
    ['手机 138 1234 5678', 'phone 138 1234 5678'],
    ['电话：010-62345678', 'phone 010-62345678'],
    ['from 93.184.216.34 port 22', 'ip 93.184.216.34'],
    ['at 2606:4700:4700::1111 now', 'ip 2606:4700:4700::1111'],
    ['card 4111 1111 1111 1111', 'card 4111 1111 1111 1111'],
    ['card 3782-822463-10005.', 'card 3782-822463-10005'],
    ['IBAN GB82 WEST 1234 5698 7654 32 THANKS', 'iban GB82 WEST 1234 5698 7654 32'],
    ['DE89370400440532013000', 'iban DE89370400440532013000'],
    ['SSN 536-90-4399', 'ssn 536-90-4399'],
    ['his social security number is 536904399', 'ssn 536904399'],
    ['id 440305197911098451 here', 'resident_id 440305197911098451'],
    ['身份证号11010519491231002X', 'resident_id 11010519491231002X'],
    [`token ghp_${key}`, `secret ghp_${key}`],
    ['AKIAQ3EGRW7ZP5TB2KLM', 'secret AKIAQ3EGRW7ZP5TB2KLM'],
    [
      '-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----',
      'secret -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----',
    ],
  ])('in %j: %s', (text, expected) => {
    expect(found(text)).toEqual([expected]);
  });

  it.each([
    'npm install left-pad@1.3.0 and git@github.com:a/b.git',
    'The year 1984-05-06, at 12:34:56, on 2024-01-02T03:04:05Z',
    'localhost 127.0.0.1, 10.1.2.3 and 192.168.0.1; version 1.2.3.4; Git 1.8.1.5; section 24.6.1.6',
    '4111 1111 1111 1112 and 1234567890123456 and 0000 0000 0000 0000',
    'GB82 WEST 1234 5698 7654 33',
    '000-12-3456, 666-12-3456, 900-12-3456, 123-00-4567',
    '110105194912310021',
    '3.14159265358979, 1,234,567,890, $1,234,567.89',
    'uuid 123e4567-e89b-12d3-a456-426614174000, sha 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b',
    'ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    'std::vector<int>::iterator a::b::c, fe80::1, ::1, 2001:db8::1',
    '+1 for this, 1 + 2 = 3, 800-1234, pages 100-200',
    prose(5, 30),
  ])('nothing in %j', (text) => {
    expect(found(text)).toEqual([]);
  });

  it('replaces by tokens, counts by kind, and finds nothing afterwards', () => {
    const text = 'a@b.org, c@d.org or (415) 555-2671';
    expect(replacePii(text, rules)).toEqual({ text: '[email], [email] or [phone]', counts: { email: 2, phone: 1 } });
    expect(replacePii(text, { ...rules, kinds: ['phone'], token: '<{kind}>' }).text).toBe(
      'a@b.org, c@d.org or <phone>',
    );
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'a1@.:-+( 0GB4AK/'.split('')) }), (any) => {
        const once = replacePii(any, rules).text;
        expect(replacePii(once, rules).text.length).toBeLessThanOrEqual(once.length + 20);
      }),
    );
  });

  it('takes time in proportion to the text, whatever it is', () => {
    for (const part of [
      '@',
      'a@',
      'a.',
      '1',
      '1 ',
      '1-',
      '+1',
      '(1',
      ':',
      '1:',
      'A1',
      'GB82',
      'eyJ',
      'eyJa.',
      '-----BEGIN ',
      '-----BEGIN PRIVATE KEY-----',
      'a@a.',
      '1.',
      'sk-',
    ]) {
      const text = part.repeat(200_000 / part.length);
      const startedMs = performance.now();
      replacePii(text, rules);
      expect(performance.now() - startedMs, part).toBeLessThan(3000);
    }
  });
});
