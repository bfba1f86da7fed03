import { fail, type OptimiserKind } from '../../core/index.js';
import type { ParameterSpec } from '../../models/index.js';
import { adafactorOptimiser } from './adafactor.js';
import { adamOptimiser } from './adam.js';
import { adamwOptimiser } from './adamw.js';
import { lionOptimiser } from './lion.js';
import { muonOptimiser } from './muon.js';
import type { Optimiser, StateStorage } from './optimiser.js';
import { sgdOptimiser } from './sgd.js';

/** Parameters whose paths fit a pattern (`*` stands for anything), and what is different for them. */
export interface ParameterGroup {
  readonly parameters: string;
  readonly optimiser?: OptimiserKind | undefined;
  /** Factor on the learning rate; 0 keeps them as they are. */
  readonly rate?: number | undefined;
  readonly weightDecay?: number | undefined;
}

/** Choices of the optimisers; rates change by step and come as graph inputs. */
export interface OptimiserConfig {
  readonly kind: OptimiserKind;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Roles of parameters that decay. */
  readonly decayed: readonly ParameterSpec['role'][];
  readonly momentum: number;
  readonly nesterov: boolean;
  readonly states: 'float32' | 'bfloat16';
  /** The first that fits a parameter counts. */
  readonly groups: readonly ParameterGroup[];
  /** Decay of the moving average of weights; 0 keeps none. */
  readonly average: number;
}

export const defaultOptimiser: OptimiserConfig = {
  kind: 'muon',
  beta1: 0.9,
  beta2: 0.95,
  epsilon: 1e-8,
  weightDecay: 0,
  decayed: ['matrix', 'embedding'],
  momentum: 0.95,
  nesterov: false,
  states: 'float32',
  groups: [],
  average: 0,
};

/** A parameter with the rule that trains it. */
export interface Assigned {
  readonly optimiser: Optimiser;
  /** Graph input of its numbers by step; parameters that share them share it. */
  readonly ratesName: string;
  /** Which of the two learning rates it follows, and how much of it. */
  readonly base: 'matrices' | 'others';
  readonly multiplier: number;
}

const fits = (pattern: string, path: string): boolean =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
  ).test(path);

function optimiserOf(
  kind: OptimiserKind,
  weightDecay: number,
  config: OptimiserConfig,
  storage: StateStorage,
): Optimiser {
  const { beta1, beta2, epsilon, momentum, nesterov } = config;
  switch (kind) {
    case 'muon':
      return muonOptimiser({ momentum, weightDecay });
    case 'adamw':
      return adamwOptimiser({ beta1, beta2, epsilon, weightDecay }, storage);
    case 'adam':
      return adamOptimiser({ beta1, beta2, epsilon, weightDecay }, storage);
    case 'sgd':
      return sgdOptimiser({ momentum, nesterov, weightDecay }, storage);
    case 'lion':
      return lionOptimiser({ beta1, beta2, weightDecay }, storage);
    case 'adafactor':
      return adafactorOptimiser({ weightDecay });
  }
}

/**
 * The rule of each parameter, in their order: that of the first group whose pattern fits its path, else the run's.
 * `seed` is that of stochastic rounding. Errors: CONFIG_INVALID for a group that fits nothing, or Muon for other than matrices.
 */
export function assignOptimisers(
  specs: readonly ParameterSpec[],
  config: OptimiserConfig,
  seed: number,
): readonly Assigned[] {
  config.groups.forEach(({ parameters }, i) => {
    if (!specs.some(({ path }) => fits(parameters, path)))
      throw fail('CONFIG_INVALID', {
        what: `no parameter fits the pattern ${parameters}; paths are such as ${specs
          .slice(0, 3)
          .map(({ path }) => path)
          .join(', ')}`,
        where: `octavo.yaml: pretrain.groups[${i}].parameters`,
        remedy: 'mend the pattern, or leave the group out',
      });
  });
  return specs.map((spec, stream) => {
    const group = config.groups.find(({ parameters }) => fits(parameters, spec.path));
    const own = config.kind === 'muon' && spec.role !== 'matrix' ? 'adamw' : config.kind;
    const kind = group?.optimiser ?? own;
    if (kind === 'muon' && spec.shape.length < 2)
      throw fail('CONFIG_INVALID', {
        what: `Muon trains matrices; ${spec.path} has the shape [${spec.shape.join(', ')}]`,
        where: `octavo.yaml: pretrain.groups`,
        remedy: 'give its group another optimiser',
      });
    const weightDecay = group?.weightDecay ?? (config.decayed.includes(spec.role) ? config.weightDecay : 0);
    const multiplier = group?.rate ?? 1;
    return {
      optimiser: optimiserOf(kind, weightDecay, config, { dtype: config.states, seed, stream }),
      ratesName: `rates:${kind}${multiplier === 1 ? '' : ` × ${multiplier}`}`,
      base: kind === 'muon' ? 'matrices' : 'others',
      multiplier,
    };
  });
}
