/** Text from outside in what others open: a terminal, a spreadsheet, a page. Golden: any change of these forms is seen. */
import { expect, it } from 'vitest';
import { csvLine } from '../core/index.js';
import { sampledText } from './data-sample-text.js';
import { fateText } from './data-why-text.js';

const clear = '\u001b[2J';
const link = '\u001b]8;;https://evil.example\u0007click\u001b]8;;\u0007';
const override = '\u202egpj.exe';
const hostile = `${clear}${link}${override}\u0007</script>\r\nnext`;

it('leaves a terminal alone', () => {
  const sampled = {
    id: hostile,
    source: hostile,
    dropped: { reason: 'too-short', detail: hostile },
    text: `a${hostile}b`,
    hit: { from: 1, to: 1 + hostile.length },
  } as const;
  const text = sampledText([sampled]);
  expect(text).toBe(
    [
      '␛[2J␛]8;;https://evil.example␇click␛]8;;␇<U+202E>gpj.exe␇</script>␍⏎next',
      '  too-short: ␛[2J␛]8;;https://evil.example␇click␛]8;;␇<U+202E>gpj.exe␇</script>␍⏎next',
      '  a⟦␛[2J␛]8;;https://evil.example␇click␛]8;;␇<U+202E>gpj.exe␇</script>␍⏎next⟧b',
      '',
    ].join('\n'),
  );
  const story = fateText({ kind: 'unknown', alike: [hostile] }, hostile);
  expect(story.replaceAll('\n', '')).not.toMatch(/\p{Cc}|\p{Bidi_Control}/u);
});

it('gives a spreadsheet no formula, and leaves numbers as they are', () => {
  expect(
    csvLine([
      '=HYPERLINK("https://evil.example";"x")',
      "+cmd|' /C calc'!A0",
      '-2+3',
      '@SUM(A1)',
      '\t=1',
      '\r=1',
      '-5',
      '+1.5e3',
      -5,
      'a-b',
      'two\nlines',
      undefined,
    ]),
  ).toBe(
    `"'=HYPERLINK(""https://evil.example"";""x"")",'+cmd|' /C calc'!A0,'-2+3,'@SUM(A1),'\t=1,'␍=1,-5,+1.5e3,-5,a-b,"two\nlines",\r\n`,
  );
});
