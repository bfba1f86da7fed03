/** Load-balancing loss and router z-loss. */
import { describe, expect, it } from 'vitest';
import { route } from '../ops/route.js';
import { backends } from '../testing/backends.js';
import { type Body, checkGradient, checkKernels, evaluate, graphOf } from '../testing/check.js';
import { expectClose } from '../testing/close.js';
import { loadBalancing, routerZ } from './router.js';

const body =
  (scoring: 'softmax' | 'sigmoid'): Body =>
  ({ logits }) => {
    const routing = route(logits, { active: 2, scoring });
    return { balance: loadBalancing(routing), z: routerZ(routing) };
  };
const specs = { logits: { shape: [6, 4], from: 'apart' } } as const;

describe.each(['softmax', 'sigmoid'] as const)('over %s scores', (scoring) => {
  it('have the gradients of finite differences', () => checkGradient(specs, body(scoring)));
  it('are their definitions', () => checkKernels({ specs, body: body(scoring), factor: 2 }));
});

it('are 1 for an even router and near E for one that names a single expert', async () => {
  const graph = graphOf({ logits: { shape: [4, 4] } }, ({ logits }) => {
    const routing = route(logits, { active: 1 });
    return { balance: loadBalancing(routing), z: routerZ(routing) };
  });
  const even = Float64Array.from({ length: 16 }, (_, i) => (i % 5 === 0 ? 9 : 0));
  const collapsed = Float64Array.from({ length: 16 }, (_, i) => (i % 4 === 2 ? 9 : 0));
  for (const { backend } of backends()) {
    const found = await evaluate(backend, graph, { logits: even });
    expectClose(found.balance, [1], 1e-5);
    expectClose(found.z, [Math.log(Math.exp(9) + 3) ** 2], 1e-5);
    expect((await evaluate(backend, graph, { logits: collapsed })).balance[0]).toBeGreaterThan(3.9);
  }
});
