import type { TensorType } from '../types.js';
import { type AttentionAttributes, attentionParameters, checkAttention, eachQuery } from './attention-definition.js';
import { defineOp } from './define.js';

/**
 * With P the weights and δ = Σ dy ⊙ y: dV = Pᵀ dy, dS = P ⊙ (dy Vᵀ − δ), dQ = scale · dS K, dK = scale · dSᵀ Q, and the
 * bias of a distance gathers dS along its diagonal. P is computed again from logSum. Shapes as in `attention`: dqkv like
 * qkv, dmemory like memory, dbias like bias; the last two are empty where their operand is absent.
 */
export const attentionGradientOp = defineOp({
  name: 'attentionGradient',
  inputs: ['qkv', 'y', 'logSum', 'dy'],
  optional: ['memory', 'starts', 'ends', 'bias'],
  outputs: ['dqkv', 'dmemory', 'dbias'],
  mixed: { half: ['qkv', 'y', 'dy', 'memory'], full: ['logSum', 'bias'] },
  infer: ({ qkv, memory, bias, ...bounds }, attributes: AttentionAttributes) => {
    const optional = { ...(memory === undefined ? {} : { memory }), ...(bias === undefined ? {} : { bias }) };
    checkAttention({ qkv, ...optional, ...bounds }, attributes);
    const none: TensorType = { dtype: qkv.dtype, shape: [0] };
    return { dqkv: qkv, dmemory: memory ?? none, dbias: bias ?? { ...none, dtype: 'float32' } };
  },
  reference: ({ y, logSum: _, dy, ...operands }, the) => {
    const { qkv, memory, bias } = operands;
    const dqkv = new Float64Array(qkv.data.length);
    const dmemory = new Float64Array(memory?.data.length ?? 0);
    const dbias = new Float64Array(bias?.data.length ?? 0);
    const into = memory === undefined ? dqkv : dmemory;
    const { headWidth, scale } = the;
    eachQuery(operands, the, ({ source, q, y: out, open }) => {
      let delta = 0;
      for (let i = 0; i < headWidth; i++) delta += dy.data[out + i] * y.data[out + i];
      for (const { k, v, weight, bias: distance } of open) {
        let dot = 0;
        for (let i = 0; i < headWidth; i++) {
          dot += dy.data[out + i] * source[v + i];
          into[v + i] += weight * dy.data[out + i];
        }
        const ds = weight * (dot - delta);
        if (bias !== undefined) dbias[distance] += ds;
        for (let i = 0; i < headWidth; i++) {
          dqkv[q + i] += ds * scale * source[k + i];
          into[k + i] += ds * scale * qkv.data[q + i];
        }
      }
    });
    return {
      dqkv: { shape: qkv.shape, data: dqkv },
      dmemory: { shape: memory?.shape ?? [0], data: dmemory },
      dbias: { shape: bias?.shape ?? [0], data: dbias },
    };
  },
  parameters: attentionParameters,
});
