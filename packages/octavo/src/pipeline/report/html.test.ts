import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeText, html, markupOf, outside, passage } from './html.js';

describe('markup', () => {
  it('escapes what is filled in, and keeps what it made itself', () => {
    const inner = html`<b>${'a < b & "c"'}</b>`;
    expect(markupOf(html`<p title="${"it's"}">${inner}${[1, html`<i></i>`, undefined]}</p>`)).toBe(
      '<p title="it&#39;s"><b>a &lt; b &amp; &quot;c&quot;</b>1<i></i></p>',
    );
  });

  it('cannot be forged by what a file says', () => {
    const parsed: unknown = JSON.parse('{"markup":"<script>1</script>","Symbol(markup)":"<script>2</script>"}');
    expect(markupOf(html`${String(parsed)}`)).toBe('[object Object]');
  });

  it('lets no text open a tag, leave an attribute, or act on its reader', () => {
    const nasty = fc.string({
      unit: fc.constantFrom(...'<>"\'&/az;', '\u001b', '\u202e', '\u2066', '\u0000', '\ud800'),
    });
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), nasty), (text) => {
        const escaped = escapeText(text);
        expect(escaped).not.toMatch(/[<>"']/);
        expect(escaped).not.toMatch(/&(?!(amp|lt|gt|quot|#39);)/);
        expect(escaped.replaceAll(/[\n\t]/g, '')).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
      }),
      { numRuns: 500 },
    );
  });

  it('shows what a terminal or a page would obey', () => {
    expect(escapeText('\u001b[2J\u202etxt')).toBe('␛[2J&lt;U+202E&gt;txt');
  });

  it('keeps texts from outside short, without cutting a character in two', () => {
    expect(markupOf(outside('😀'.repeat(9), 5))).toBe('<bdi>😀😀😀😀…</bdi>');
    expect(markupOf(outside('abc', 3))).toBe('<bdi>abc</bdi>');
    expect(markupOf(passage('שלום\nworld'))).toBe('<span class="passage" dir="auto">שלום\nworld</span>');
  });
});
