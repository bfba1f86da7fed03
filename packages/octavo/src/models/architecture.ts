/** A GPT as a list of its parts, by arithmetic alone: what `octavo inspect model` shows before anything runs. */
import type { GptConfig } from './gpt-config.js';
import { gptParameters } from './gpt-parameters.js';

// V vocabulary, D width, H heads, W head width, s tokens seen

/** One part of the model: a matrix with its bias, a norm, an embedding, or the attention itself, which has no weights. */
export interface Layer {
  /** Where its parameters lie, and where its nodes are in the graph: `blocks.0.attention.qkv`. */
  readonly path: string;
  readonly kind: 'embedding' | 'norm' | 'linear' | 'experts' | 'attention' | 'head';
  /** Of its weight, the experts first where there are some; empty for attention. */
  readonly shape: readonly number[];
  /** Channels that it gives for each token. */
  readonly width: number;
  /** Tied weights count where they are first. */
  readonly parameters: number;
  /** Operations of matrix products for one token in a forward pass, with `s` tokens in sight: 2 a weight that it meets, 4·H·W·s for attention. */
  readonly flopsPerToken: number;
}

const kindOf = (path: string): Layer['kind'] => {
  if (path.startsWith('embedding')) return 'embedding';
  if (path === 'head') return 'head';
  return path === 'norm' || path.endsWith('.norm') ? 'norm' : 'linear';
};

/** Every part in the order in which a token meets it; sums are those of `countParameters` and `forwardFlopsAt`. */
export function layersOf(config: GptConfig, tokensSeen = config.contextLength): readonly Layer[] {
  const { heads, headWidth, width, vocabularySize: V, experts } = config;
  const grouped = new Map<string, { shape: readonly number[]; parameters: number }>();
  for (const { path, shape } of gptParameters(config)) {
    const part = /^embedding/.test(path) ? path : path.replace(/\.(weight|bias|gain)$/, '');
    const size = shape.reduce((a, b) => a * b, 1);
    const before = grouped.get(part);
    grouped.set(part, { shape: before?.shape ?? shape, parameters: (before?.parameters ?? 0) + size });
  }
  const head = grouped.get('head');
  grouped.set('head', { shape: [V, width], parameters: head?.parameters ?? 0 });
  return [...grouped].flatMap(([path, { shape, parameters }]): readonly Layer[] => {
    const kind = shape.length === 3 ? 'experts' : kindOf(path);
    const [rows = 0, columns = 0] = shape.slice(-2);
    const multiplied = kind === 'linear' || kind === 'experts' || kind === 'head';
    const met = kind === 'experts' ? (experts?.active ?? 0) : 1;
    const layer = {
      path,
      kind,
      shape,
      width: multiplied ? rows : width,
      parameters,
      flopsPerToken: multiplied ? 2 * met * rows * columns : 0,
    };
    if (!path.endsWith('attention.qkv')) return [layer];
    const attention = {
      path: path.replace(/\.qkv$/, ''),
      kind: 'attention',
      shape: [],
      width: heads * headWidth,
      parameters: 0,
      flopsPerToken: 4 * heads * headWidth * tokensSeen,
    } as const;
    return [layer, attention];
  });
}

/** A step of the drawing: what a token passes, with a word on its size. */
export interface DiagramPart {
  readonly name: string;
  readonly detail: string;
}

/** The model as a drawing: what comes before the blocks, the branches of a block around the residual stream, what follows. */
export interface Diagram {
  readonly before: readonly DiagramPart[];
  readonly blocks: number;
  readonly branches: readonly (readonly DiagramPart[])[];
  readonly after: readonly DiagramPart[];
}

const activations = {
  gelu: 'GELU',
  'gelu-tanh': 'GELU (tanh)',
  'relu-squared': 'ReLU²',
  swiglu: 'SwiGLU gate',
} as const;

export function diagramOf(config: GptConfig): Diagram {
  const { width: D, heads, keyValueHeads, headWidth, feedForwardWidth: F, vocabularySize: V, contextLength } = config;
  const part = (name: string, detail = ''): DiagramPart => ({ name, detail });
  const { experts } = config;
  const matrix = (rows: number, columns: number): string => `${rows} × ${columns}${config.biases ? ', bias' : ''}`;
  const ofExpert = (rows: number, columns: number): string =>
    experts === undefined ? matrix(rows, columns) : `${experts.count} of ${rows} × ${columns}`;
  const norm = part(config.norm === 'layer' ? 'LayerNorm' : 'RMSNorm', `${D}`);
  const grouping = keyValueHeads === heads ? '' : `, ${keyValueHeads} of keys and values`;
  const gated = config.activation === 'swiglu';
  return {
    before: [
      part('token embedding', `${V} × ${D}`),
      ...(config.positions === 'learned' ? [part('+ position embedding', `${contextLength} × ${D}`)] : []),
    ],
    blocks: config.depth,
    branches: [
      [
        norm,
        part('queries, keys, values', matrix((heads + 2 * keyValueHeads) * headWidth, D)),
        ...(config.queryKeyNorm ? [part('query and key norm', `${headWidth} a head`)] : []),
        ...(config.positions === 'rotary' ? [part('rotary positions', `base ${config.rotaryBase}`)] : []),
        part('causal attention', `${heads} heads of ${headWidth}${grouping}`),
        part('output', matrix(D, heads * headWidth)),
      ],
      [
        norm,
        ...(experts === undefined
          ? []
          : [part('router', `${experts.count} × ${D}, ${experts.active} experts a token`)]),
        part(gated ? 'up and gate' : 'up', `${gated ? '2 of ' : ''}${ofExpert(F, D)}`),
        part(activations[config.activation]),
        part('down', ofExpert(D, F)),
      ],
    ],
    after: [
      norm,
      part(
        'head',
        `${V} × ${D}${config.tiedEmbeddings ? ', the token embedding' : ''}${config.outputBias ? ', bias' : ''}`,
      ),
    ],
  };
}
