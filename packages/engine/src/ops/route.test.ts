/** The router of a mixture of experts: what it chooses, drops and sorts, and its gradients. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backends } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, checkShapes, evaluate, graphOf, size } from '../testing/check.js';
import type { Specs } from '../testing/draw.js';
import { type RouteAttributes, route } from './route.js';

type Choices = Partial<RouteAttributes> & { readonly active: number };
const smooth =
  (choices: Choices): Body =>
  ({ logits }) => {
    const { weights, probabilities, logSums } = route(logits, choices);
    return { weights, probabilities, logSums };
  };
const everything =
  (choices: Choices): Body =>
  ({ logits }) =>
    route(logits, choices);
const specs = (tokens: number, experts: number): Specs => ({ logits: { shape: [tokens, experts], from: 'apart' } });
const choices = fc.record({
  active: fc.integer({ min: 1, max: 4 }),
  capacity: fc.constantFrom(0, 0, 1, 3),
  scoring: fc.constantFrom('softmax' as const, 'sigmoid' as const),
  normalise: fc.boolean(),
});

describe('route', () => {
  it.each(['softmax', 'sigmoid'] as const)('has the gradient of finite differences, %s', (scoring) => {
    for (const normalise of [true, false])
      for (const capacity of [0, 2]) checkGradient(specs(5, 4), smooth({ active: 2, capacity, scoring, normalise }));
  });
  it('is its definition on every size, with its gradients', () =>
    checkShapes(
      fc.tuple(size(40), fc.integer({ min: 4, max: 20 }), choices),
      ([tokens, experts, the]) => ({ specs: specs(tokens, experts), body: smooth(the) }),
      8,
    ));
  it('sorts and drops by its definition', () =>
    checkShapes(
      fc.tuple(size(40), fc.integer({ min: 4, max: 20 }), choices),
      ([tokens, experts, the]) => ({ specs: specs(tokens, experts), body: everything(the), gradients: false }),
      8,
    ));
  it('gives equals to the lower expert, drops what is over capacity and says how much', async () => {
    const graph = graphOf({ logits: { shape: [3, 3] } }, everything({ active: 2, capacity: 2 }));
    for (const { name, backend } of backends()) {
      const found = await evaluate(backend, graph, { logits: Float64Array.of(1, 1, 1, 2, 0, 2, 0, 0, 5) });
      expect([...found.experts], name).toEqual([0, 1, 0, 2, 2, 0]);
      // Expert 0 is full with two first choices: the second choice of the last token is dropped.
      expect([...found.slots], name).toEqual([0, 2, 1, 3, 4, -1]);
      expect([...found.sources], name).toEqual([0, 2, 1, 3, 4, -1]);
      expect([...found.offsets], name).toEqual([0, 2, 3, 5]);
      expect([...found.dropped], name).toEqual([1]);
      expect(found.weights[5], name).toBe(0);
    }
  });
  it('chooses experts that exist where logits are NaN', () =>
    checkKernels({
      specs: { logits: { shape: [4, 3] } },
      body: ({ logits }) => {
        const { slots, offsets } = route(logits, { active: 2 });
        return { slots, offsets };
      },
      gradients: false,
      mixed: false,
      poison: ({ logits }) => {
        logits.fill(NaN, 3, 6);
      },
    }));
  it('refuses more experts a token than there are', () =>
    expect(() => graphOf(specs(2, 3), smooth({ active: 4 }))).toThrow(/SHAPE_MISMATCH/));
});
