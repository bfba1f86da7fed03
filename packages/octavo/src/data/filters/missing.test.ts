import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fillMissing, missingFields } from './missing.js';

const rules = (given: object) => z.strictObject(missingFields).parse(given);
const bare = { id: 'notes/a', licence: 'unknown' };
const all = rules({ title: 'infer', time: 'infer', licence: 'infer' });

describe('missing fields', () => {
  it('stay by default', () => {
    expect(fillMissing(bare, '# A title', rules({}))).toEqual({ facts: {}, changes: {} });
  });

  it('take a default, and never replace what is known', () => {
    const given = rules({ licence: { default: 'MIT' }, title: { default: 'Untitled' } });
    expect(fillMissing({ ...bare, title: 'Known' }, 'text', given)).toEqual({
      facts: { licence: 'MIT' },
      changes: { 'missing.licence.default': 1 },
    });
  });

  it('drop the document', () => {
    expect(fillMissing(bare, 'text', rules({ url: 'drop' })).dropped).toEqual({
      reason: 'missing.url',
      detail: 'the source tells no url',
    });
    expect(fillMissing({ ...bare, url: 'https://a.example/' }, 'text', rules({ url: 'drop' })).dropped).toBeUndefined();
  });

  it.each([
    ['notes/a', '## On whales \n\nThey swim.', { title: 'On whales' }],
    ['notes/a#0001', 'On whales\nThey swim.', { title: 'On whales' }],
    ['notes/a#0002', 'and they swim\nfar.', {}],
    ['notes/a', `${'long '.repeat(40)}\nThey swim.`, {}],
    ['blog/2024/05/17/whales', ' ', { time: '2024-05-17' }],
    ['blog/2024/05/whales', ' ', { time: '2024-05' }],
    ['blog/2024/02/31/whales', ' ', {}],
    ['blog/20240517', ' ', {}],
    ['notes/a', 'x\nSent 2011-11-30', { title: 'x', time: '2011-11-30' }],
    ['notes/a', 'x\nhttps://creativecommons.org/licenses/by-sa/4.0/', { title: 'x', licence: 'CC-BY-SA-4.0' }],
    ['notes/a', 'x\nhttp://www.creativecommons.org/publicdomain/zero/1.0', { title: 'x', licence: 'CC0-1.0' }],
    ['notes/a', 'x\n// SPDX-License-Identifier: Apache-2.0', { title: 'x', licence: 'Apache-2.0' }],
  ])('of %s are inferred (%#)', (id, text, facts) => {
    expect(fillMissing({ ...bare, id }, text, all).facts).toEqual(facts);
  });

  it('take their time from the address before the id', () => {
    const document = { ...bare, id: 'blog/2001/01/x', url: 'https://a.example/2024/05/17/x.html' };
    expect(fillMissing(document, '', all).facts).toEqual({ time: '2024-05-17' });
  });
});
