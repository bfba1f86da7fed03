import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { prose } from '../step.test-support.js';
import { addEvaluationFile, contamination, decontaminateFields } from './decontaminate.js';

const rules = z.object(decontaminateFields).parse({});

describe('contamination', () => {
  it('is thirteen words in a row, whatever the case and marks, and says of which item', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'octavo-evals-'));
    const path = join(folder, 'quiz.jsonl');
    const question = 'In which year did the old captain of the ship first see the white whale near Japan?';
    writeFileSync(
      path,
      `${JSON.stringify({ q: 'short', choices: ['a', 'b'] })}\n${JSON.stringify({ question, answer: '1851' })}\n{broken\n`,
    );
    const known = contamination(rules);
    await addEvaluationFile(known, { path, name: 'quiz.jsonl' });
    rmSync(folder, { recursive: true });
    const embedded = `${prose(1)} ${question.toUpperCase().replaceAll(' ', ' — ')} ${prose(2)}`;
    expect(known.hit(embedded)).toEqual({
      item: 'quiz.jsonl:2',
      words: 'in which year did the old captain of the ship first see the',
    });
    expect(known.hit(`${prose(1)} ${question.split(' ').slice(0, 12).join(' ')} ${prose(2)}`)).toBeUndefined();
    expect(known.hit(prose(3, 200))).toBeUndefined();
  });

  it('of an item with fewer words is the whole of it, if it has enough', () => {
    const known = contamination(rules);
    known.add('a:1', 'too few words here');
    known.add('a:2', 'exactly these nine words are the whole item, yes');
    expect(known.hit('and too few words here it says')).toBeUndefined();
    expect(known.hit('see: exactly these nine words are the whole item yes indeed')?.item).toBe('a:2');
  });

  it('counts each ideograph as a word', () => {
    const known = contamination(rules);
    known.add('zh:1', '他说你好然后离开了房间关上了门');
    expect(known.hit('那天，他说：“你好。”然后离开了房间，关上了门，走到街上去。')?.item).toBe('zh:1');
  });
});
