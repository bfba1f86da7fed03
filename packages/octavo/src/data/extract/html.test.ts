import { describe, expect, it } from 'vitest';
import { extractArticle } from './html.js';

describe('extractArticle', () => {
  it('gives the text of a page, its title and language', () => {
    const page =
      '<html lang=en><title>On whales</title><nav><a href=/>Home</a></nav><p>Call me <b>Ishmael</b>.<p>Some years ago.';
    expect(extractArticle(page)).toEqual({
      title: 'On whales',
      language: 'en',
      text: 'Call me Ishmael.\n\nSome years ago.',
    });
  });
});
