import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyTokenizer } from '../generation/tiny-generator.test-support.js';
import { openRunFolder, parseRunName } from '../project/index.js';
import { runCommandLine } from './program.js';
import { savedModel } from './saved-model.test-support.js';
import { surroundings } from './surroundings.test-support.js';

const project = mkdtempSync(join(tmpdir(), 'octavo-inspect-'));
let checkpoint = '';
beforeAll(async () => {
  writeFileSync(join(project, 'octavo.yaml'), 'model:\n  depth: 2\n  width: 64\n');
  const run = openRunFolder(project, parseRunName('main'));
  writeFileSync(run.events, '');
  checkpoint = await savedModel(run, await tinyTokenizer(), { stage: 'pretrain', step: 3, depth: 2 });
  const empty = openRunFolder(project, parseRunName('empty'));
  writeFileSync(empty.events, '');
});
afterAll(() => rmSync(project, { recursive: true, force: true }));

const octavo = async (...argv: readonly string[]) => {
  const around = surroundings(project);
  const code = await runCommandLine(['inspect', ...argv], around);
  return { code, out: around.printed(), err: around.said() };
};
const json = async (...argv: readonly string[]) => {
  const { code, out, err } = await octavo(...argv, '--json');
  expect(code, err + out).toBe(0);
  return JSON.parse(out);
};
const pageOf = async (name: string, ...argv: readonly string[]) => {
  const { code, out, err } = await octavo(...argv, '--html', name);
  expect([code, out], err).toEqual([0, `${join(project, name)}\n`]);
  const page = readFileSync(join(project, name), 'utf8');
  expect(page).not.toMatch(/<(script|img|iframe)|https?:|\son[a-z]+=/i);
  return page;
};

describe('octavo inspect model', () => {
  it('draws a published model and adds its layers up', async () => {
    const { code, out } = await octavo('model', '--preset', 'gpt2');
    expect(code).toBe(0);
    expect(out).toMatch(/╭─ 12 × blocks\.0…11 ─+╮/);
    expect(out).toMatch(
      /│ ├─▶ attention\.norm {2}layerNorm 768, bias +│\n│ │ │ attention\.qkv {2}linear 2304 × 768, bias +│/,
    );
    expect(out).toMatch(/blocks\.0…11\.attention\.qkv +12× +2304 × 768 +2304 +21,261,312 +43,486,543,872 +81\.1 MiB/);
    expect(out).toMatch(/together +124,439,808 +272,339,828,736 +475 MiB/);
    expect(out).toContain('266M a token; 798M to train on one');
    expect(out).toContain('36 MiB for the whole context');
    for (const line of out.split('\n')) expect(line.length).toBeLessThan(110);
  });

  it('of octavo.yaml as the plan resolves it, of a run and of a checkpoint', async () => {
    const planned = await json('model', '--set', 'model.depth=3');
    expect(planned).toMatchObject({ config: { depth: 3, width: 64 }, from: expect.stringContaining('octavo.yaml') });
    expect(planned.layers.filter(({ path }: { path: string }) => path.endsWith('attention.qkv'))).toHaveLength(3);
    const ofRun = await json('model', '--run', 'main');
    expect(ofRun).toMatchObject({ config: { depth: 2, width: 32 }, from: 'runs/main, pretrain step 3' });
    expect((await json('model', '--checkpoint', checkpoint)).config).toEqual(ofRun.config);
    const total = ofRun.layers.reduce((sum: number, { parameters }: { parameters: number }) => sum + parameters, 0);
    expect(ofRun.parameters).toBe(total);
  });

  it('as a page: the drawing, the table', async () => {
    const page = await pageOf('model.html', 'model', '--preset', 'llama-3-8b');
    expect(page).toContain('8,030,261,248');
    expect(page.match(/class="box-name"/g)?.length).toBeGreaterThan(12);
    expect(page).toContain('32 heads of 128, 8 of keys and values');
  });

  it('of other architectures: two streams of an encoder–decoder, filters side by side', async () => {
    const { out } = await octavo('model', '--preset', 't5-small');
    expect(out).toMatch(/\n {2}source\n(.*\n)+ {2}read beside said\n\n {2}said\n(.*\n)+ {2}32128 logits\n/);
    expect(out).toMatch(/\ntogether +60,506,624 /);
    expect(out).not.toMatch(/\n(cache|training) /);
    const page = await pageOf('cnn.html', 'model', '--preset', 'text-cnn');
    expect(page).toContain('convolution 100 × 4 × 300');
    expect(page).toContain('5,990,402');
  });
});

describe('octavo inspect graph', () => {
  const tiny = ['--run', 'main', '--sequences', '2', '--length', '8', '--optimiser', 'adamw'];

  it('prints the training graph, what each pass changes, and the graph that runs', async () => {
    const { code, out, err } = await octavo('graph', ...tiny);
    expect([code, err]).toEqual([0, 'main: training, 2 × 8 tokens, float32, from runs/main, pretrain step 3\n']);
    expect(out).toMatch(/^pass +nodes +arena +changed +by kind\nas traced +\d+ +\d/);
    expect(out).toMatch(
      /\nfuse-cross-entropy +\d+ .* crossEntropy 1 → 0, crossEntropyGradient 1 → 0, crossEntropyTraining 0 → 1\n/,
    );
    expect(out).toMatch(/\n- .* = crossEntropy\(.*\n(- .*\n)*\+ .* = crossEntropyTraining\(/);
    expect(out).toContain('# gradient.blocks.1.feedForward');
    expect(out).toMatch(/as it runs: \d+ nodes, arena of/);
  });

  it.each([
    ['forward', 'output logits'],
    ['decode', 'cachedAttention'],
    ['training', 'adamw'],
  ])('of a %s step, one pass alone before and after', async (kind, holds) => {
    const { code, out, err } = await octavo('graph', ...tiny, '--kind', kind, '--pass', 'fuse-linear');
    expect(code, err).toBe(0);
    expect(out).toMatch(/^before fuse-linear: \d+ nodes/);
    expect(out).toMatch(/\nafter fuse-linear: \d+ nodes, .*(add|reluSquared) \d+ → \d+/);
    expect(out).toContain(holds);
  });

  it('of another architecture: its own loss, and its scopes', async () => {
    const { stages } = await json('graph', '--preset', 'lstm-tagger', '--length', '4');
    const nodes: readonly { kind: string; path: string }[] = stages.at(-1).graph.nodes;
    expect(nodes.some(({ kind, path }) => kind === 'lstmGradient' && path === 'gradient.layers.0')).toBe(true);
    expect(nodes.some(({ kind }) => kind === 'crf')).toBe(true);
  });

  it('as JSON: counts by pass, and the graphs', async () => {
    const { stages, precision } = await json('graph', ...tiny, '--precision', 'bfloat16');
    expect(precision).toBe('bfloat16');
    const names = stages.map(({ pass }: { pass: string }) => pass);
    expect(names.slice(0, 3)).toEqual(['trace', 'dead-code', 'mixed-precision']);
    for (const { nodes, graph, arenaBytes } of stages) {
      expect(graph.nodes).toHaveLength(nodes);
      expect(arenaBytes).toBeGreaterThan(0);
    }
    expect(stages.at(-1).nodes).toBeLessThan(stages[0].nodes);
    const pair = await json('graph', ...tiny, '--pass', 'fuse-elementwise');
    expect(pair.stages.map(({ pass }: { pass: string }) => pass)).toEqual(['fuse-linear', 'fuse-elementwise']);
  });

  it('as a page: scopes, fused groups, memory', async () => {
    const page = await pageOf('graph.html', 'graph', ...tiny);
    expect(page).toContain('>gradient.blocks.1.attention</text>');
    expect(page).toMatch(/class="node fused"/);
    expect(page.match(/<figure class="chart memory">/g)).toHaveLength(2);
    expect(page).toContain('Nodes that went');
  });
});

it.each([
  [[], 'what to inspect is missing'],
  [['modle'], '"modle" is not one of model, graph'],
  [['model', '--preset', 'gpt3'], 'did you mean gpt2?'],
  [['model', '--preset', 'gpt2', '--run', 'main'], '--preset and --run name different models'],
  [['model', '--preset', 'gpt2', '--set', 'model.depth=2'], '--set changes octavo.yaml'],
  [['model', '--run', 'empty'], '[RUN_ABSENT]'],
  [['model', '--run', 'none'], '[RUN_ABSENT]'],
  [['graph', '--run', 'main', '--length', '65'], '65 tokens are more than the context of 64'],
  [['graph', '--run', 'main', '--pass', 'nothing'], 'name one of dead-code, common-subexpressions'],
  [['graph', '--run', 'main', '--sequences', '0'], '--sequences'],
  [['graph', '--preset', 'bert-base', '--kind', 'decode'], 'its architecture is bert'],
  [['graph', '--preset', 'bert-base', '--length', '513'], '513 tokens are more than the context of 512'],
])('octavo inspect %j says what is wrong', async (argv, says) => {
  const { code, err } = await octavo(...argv);
  expect([code, err]).toEqual([2, expect.stringContaining(says)]);
});
