import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { wikitextToText } from './wikitext.js';
import { withoutQuotes } from './wikitext-inline.js';
import { commonNamespaces } from './wikitext-links.js';

const german = new Map([...commonNamespaces, ['datei', 6], ['kategorie', 14]]);

describe('wikitext', () => {
  it.each<readonly [string, string, string]>([
    ['paragraphs', 'One\ntwo.\n\n\nThree.', 'One two.\n\nThree.'],
    ['line breaks', 'One<br>two<br />three', 'One\ntwo\nthree'],
    ['headings', '== A ==\ntext\n=== B ===\nmore', '## A\n\ntext\n\n### B\n\nmore'],
    ['empty sections', 'x\n== A ==\n=== B ===\n<references/>\n== C ==\ny\n== D ==\n{{reflist}}', 'x\n\n## C\n\ny'],
    ['italics and bold', "''a'' '''b''' '''''c''''' ''''d''''", "a b c 'd'"],
    [
      'links',
      '[[bus]]es, [[Car|cars]], [[#Top|up]], [[A (b)|]], [[:Category:X]], [[wikt:y|y]]',
      'buses, cars, up, A, Category:X, y',
    ],
    ['no links', '[[a\nb]] [[unclosed', 'a b unclosed'],
    ['links beside the text', 'a[[fr:Un]] [[Category:B]][[category:c|d]]\n[[zh-yue:E]]', 'a'],
    ['files', 'a [[File:B.jpg|thumb|c [[d]] of [[File:e.png]]]] [[Bild:F.png|g]] h', 'a h'],
    [
      'external links',
      '[https://a.example b c], [https://a.example], [//x y] https://z.example',
      'b c, , y https://z.example',
    ],
    ['references', 'a.<ref name="x">{{cite|y}}</ref> b<ref name=x /> <ref>open\n\nc<ref>d</ref>.', 'a. b open\n\nc.'],
    ['comments', 'a<!-- b -->c\n<!-- alone -->\nd <!-- no end', 'ac d'],
    ['nowiki', "<nowiki>[[a]] ''b'' &lt;</nowiki><nowiki/> ''c''", "[[a]] ''b'' < c"],
    [
      'code',
      'See <code>x = 1</code>:\n<syntaxhighlight lang="c">\nint  a[[1]];\n</syntaxhighlight>\nend',
      'See `x = 1`:\n\n```\nint  a[[1]];\n```\n\nend',
    ],
    ['indented code', "a\n '''if''' b\n   c\nd", 'a\n\n```\nif b\n  c\n```\n\nd'],
    ['formulas', 'where <math display="inline">\n  x^2\n</math> is', 'where $x^2$ is'],
    ['raised numbers', '10<sup>−6</sup> H<sub>2</sub>O, 1<sup>st</sup>', '10⁻⁶ H₂O, 1st'],
    ['lists', '* a\n** b\n# c\n#: d\n* {{cite}}\n: e', '- a\n  - b\n1. c\n  d\n\ne'],
    ['definitions', '; Term\n: what it is\n: and more\n;T2: d2', 'Term\n: what it is\n: and more\nT2\n: d2'],
    [
      'a table',
      '{| class="wikitable"\n|+ Ships\n! Name !! style="x" | Year\n|-\n| [[Pequod|P]] || 1851\n|-\n| a<br>b\n* c\n| x<nowiki>|</nowiki>y\n|}',
      'Ships\n\n| Name | Year |\n| P | 1851 |\n| a b c | x\\|y |',
    ],
    ['a table that lays out', '{|\n|\n* a\n|\n* b\n|}', '- a\n- b'],
    ['tables in tables', '{|\n| \n{|\n| a || b\n|}\n| c\n|}\nd', '| a | b |\n\nc\n\nd'],
    ['an infobox', '{| class="infobox"\n| a || b\n|}\nc', 'c'],
    [
      'HTML tables and lists',
      '<table><tr><td>a</td><td>b</td></tr></table><ul><li>c</li><li>d</li></ul>',
      '| a | b |\n\n- c\n- d',
    ],
    ['a table without an end', '{|\n| a || b', '| a | b |'],
    ['magic words', '__NOTOC__a __FILE__ {{DEFAULTSORT:X}}{{PAGENAME}}', 'a __FILE__ Page'],
    [
      'templates',
      "{{Infobox|a={{b}}|c=[[d|e]]}}'''F''' ({{lang|fr|g}}; {{h}}) is {{convert|5|ft|6|in|m}}{{citation needed}} tall.",
      'F (g) is 5 ft 6 in tall.',
    ],
    [
      'emptied brackets',
      'A ({{x}}) b ({{x}}, c) d (e; {{x}}) f (g) h() {{x}}, i\n* {{x}}.\n* {{x}}. j',
      'A b (c) d (e) f (g) h(), i\n\n- j',
    ],
    [
      'more templates',
      '{{As of|2015|5}} {{nihongo|A|あ|a}}{{snd}}{{val|1.5|e=9|u=m}} {{frac|1|2}} {{ill|B|de}} {{IPA-fr|paʁi}}',
      'As of May 2015 A (あ, a) – 1.5 × 10⁹ m 1/2 B [paʁi]',
    ],
    ['quotes', '{{quote|One.\n\nTwo.|Ahab}}\n<blockquote>Three</blockquote>', '> One.\n\n> Two.\n> — Ahab\n\n> Three'],
    ['verse', '<poem>\nOne,\ntwo.\n\nThree.\n</poem>', 'One,\ntwo.\n\nThree.'],
    ['broken templates', 'a {{b|c [[d]] e\n\nf }} g {{h', 'a g h'],
    ['parameters', '{{{1|a}}} {{{b}}}', 'a'],
    ['entities', 'a&nbsp;b &ndash; &#8212; &#x41; &lt;ref&gt; &nothing; &#1;', 'a b – — A <ref> &nothing;'],
    ['what is no tag', 'A #include <stdio.h> and 1 < 2 > 0', 'A #include <stdio.h> and 1 < 2 > 0'],
    ['variants of Chinese', '-{zh-hans:计算机; zh-hant:電腦}-和-{A|zh-cn:甲;zh-tw:乙}--{T|丙}-', '计算机和甲'],
    ['names of a wiki', '[[Datei:A.jpg|mini|b]]c[[Kategorie:D]]', 'c'],
  ])('%s', (name, wikitext, text) => {
    const namespaces = name === 'names of a wiki' ? german : commonNamespaces;
    expect(wikitextToText(wikitext, { title: 'Page', namespaces })).toBe(text);
  });

  it.each([
    ["l'''Iliade'' et ''Odyssée''", "l'Iliade et Odyssée"],
    ["''a'' b'c", "a b'c"],
    ["''''''x", "'x"],
  ])('knows apostrophes from marks in %s', (line, text) => expect(withoutQuotes(line)).toBe(text));

  it.each([
    [
      'fr',
      'né le {{date|10|août|1425}}, {{Date|14 juillet 1789}}, {{1er mai}}',
      'né le 10 août 1425, 14 juillet 1789, 1er mai',
    ],
    [
      'fr',
      '{{s-|XX}}, {{s|I|er}}, {{-s2|III|e|II|e}}, {{sp|VII|e|ou|VIII|e}}',
      'XXe siècle, Ier siècle, IIIe et IIe siècles av. J.-C., VIIe ou VIIIe siècle',
    ],
    [
      'fr',
      'XIX{{e}}, {{unité|3620|hab. par km|2}}, {{nombre|8|bits}}, {{heure|1|55}}',
      'XIXe, 3620 hab. par km², 8 bits, 1 h 55',
    ],
    [
      'fr',
      '{{citation étrangère|langue=it|Ecco}} {{lang|ar|texte=x}} {{japonais|Lolicon|ロリ|rori}}',
      '« Ecco » x Lolicon (ロリ, rori)',
    ],
    [
      'es',
      '{{siglo|XX||s}}, {{Siglo|III|a|s|1}}, {{siglo|XVII}}, {{unidad|−273|°C}}',
      'siglo XX, siglo III a. C., XVII, −273 °C',
    ],
    ['de', '{{enS|facility}}, {{"|Text=Wort|Autor=A}}', 'facility, „Wort“'],
    ['ru', '{{нп5|A (клуб)|A|de|B}}, {{нп3|C||de|B}}, {{число|65300}}', 'A, C, 65300'],
    [
      'zh',
      '{{tsl|en|A|甲|乙}}{{tsl|en|A|甲}}{{link-en|丙|C}}{{bd|1870年|4月22日|1924年|1月21日|catIdx=L}}',
      '乙甲丙1870年4月22日－1924年1月21日',
    ],
    [
      'ja',
      '{{読み仮名|東京|とうきょう}}{{ルビ|海|うみ}}{{仮リンク|甲|en|A|label=乙}}{{JIS2004フォント|葛}}{{要出典範囲|丙|date=2013年}}',
      '東京（とうきょう）海（うみ）乙葛丙',
    ],
    ['en', '{{s2|XX}}{{date|1|2|3}}{{siglo|X||s}}{{bd|1|2|3|4}}a', 'a'],
  ])('of a wiki in %s has templates of its own: %s', (language, wikitext, text) =>
    expect(wikitextToText(wikitext, { language })).toBe(text),
  );

  it('quotes whom other languages name', () =>
    expect(wikitextToText('{{blockquote|текст=Да.|автор=А}}')).toBe('> Да.\n> — А'));

  // Made by scripts/golden/wikitext.py.
  const golden: readonly { readonly name: string; readonly wikitext: string; readonly words: string }[] = JSON.parse(
    readFileSync(new URL('./fixtures/wikitext.json', import.meta.url), 'utf8'),
  );
  it.each(golden)('leaves the words that mwparserfromhell leaves of $name', ({ wikitext, words }) => {
    const numbers = /^ *1\. /gm;
    const found = wikitextToText(wikitext)
      .replaceAll(numbers, '')
      .match(/[\p{L}\p{M}\p{N}_]+/gu);
    expect(found?.join(' ')).toBe(words);
  });

  const marks =
    "{{ }} {{{ }}} [[ ]] [http://a ] | || ! !! = == {| |} |- |+ <ref> </ref> <!-- --> <nowiki> </nowiki> <pre> <br> <table> <td> <math> -{ }- __ __TOC__ '' ''' ''''' &amp; &lt; * # : ; File: Category:a".split(
      ' ',
    );
  const piece = fc.oneof(
    fc.constantFrom(...marks),
    fc.constantFrom('\n', '\n\n', ' ', 'word', 'ship|', '\u0001', '\u0002' + '0\u0003'),
    fc.string({ maxLength: 3 }),
  );

  it('of any kind gives text without marks of our own', () =>
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        // biome-ignore lint/suspicious/noControlCharactersInRegex: none may be left.
        expect(wikitextToText(pieces.join(''))).not.toMatch(/[\u0001-\u0008\u000e-\u001f]/);
      }),
      { numRuns: 300 },
    ));

  const word = fc.constantFrom('whale', 'Ahab', 'sea', '海', 'l’île', '1851');
  const { inline } = fc.letrec<{ inline: string; one: string }>((tie) => ({
    one: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      word,
      word.map((text) => `[[${text}]]`),
      fc.tuple(word, tie('inline')).map(([target, shown]) => `[[${target}|${shown}]]`),
      word.map((text) => `''${text}'' '''${text}'''`),
      tie('inline').map((text) => `{{lang|fr|${text}}}`),
      tie('inline').map((text) => `{{cite|title=${text}}}`),
      tie('inline').map((text) => `<ref>${text}</ref>`),
      tie('inline').map((text) => `<span class="x">${text}</span>`),
      tie('inline').map((text) => `[[File:a.jpg|thumb|${text}]]`),
    ),
    inline: fc.array(tie('one'), { minLength: 1, maxLength: 3 }).map((parts) => parts.join(' ')),
  }));
  const block = fc.oneof(
    inline,
    inline.map((text) => `== ${text} ==`),
    fc.array(inline, { minLength: 1, maxLength: 3 }).map((items) => items.map((text) => `* ${text}`).join('\n')),
    fc
      .array(inline, { minLength: 1, maxLength: 3 })
      .map((cells) => `{| class="wikitable"\n|-\n| ${cells.join(' || ')}\n|}`),
  );

  it('that is well formed leaves no markup', () =>
    fc.assert(
      fc.property(fc.array(block, { maxLength: 6 }), (blocks) => {
        expect(wikitextToText(blocks.join('\n\n'))).not.toMatch(/\[\[|\]\]|\{\{|\}\}|''|<|>|\{\||\|\}|thumb|cite|\(\)/);
      }),
      { numRuns: 150 },
    ));

  it.each([
    '{{',
    '}}',
    '{',
    '[[',
    '[[a|',
    '{{a|',
    '{{a}}',
    '[http://a ',
    '<ref>',
    '<ref',
    '<',
    '<!--',
    '<nowiki>',
    "''",
    '{|\n',
    '{|\n|\n',
    '==\n',
    '*',
    ':',
    '-{',
    '__',
    '&',
    '(',
    '({{a}}',
    ', {{a}}',
    ' ',
    '|',
    '<sup>',
    '<table>',
    '<blockquote>',
    '[[File:a.jpg|[[',
  ])('of nothing but %j is read in time', (mark) => {
    // Anything slower than linear runs into the time limit of a test.
    const text = mark.repeat(Math.ceil(50_000 / mark.length));
    expect(wikitextToText(text).length).toBeLessThanOrEqual(3 * text.length);
  });
});
