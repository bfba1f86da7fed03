import { OctavoError } from '../error.js';
import { add } from '../ops/add.js';
import { opOf } from '../ops/registry.js';
import { scoped, type Tensor, tensorOf } from '../trace/trace.js';
import { sameShape, showType } from '../types.js';

/**
 * Reverse-mode gradients of a scalar with respect to `wrt`, appended to the trace of `loss`.
 * `seed` is d(total)/d(loss): 1, or a loss scale. A tensor the loss does not depend on gives undefined.
 * Source: Griewank and Walther 2008, chapter 3.
 */
export function gradient(loss: Tensor, wrt: readonly Tensor[], seed: Tensor): readonly (Tensor | undefined)[] {
  const { trace } = loss;
  if (!sameShape(loss.shape, seed.shape))
    throw new OctavoError('SHAPE_MISMATCH', {
      what: `[gradient] a seed of the loss's shape; received ${showType(seed)} for ${showType(loss)}`,
      remedy: 'sum the loss to a scalar first',
    });
  const wanted = new Set(wrt.map((tensor) => tensor.id));
  const depends = new Set(wanted);
  const forward = [...trace.nodes];
  for (const node of forward)
    if (node.inputs.some((id) => depends.has(id))) for (const id of node.outputs) depends.add(id);

  const gradients = new Map<number, Tensor>([[loss.id, seed]]);
  for (const node of forward.toReversed()) {
    const arriving = node.outputs.map((id) => gradients.get(id));
    if (!node.inputs.some((id) => depends.has(id)) || arriving.every((value) => value === undefined)) continue;
    const op = opOf(node.kind);
    if (op.gradient === undefined)
      throw new OctavoError('NO_GRADIENT', {
        what: `${node.kind} has no gradient rule`,
        where: node.path,
        remedy: 'do not ask for gradients through it',
      });
    const inputs = Object.fromEntries(
      op.inputNames.flatMap((name, i) => (node.inputs[i] < 0 ? [] : [[name, tensorOf(trace, node.inputs[i])]])),
    );
    const outputs = Object.fromEntries(op.outputs.map((name, i) => [name, tensorOf(trace, node.outputs[i])]));
    const d = Object.fromEntries(
      op.outputs.flatMap((name, i) => (arriving[i] === undefined ? [] : [[name, arriving[i]]])),
    );
    const found = scoped(
      trace,
      `gradient.${node.path}`,
      () => op.gradient?.({ inputs, outputs, d, attributes: node.attributes }) ?? {},
    );
    op.inputNames.forEach((name, i) => {
      const id = node.inputs[i];
      const value = found[name];
      if (value === undefined || !depends.has(id)) return;
      const before = gradients.get(id);
      gradients.set(id, before === undefined ? value : add(before, value));
    });
  }
  return wrt.map((tensor) => gradients.get(tensor.id));
}
