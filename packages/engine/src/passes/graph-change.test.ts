import { expect, it } from 'vitest';
import { exp } from '../ops/exp.js';
import { gelu } from '../ops/gelu.js';
import { linear } from '../ops/linear.js';
import { tanh } from '../ops/tanh.js';
import { graphOf } from '../testing/check.js';
import { graphChange } from './graph-change.js';
import { optimise, optimiseStages, passesFor } from './index.js';

const graph = graphOf({ x: { shape: [2, 3] }, w: { shape: [3, 3] } }, ({ x, w }) => {
  exp(x);
  return { y: tanh(exp(gelu(linear(x, w)))) };
});

it('the stages of a compile: the graph as it came, then after each pass, the last as `optimise` gives it', () => {
  const stages = [...optimiseStages(graph, 'bfloat16')];
  expect(stages.map(({ name }) => name)).toEqual(['trace', ...passesFor('bfloat16').map(({ name }) => name)]);
  expect(stages[0]?.graph).toBe(graph);
  expect(stages.at(-1)?.graph).toEqual(optimise(graph, 'bfloat16'));
});

it('says what each pass did', () => {
  const stages = [...optimiseStages(graph, 'float32')];
  const changes = stages.slice(1).map(({ name, graph: after }, i) => {
    const { gone, made, kinds } = graphChange(stages[i].graph, after);
    const list = (nodes: typeof gone) => nodes.map(({ kind }) => kind).join(' ');
    return { name, gone: list(gone), made: list(made), kinds };
  });
  expect(changes).toEqual([
    { name: 'dead-code', gone: 'exp', made: '', kinds: { exp: { before: 2, after: 1 } } },
    { name: 'common-subexpressions', gone: '', made: '', kinds: {} },
    { name: 'fuse-cross-entropy', gone: '', made: '', kinds: {} },
    { name: 'fuse-products', gone: '', made: '', kinds: {} },
    { name: 'accumulate', gone: '', made: '', kinds: {} },
    { name: 'fuse-linear', gone: 'linear gelu', made: 'linear', kinds: { gelu: { before: 1, after: 0 } } },
    {
      name: 'fuse-elementwise',
      gone: 'exp tanh',
      made: 'fused',
      kinds: { exp: { before: 1, after: 0 }, fused: { before: 0, after: 1 }, tanh: { before: 1, after: 0 } },
    },
    { name: 'dead-code', gone: '', made: '', kinds: {} },
  ]);
});
