import type { TensorToWrite } from '../formats/index.js';
import type { GptConfig } from '../models/index.js';
import { type Architecture, architectureOf } from './architecture.js';
import { rows, transposed, type Weights } from './weights.js';

type Matrix = { readonly shape: readonly number[]; readonly data: Float32Array };

const bytesOf = ({ data }: Matrix): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
const tensor = (name: string, matrix: Matrix): TensorToWrite => ({
  name,
  dtype: 'F32',
  shape: matrix.shape,
  data: bytesOf(matrix),
});
const ones = (count: number): Matrix => ({ shape: [count], data: new Float32Array(count).fill(1) });

/** Ids by which others must begin and end texts. */
export interface SpecialIds {
  readonly endOfText: number | undefined;
  readonly endOfTurn: number | undefined;
}

const classes = {
  llama: 'LlamaForCausalLM',
  qwen3: 'Qwen3ForCausalLM',
  mixtral: 'MixtralForCausalLM',
  qwen3_moe: 'Qwen3MoeForCausalLM',
} as const;

function expertsConfig(
  { experts, feedForwardWidth }: GptConfig,
  architecture: Architecture,
): Readonly<Record<string, unknown>> {
  if (experts === undefined) return {};
  const shared = {
    num_experts_per_tok: experts.active,
    router_aux_loss_coef: experts.balance,
    output_router_logits: false,
  };
  if (architecture === 'mixtral') return { ...shared, num_local_experts: experts.count };
  return {
    ...shared,
    num_experts: experts.count,
    moe_intermediate_size: feedForwardWidth,
    norm_topk_prob: experts.normalise,
    decoder_sparse_step: 1,
    mlp_only_layers: [],
  };
}

/** Where the experts of a layer are kept, and what their matrices are called. */
export const expertNames = (architecture: Architecture) =>
  architecture === 'mixtral'
    ? ({ folder: 'block_sparse_moe', gate: 'w1', up: 'w3', down: 'w2' } as const)
    : ({ folder: 'mlp', gate: 'gate_proj', up: 'up_proj', down: 'down_proj' } as const);

/** `config.json` of a model. */
export function huggingFaceConfig(config: GptConfig, ids: SpecialIds): Readonly<Record<string, unknown>> {
  const architecture = architectureOf(config);
  const shared = {
    vocab_size: config.vocabularySize,
    tie_word_embeddings: config.tiedEmbeddings,
    bos_token_id: ids.endOfText ?? null,
    eos_token_id: ids.endOfTurn ?? ids.endOfText ?? null,
    torch_dtype: 'float32',
    use_cache: true,
  };
  if (architecture === 'gpt2')
    return {
      ...shared,
      architectures: ['GPT2LMHeadModel'],
      model_type: 'gpt2',
      n_positions: config.contextLength,
      n_embd: config.width,
      n_layer: config.depth,
      n_head: config.heads,
      n_inner: config.feedForwardWidth,
      activation_function: config.activation === 'gelu' ? 'gelu' : 'gelu_new',
      layer_norm_epsilon: config.normEpsilon,
      resid_pdrop: config.dropout,
      embd_pdrop: config.dropout,
      attn_pdrop: 0,
    };
  return {
    ...shared,
    architectures: [classes[architecture]],
    model_type: architecture,
    hidden_size: config.width,
    intermediate_size: config.feedForwardWidth,
    num_hidden_layers: config.depth,
    num_attention_heads: config.heads,
    num_key_value_heads: config.keyValueHeads,
    head_dim: config.headWidth,
    max_position_embeddings: config.contextLength,
    // ReLU² needs no gate of its own: relu(h) · h with the same weights in gate and up.
    hidden_act: config.activation === 'swiglu' ? 'silu' : 'relu',
    rms_norm_eps: config.normEpsilon,
    rope_theta: config.rotaryBase,
    attention_bias: config.biases,
    attention_dropout: 0,
    ...(architecture === 'llama' ? { mlp_bias: config.biases } : {}),
    ...(architecture === 'mixtral' ? { sliding_window: null } : { use_sliding_window: false }),
    ...expertsConfig(config, architecture),
  };
}

function gpt2Tensors(weights: Weights): readonly TensorToWrite[] {
  const { config, get } = weights;
  const pair = (from: string, to: string, turn: boolean): readonly TensorToWrite[] => [
    tensor(`${to}.weight`, turn ? transposed(get(`${from}.weight`)) : get(`${from}.gain`)),
    tensor(`${to}.bias`, get(`${from}.bias`)),
  ];
  return [
    tensor('transformer.wte.weight', get('embedding.token')),
    tensor('transformer.wpe.weight', get('embedding.position')),
    ...Array.from({ length: config.depth }, (_, i) => [
      ...pair(`blocks.${i}.attention.norm`, `transformer.h.${i}.ln_1`, false),
      ...pair(`blocks.${i}.attention.qkv`, `transformer.h.${i}.attn.c_attn`, true),
      ...pair(`blocks.${i}.attention.output`, `transformer.h.${i}.attn.c_proj`, true),
      ...pair(`blocks.${i}.feedForward.norm`, `transformer.h.${i}.ln_2`, false),
      ...pair(`blocks.${i}.feedForward.up`, `transformer.h.${i}.mlp.c_fc`, true),
      ...pair(`blocks.${i}.feedForward.down`, `transformer.h.${i}.mlp.c_proj`, true),
    ]).flat(),
    ...pair('norm', 'transformer.ln_f', false),
  ];
}

/** The router of a layer, and each expert's own matrices. */
function expertTensors(
  { get }: Weights,
  from: string,
  to: string,
  architecture: Architecture,
): readonly TensorToWrite[] {
  const { folder, ...names } = expertNames(architecture);
  const matrices = (['gate', 'up', 'down'] as const).flatMap((part) => {
    const { shape, data } = get(`${from}.${part}.weight`);
    const [count = 0, height = 0, width = 0] = shape;
    const size = height * width;
    return Array.from({ length: count }, (_, e) =>
      tensor(`${to}.${folder}.experts.${e}.${names[part]}.weight`, {
        shape: [height, width],
        data: data.slice(e * size, (e + 1) * size),
      }),
    );
  });
  return [tensor(`${to}.${folder}.gate.weight`, get(`${from}.router.weight`)), ...matrices];
}

function llamaTensors(weights: Weights, architecture: Architecture): readonly TensorToWrite[] {
  const { config, get, has } = weights;
  const { heads, keyValueHeads, headWidth } = config;
  const queries = heads * headWidth;
  const keys = keyValueHeads * headWidth;
  const parts = [
    ['q_proj', 0, queries],
    ['k_proj', queries, queries + keys],
    ['v_proj', queries + keys, queries + 2 * keys],
  ] as const;
  const both = (from: string, to: string): readonly TensorToWrite[] =>
    ['weight', 'bias']
      .filter((part) => has(`${from}.${part}`))
      .map((part) => tensor(`${to}.${part}`, get(`${from}.${part}`)));
  const layer = (i: number): readonly TensorToWrite[] => {
    const from = `blocks.${i}`;
    const to = `model.layers.${i}`;
    return [
      tensor(`${to}.input_layernorm.weight`, get(`${from}.attention.norm.gain`)),
      ...parts.flatMap(([name, begin, end]) =>
        ['weight', 'bias']
          .filter((part) => has(`${from}.attention.qkv.${part}`))
          .map((part) =>
            tensor(`${to}.self_attn.${name}.${part}`, rows(get(`${from}.attention.qkv.${part}`), begin, end)),
          ),
      ),
      ...both(`${from}.attention.output`, `${to}.self_attn.o_proj`),
      ...(config.queryKeyNorm
        ? [
            tensor(`${to}.self_attn.q_norm.weight`, ones(headWidth)),
            tensor(`${to}.self_attn.k_norm.weight`, ones(headWidth)),
          ]
        : []),
      tensor(`${to}.post_attention_layernorm.weight`, get(`${from}.feedForward.norm.gain`)),
      ...(config.experts === undefined
        ? [
            ...both(`${from}.feedForward.${config.activation === 'swiglu' ? 'gate' : 'up'}`, `${to}.mlp.gate_proj`),
            ...both(`${from}.feedForward.up`, `${to}.mlp.up_proj`),
            ...both(`${from}.feedForward.down`, `${to}.mlp.down_proj`),
          ]
        : expertTensors(weights, `${from}.feedForward`, to, architecture)),
    ];
  };
  return [
    tensor('model.embed_tokens.weight', get('embedding.token')),
    ...Array.from({ length: config.depth }, (_, i) => layer(i)).flat(),
    tensor('model.norm.weight', get('norm.gain')),
    ...(config.tiedEmbeddings ? [] : [tensor('lm_head.weight', get('head.weight'))]),
  ];
}

/** Tensors under the names of the architecture that fits. Errors: EXPORT_UNSUPPORTED. */
export function huggingFaceTensors(weights: Weights): readonly TensorToWrite[] {
  const architecture = architectureOf(weights.config);
  return architecture === 'gpt2' ? gpt2Tensors(weights) : llamaTensors(weights, architecture);
}
