import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyTokenizer } from '../generation/tiny-generator.test-support.js';
import { openRunFolder, parseRunName } from '../project/index.js';
import { runCommandLine } from './program.js';
import { savedModel } from './saved-model.test-support.js';
import { surroundings } from './surroundings.test-support.js';

const project = mkdtempSync(join(tmpdir(), 'octavo-interpret-'));
beforeAll(async () => {
  writeFileSync(join(project, 'octavo.yaml'), '');
  const tokenizer = await tinyTokenizer();
  for (const [name, stage] of [
    ['main', 'finetune'],
    ['raw', 'pretrain'],
  ] as const) {
    const run = openRunFolder(project, parseRunName(name));
    writeFileSync(run.events, '');
    mkdirSync(run.artifact('tokenizer'));
    writeFileSync(join(run.artifact('tokenizer'), 'tokenizer.json'), tokenizer.toJson());
    await savedModel(run, tokenizer, { stage, step: 3, depth: 2 });
  }
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

const octavo = async (...argv: readonly string[]) => {
  const around = surroundings(project);
  const code = await runCommandLine(['interpret', ...argv], around);
  return { code, out: around.printed(), err: around.said() };
};
const json = async (...argv: readonly string[]) => {
  const { code, out, err } = await octavo(...argv, '--json');
  expect(code, err + out).toBe(0);
  return JSON.parse(out);
};
const question = ['--prompt', 'What is the capital of France?'];

describe('octavo interpret', () => {
  it('lens: each layer, and the last token of the chat, where the answer begins', async () => {
    const { code, out, err } = await octavo('lens', ...question, '--top', '2');
    expect(code, err).toBe(0);
    expect(out).toMatch(/^0 <\|user\|> {2}1 What/);
    expect(out).toMatch(/What each layer would say after token \d+, <\|assistant\|>/);
    expect(out).toMatch(/before block 0 .*%\nafter block 0 .*%\nafter block 1 .*%\n/s);
    const value = await json('lens', ...question);
    expect(value).toMatchObject({ run: 'main', stage: 'finetune', kind: 'lens', prompt: { readAs: 'question' } });
    expect(value.layers).toHaveLength(3);
    expect(value.layers[2].at(-1).finalProbability).toBe(value.layers[2].at(-1).top[0].probability);
  });

  it('attention: where heads look, one head drawn, and a text that is no question', async () => {
    const all = await octavo('attention', ...question);
    expect(all.out.match(/block \d, head \d/g)).toEqual([
      'block 0, head 0',
      'block 0, head 1',
      'block 1, head 0',
      'block 1, head 1',
    ]);
    const drawn = await octavo('attention', '--prompt', 'The whale swims', '--raw', '--layer', '1', '--head', '0');
    expect(drawn.out).toMatch(/^0 The/);
    expect(drawn.out).toContain('0 The     ██');
    const value = await json('attention', '--prompt', 'The whale', '--run', 'raw');
    expect(value).toMatchObject({ stage: 'pretrain', prompt: { readAs: 'text' }, layers: 2, heads: 2 });
    expect(value.weights).toHaveLength(4 * value.tokens.length ** 2);
  });

  it('attribute: parts that add up to the difference', async () => {
    const value = await json('attribute', ...question, '--answer', ' Paris', '--other', ' ship');
    const total = value.attributions.reduce((a: number, b: number) => a + b, 0);
    expect(Math.abs(total - (value.value - value.baseline))).toBeLessThanOrEqual(value.bound);
    expect([value.target.text, value.other.text]).toEqual([' Paris', ' ship']);
    expect((await octavo('attribute', ...question)).out).toContain('the parts miss the difference by');
  });

  it('patch: how much comes back, by layer and token', async () => {
    const line = ['patch', ...question, '--corrupted', 'What is the capital of Paris?', '--answer', ' Paris'];
    const value = await json(...line, '--other', ' ship');
    expect(value.recovered).toHaveLength(3);
    expect(value.recovered[2].at(-1)).toBe(1);
    expect((await json(...line, '--other', ' ship', '--site', 'attention')).recovered).toHaveLength(2);
    const { out } = await octavo(...line, '--other', ' ship');
    expect(out).toContain('changed: 6: ␣France → ␣Paris');
    expect(out).toMatch(/after block 1 .*█100\n/);
  });

  it.each(['lens', 'attention', 'attribute', 'patch'])('%s as a page without scripts or addresses', async (view) => {
    const corrupted = ['--corrupted', 'What is the capital of Paris?', '--other', ' ship', '--answer', ' Paris'];
    const line = [view, '--prompt', 'What is the capital of France?', ...(view === 'patch' ? corrupted : [])];
    const { code, out, err } = await octavo(...line, '--html', `${view}.html`);
    expect(code, err).toBe(0);
    expect(out).toBe(`${join(project, `${view}.html`)}\n`);
    const page = readFileSync(join(project, `${view}.html`), 'utf8');
    expect(page).toContain('<h1><bdi>What is the capital of France?</bdi></h1>');
    expect(page).toContain(`<section id="${view}"`);
    expect(page).not.toMatch(/<(script|img|iframe)|https?:|\son[a-z]+=/i);
  });

  it('escapes what the prompt says', async () => {
    expect((await octavo('lens', '--prompt', '<b>"\u202e\u001b[2J', '--raw', '--html', 'x.html')).code).toBe(0);
    const page = readFileSync(join(project, 'x.html'), 'utf8').replace(/<style>.*<\/style>/s, '');
    expect(page).toContain('&lt;b&gt;&quot;&lt;U+202E&gt;␛[2J');
    expect((await octavo('lens', '--prompt', '\u001b[2J', '--raw')).out).not.toContain('\u001b');
  });

  it.each([
    [['lens'], 'the prompt is missing'],
    [[...question], 'the view is missing'],
    [['lense', ...question], '"lense" is not one of lens, attention, attribute, patch'],
    [['patch', ...question], 'the corrupted prompt is missing'],
    [['patch', ...question, '--corrupted', 'What?'], '[PROMPTS_DIFFER]'],
    [['attention', ...question, '--layer', '2'], '--layer: 2 is not below 2'],
    [['lens', ...question, '--position', '99'], '--position: 99 is not below'],
    [['lens', '--prompt', 'The whale swims. '.repeat(40)], '[PROMPT_TOO_LONG]'],
    [['lens', ...question, '--run', 'none'], '[RUN_ABSENT]'],
  ])('answers %j with what is wrong', async (line, says) => {
    const { code, err } = await octavo(...line);
    expect([code, err]).toEqual([2, expect.stringContaining(says)]);
  });
});
