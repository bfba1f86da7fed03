import { expect, it } from 'vitest';
import { csvRows } from './csv.js';

it('is a table without formulas: a row a label, and one for an item without', () => {
  const hostile = '\u001b]8;;//evil\u0007x\u202e</script>\r\nnext';
  const content = { id: '=1+1', text: hostile };
  const said = { timeMs: 0, annotator: '@me' };
  expect(
    csvRows({
      content,
      annotations: [
        { ...said, value: { rating: -5 }, comment: '-5' },
        { ...said, value: { labels: ['-a', 'b'] } },
        { ...said, value: { spans: [{ start: 14, end: 15, label: 'X' }] } },
      ],
    }).split('\r\n'),
  ).toEqual([
    `'=1+1,"␛]8;;//evil␇x<U+202E></script>␍\nnext",,,,'@me,-5,-5,1970-01-01T00:00:00.000Z`,
    `'=1+1,"␛]8;;//evil␇x<U+202E></script>␍\nnext",,,,'@me,'-a; b,,1970-01-01T00:00:00.000Z`,
    `'=1+1,"␛]8;;//evil␇x<U+202E></script>␍\nnext",,,,'@me,X: <,,1970-01-01T00:00:00.000Z`,
    '',
  ]);
  expect(csvRows({ content, annotations: [] })).toMatch(/^'=1\+1,".*",,,,,,,\r\n$/s);
});
