import { fail } from '../core/index.js';
import { openSafetensors } from '../formats/index.js';
import { type GptConfig, gptParameters } from '../models/index.js';
import { architectureOf } from './architecture.js';
import { expertNames } from './hugging-face.js';
import { transposed, type Weights } from './weights.js';

type Matrix = { readonly shape: readonly number[]; readonly data: Float32Array };

/** Reads the weights of an exported folder back under our names, to run them. Errors: FILE_INVALID, TENSOR_ABSENT. */
export function readHuggingFace(path: string, config: GptConfig): Weights {
  const file = openSafetensors(path);
  try {
    const read = (name: string): Matrix => {
      const bytes = file.read(name);
      const entry = file.tensors.get(name);
      if (entry === undefined)
        throw fail('FILE_INVALID', { what: `there is no tensor ${name}`, where: path, remedy: 'export again' });
      return { shape: entry.shape, data: new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4) };
    };
    const stacked = (names: readonly string[]): Matrix => {
      const parts = names.map(read);
      const data = new Float32Array(parts.reduce((total, part) => total + part.data.length, 0));
      let at = 0;
      for (const part of parts) {
        data.set(part.data, at);
        at += part.data.length;
      }
      return {
        shape: [parts.reduce((total, { shape }) => total + (shape[0] ?? 0), 0), ...(parts[0]?.shape.slice(1) ?? [])],
        data,
      };
    };
    const architecture = architectureOf(config);
    const gpt2 = architecture === 'gpt2';
    const { folder, ...expertParts } = expertNames(architecture);
    const experts = Array.from({ length: config.experts?.count ?? 0 }, (_, e) => e);
    const plain: Readonly<Record<string, string>> = gpt2
      ? {
          'attention.norm': 'ln_1',
          'attention.qkv': 'attn.c_attn',
          'attention.output': 'attn.c_proj',
          'feedForward.norm': 'ln_2',
          'feedForward.up': 'mlp.c_fc',
          'feedForward.down': 'mlp.c_proj',
        }
      : {
          'attention.norm': 'input_layernorm',
          'attention.output': 'self_attn.o_proj',
          'feedForward.norm': 'post_attention_layernorm',
          'feedForward.gate': 'mlp.gate_proj',
          'feedForward.up': 'mlp.up_proj',
          'feedForward.down': 'mlp.down_proj',
        };
    const outside: Readonly<Record<string, string>> = gpt2
      ? {
          'embedding.token': 'transformer.wte.weight',
          'embedding.position': 'transformer.wpe.weight',
          'norm.gain': 'transformer.ln_f.weight',
          'norm.bias': 'transformer.ln_f.bias',
        }
      : {
          'embedding.token': 'model.embed_tokens.weight',
          'norm.gain': 'model.norm.weight',
          'head.weight': 'lm_head.weight',
        };
    const values = new Map(
      gptParameters(config).map(({ path: name }): readonly [string, Matrix] => {
        const known = outside[name];
        if (known !== undefined) return [name, read(known)];
        const [, layer = '', part = '', leaf = ''] = /^blocks\.(\d+)\.(.+)\.(\w+)$/.exec(name) ?? [];
        const prefix = gpt2 ? `transformer.h.${layer}` : `model.layers.${layer}`;
        const kind = leaf === 'bias' ? 'bias' : 'weight';
        if (part === 'attention.qkv' && !gpt2)
          return [name, stacked(['q', 'k', 'v'].map((letter) => `${prefix}.self_attn.${letter}_proj.${kind}`))];
        if (part === 'feedForward.router') return [name, read(`${prefix}.${folder}.gate.weight`)];
        const [, own = ''] = part.split('.');
        if (experts.length > 0 && (own === 'gate' || own === 'up' || own === 'down'))
          return [name, stacked(experts.map((e) => `${prefix}.${folder}.experts.${e}.${expertParts[own]}.weight`))];
        const found = read(`${prefix}.${plain[part]}.${kind}`);
        return [name, gpt2 && leaf === 'weight' ? transposed(found) : found];
      }),
    );
    return {
      config,
      has: (name) => values.has(name),
      get: (name) => values.get(name) ?? { shape: [0], data: new Float32Array() },
    };
  } finally {
    file.close();
  }
}
