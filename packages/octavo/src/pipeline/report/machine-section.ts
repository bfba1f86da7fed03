import { formatBytes, formatCount } from '../../core/index.js';
import { type Content, html, outside } from './html.js';
import { grouped, scientific } from './numbers.js';
import { readValue } from './part.js';
import type { ReportData } from './report-data.js';
import { facts, type Section } from './section.js';

const textFact = (name: string, value: unknown): readonly (readonly [Content, Content])[] =>
  typeof value === 'string' ? [[name, outside(value, 120)]] : [];

export const machineSection = (report: ReportData): Section => {
  const { machine } = report.state;
  const plan = readValue(report.plan);
  const size = readValue(report.size);
  const memoryBytes = machine['memoryBytes'];
  return {
    id: 'machine',
    title: 'Machine and model',
    short: 'Machine',
    lead: 'What the run was made on and with: enough to make it again.',
    body: html`${facts([
      ...textFact('Processor', machine['cpu']),
      ...(typeof machine['threads'] === 'number' ? [['Threads', String(machine['threads'])] as const] : []),
      ...(typeof memoryBytes === 'number' ? [['Memory', formatBytes(memoryBytes)] as const] : []),
      ...textFact('System', machine['platform']),
      ...textFact('Node.js', machine['node']),
      ...(plan === undefined
        ? []
        : ([
            ['Measured, 16 bits', `${grouped(plan.machine.gflops.mixed)} GFLOP/s (${plan.machine.mixedForm})`],
            ['Measured, float32', `${grouped(plan.machine.gflops.float32)} GFLOP/s`],
            ['Memory read', `${grouped(plan.machine.gigabytesPerSecond)} GB/s`],
            ['Instructions', outside(plan.machine.isa)],
          ] as const)),
    ])}${
      plan === undefined
        ? ''
        : facts([
            [
              'Model',
              `${plan.resolved.model.depth} layers, ${plan.resolved.model.width} wide, ${plan.resolved.model.heads} heads of ${plan.resolved.model.headWidth}`,
            ],
            ['Feed-forward', `${plan.resolved.model.feedForwardWidth} wide, ${plan.resolved.model.activation}`],
            [
              'Context',
              `${grouped(plan.resolved.model.contextLength)} tokens, ${plan.resolved.model.positions} positions`,
            ],
            ['Optimiser', `${plan.resolved.training.optimiser}, ${plan.resolved.training.precision} precision`],
            [
              'Batch',
              `${plan.resolved.training.batchSequences * plan.resolved.training.microBatches} × ${plan.resolved.training.sequenceLength} tokens`,
            ],
            ['Seed', String(plan.resolved.training.seed)],
            ...(size === undefined
              ? []
              : ([
                  ['Parameters', formatCount(size.parameters.total)],
                  ['Operations of pretraining', scientific(size.flops.total)],
                ] as const)),
          ])
    }`,
  };
};
