/** The nodes of the step graph in order, and the leaf of the octavo (1 to 8) that each belongs to. */
export const steps = [
  { name: 'plan', leaf: 1 },
  { name: 'collect', leaf: 2 },
  { name: 'clean', leaf: 2 },
  { name: 'split', leaf: 2 },
  { name: 'tokenizer', leaf: 3 },
  { name: 'tokenize', leaf: 3 },
  { name: 'size', leaf: 5 },
  { name: 'pretrain', leaf: 6 },
  { name: 'finetune', leaf: 7 },
  { name: 'evaluate', leaf: 7 },
  { name: 'export', leaf: 8 },
] as const;

export type StepName = (typeof steps)[number]['name'];

export const leaves = [
  'plan',
  'data',
  'algorithms',
  'architecture',
  'hardware',
  'pretraining',
  'tuning',
  'deployment',
] as const;
