import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { OctavoError } from '../core/index.js';
import { readConfig } from './config-read.js';
import { parseConfigText } from './config-source.js';

/** One field of each kind that the rooms' sections use. */
const schema = z.strictObject({
  plan: z
    .strictObject({
      budget: z
        .string()
        .regex(/^\d+[smh]$/, 'Expected a time such as 10m or 2h')
        .default('10m'),
    })
    .prefault({}),
  model: z
    .strictObject({
      depth: z.int().min(1).max(64).default(4).describe('Number of blocks; sets everything else'),
      width: z.int().positive().multipleOf(8).optional().describe('Channels.'),
      heads: z.union([z.literal('auto'), z.int().min(1)]).default('auto'),
      activation: z.enum(['gelu', 'relu-squared', 'swiglu']).default('swiglu'),
      tied: z.boolean().default(true),
      dropout: z.number().min(0).lt(1).default(0),
    })
    .superRefine((model, context) => {
      if (model.width !== undefined && typeof model.heads === 'number' && model.width % model.heads !== 0)
        context.addIssue({
          code: 'custom',
          path: ['heads'],
          message: `Width ${model.width} does not split into ${model.heads} heads`,
        });
    })
    .prefault({}),
  data: z
    .strictObject({
      sources: z
        .array(
          z.discriminatedUnion('kind', [
            z.strictObject({ kind: z.literal('files'), path: z.string().min(1) }),
            z.strictObject({ kind: z.literal('npm'), package: z.string().min(1), weight: z.number().gt(0).default(1) }),
          ]),
        )
        .min(1)
        .max(3)
        .optional(),
      names: z.record(z.string(), z.int()).optional(),
    })
    .prefault({}),
});

const read = (text: string, sets: readonly string[] = []) =>
  readConfig(schema, parseConfigText(text, 'octavo.yaml'), sets);

const messageOf = (text: string, sets: readonly string[] = []): string => {
  try {
    read(text, sets);
  } catch (error) {
    if (error instanceof OctavoError) return error.message;
    throw error;
  }
  return 'no error';
};

describe('readConfig', () => {
  it('fills in defaults, also for sections that are commented out', () => {
    const config = read('model:\n  # depth: 6\ndata:\n');
    expect(config.model).toEqual({ depth: 4, heads: 'auto', activation: 'swiglu', tied: true, dropout: 0 });
    expect(read('')).toEqual(config);
  });

  it('lays --set over the file, the last one winning', () => {
    const config = read('model:\n  depth: 6\n', [
      'model.depth=8',
      'model.heads=auto',
      'model.depth=9',
      'data.sources=[{ kind: files, path: a.txt }]',
      'data.sources.0.path=b.txt',
    ]);
    expect(config.model.depth).toBe(9);
    expect(config.data.sources).toEqual([{ kind: 'files', path: 'b.txt' }]);
  });

  const table: readonly (readonly [name: string, text: string, sets: readonly string[], message: string])[] = [
    [
      'a field with a slip',
      'model:\n  dept: 6\n',
      [],
      'octavo.yaml:2:3: there is no field model.dept [CONFIG_INVALID]\n  → did you mean depth? (model has depth, width, heads, activation, tied, dropout)',
    ],
    [
      'a section with a slip',
      'modle:\n  depth: 6\n',
      [],
      'octavo.yaml:1:1: there is no field modle [CONFIG_INVALID]\n  → did you mean model? (octavo.yaml has plan, model, data)',
    ],
    [
      'a field that nothing resembles',
      'model:\n  depth: 6\n  colour: red\n',
      [],
      'octavo.yaml:3:3: there is no field model.colour [CONFIG_INVALID]\n  → model has depth, width, heads, activation, tied, dropout',
    ],
    [
      'text for a number',
      'model:\n  depth: six\n',
      [],
      'octavo.yaml:2:10: model.depth must be a whole number from 1 to 64; got "six" [CONFIG_INVALID]\n  → Number of blocks; sets everything else. Left out, it is 4.',
    ],
    [
      'a quoted number',
      "model:\n  depth: '6'\n",
      [],
      'octavo.yaml:2:10: model.depth must be a whole number from 1 to 64; got "6" [CONFIG_INVALID]\n  → write 6 without quotes. Number of blocks; sets everything else. Left out, it is 4.',
    ],
    [
      'a number too large',
      'model:\n    depth: 65\n',
      [],
      'octavo.yaml:2:12: model.depth must be a whole number from 1 to 64; got 65 [CONFIG_INVALID]\n  → Number of blocks; sets everything else. Left out, it is 4.',
    ],
    [
      'a number too small',
      'model: { depth: 0 }\n',
      [],
      'octavo.yaml:1:17: model.depth must be a whole number from 1 to 64; got 0 [CONFIG_INVALID]\n  → Number of blocks; sets everything else. Left out, it is 4.',
    ],
    [
      'a fraction for a whole number',
      'model:\n  depth: 4.5\n',
      [],
      'octavo.yaml:2:10: model.depth must be a whole number from 1 to 64; got 4.5 [CONFIG_INVALID]\n  → Number of blocks; sets everything else. Left out, it is 4.',
    ],
    [
      'not a multiple',
      'model:\n  width: 100\n',
      [],
      'octavo.yaml:2:10: model.width must be a whole number above 0, a multiple of 8; got 100 [CONFIG_INVALID]\n  → Channels.',
    ],
    [
      'not positive',
      'model:\n  width: -8\n',
      [],
      'octavo.yaml:2:10: model.width must be a whole number above 0, a multiple of 8; got -8 [CONFIG_INVALID]\n  → Channels.',
    ],
    [
      'an excluded bound',
      'model:\n  dropout: 1\n',
      [],
      'octavo.yaml:2:12: model.dropout must be a number from 0 to below 1; got 1 [CONFIG_INVALID]\n  → Left out, it is 0.',
    ],
    [
      'infinity',
      'model:\n  dropout: .inf\n',
      [],
      'octavo.yaml:2:12: model.dropout must be a number from 0 to below 1; got Infinity [CONFIG_INVALID]\n  → Left out, it is 0.',
    ],
    [
      'a word that is nearly one of the list',
      'model:\n  activation: relu_squared\n',
      [],
      'octavo.yaml:2:15: model.activation must be one of gelu, relu-squared, swiglu; got "relu_squared" [CONFIG_INVALID]\n  → did you mean relu-squared?',
    ],
    [
      'a word far from the list',
      'model:\n  activation: tanh\n',
      [],
      'octavo.yaml:2:15: model.activation must be one of gelu, relu-squared, swiglu; got "tanh" [CONFIG_INVALID]\n  → Left out, it is "swiglu".',
    ],
    [
      'yes for true',
      'model:\n  tied: yes\n',
      [],
      'octavo.yaml:2:9: model.tied must be true or false; got "yes" [CONFIG_INVALID]\n  → write true. Left out, it is true.',
    ],
    [
      'an empty value',
      'model:\n  depth:\n',
      [],
      'octavo.yaml:2:9: model.depth must be a whole number from 1 to 64; got an empty value [CONFIG_INVALID]\n  → Number of blocks; sets everything else. Left out, it is 4.',
    ],
    [
      'a list for a section',
      'model:\n  - depth: 6\n',
      [],
      'octavo.yaml:2:3: model must be a section with depth, width, heads, activation, tied, dropout; got a list of 1 [CONFIG_INVALID]\n  → correct the value, or leave the field out',
    ],
    [
      'a section for a number',
      'model:\n  depth:\n    value: 6\n',
      [],
      'octavo.yaml:3:5: model.depth must be a whole number from 1 to 64; got a section [CONFIG_INVALID]\n  → Number of blocks; sets everything else. Left out, it is 4.',
    ],
    [
      'neither of two kinds',
      'model:\n  heads: many\n',
      [],
      'octavo.yaml:2:10: model.heads must be auto, or a whole number, 1 or more; got "many" [CONFIG_INVALID]\n  → Left out, it is "auto".',
    ],
    [
      'a rule over two fields',
      'model:\n  width: 64\n  heads: 3\n',
      [],
      'octavo.yaml:3:10: model.heads: width 64 does not split into 3 heads, got 3 [CONFIG_INVALID]\n  → Left out, it is "auto".',
    ],
    [
      'a text of the wrong form',
      'plan:\n  budget: ten minutes\n',
      [],
      'octavo.yaml:2:11: plan.budget: expected a time such as 10m or 2h, got "ten minutes" [CONFIG_INVALID]\n  → Left out, it is "10m".',
    ],
    [
      'an unknown kind of source',
      'data:\n  sources:\n    - kind: file\n      path: a.txt\n',
      [],
      'octavo.yaml:3:13: data.sources[0].kind must be one of files, npm; got "file" [CONFIG_INVALID]\n  → did you mean files?',
    ],
    [
      'a source without its path',
      'data:\n  sources:\n    - kind: files\n    - kind: npm\n      package: x\n',
      [],
      'octavo.yaml:3:7: data.sources[0].path must be text of at least 1 character; got nothing [CONFIG_INVALID]\n  → add it',
    ],
    [
      'a wrong field in a list',
      'data:\n  sources:\n    - kind: npm\n      package: x\n      weight: 0\n',
      [],
      'octavo.yaml:5:15: data.sources[0].weight must be a number above 0; got 0 [CONFIG_INVALID]\n  → Left out, it is 1.',
    ],
    [
      'an empty list',
      'data:\n  sources: []\n',
      [],
      'octavo.yaml:2:12: data.sources must be a list of 1 to 3 items; got an empty list [CONFIG_INVALID]\n  → correct the value, or leave the field out',
    ],
    [
      'too long a list',
      'data:\n  sources: [{kind: files, path: a}, {kind: files, path: a}, {kind: files, path: a}, {kind: files, path: a}]\n',
      [],
      'octavo.yaml:2:12: data.sources must be a list of 1 to 3 items; got a list of 4 [CONFIG_INVALID]\n  → correct the value, or leave the field out',
    ],
    [
      'a wrong value under a free name',
      'data:\n  names:\n    a: 1\n    b: x\n',
      [],
      'octavo.yaml:4:8: data.names.b must be a whole number; got "x" [CONFIG_INVALID]\n  → correct the value, or leave the field out',
    ],
    [
      'the whole file a list',
      '- a\n',
      [],
      'octavo.yaml:1:1: the file must be a section with plan, model, data; got a list of 1 [CONFIG_INVALID]\n  → correct the value, or leave the field out',
    ],
    [
      'several at once',
      'plan:\n  budget: 10\nmodel:\n  depth: 0\n  colour: red\n',
      [],
      '3 fields are wrong\n  octavo.yaml:2:11: plan.budget must be text; got 10\n    → Left out, it is "10m".\n  octavo.yaml:4:10: model.depth must be a whole number from 1 to 64; got 0\n    → Number of blocks; sets everything else. Left out, it is 4.\n  octavo.yaml:5:3: there is no field model.colour\n    → model has depth, width, heads, activation, tied, dropout [CONFIG_INVALID]',
    ],
    [
      'a slip in --set',
      '',
      ['model.dept=6'],
      '--set model.dept: there is no field model.dept [CONFIG_INVALID]\n  → did you mean depth? (model has depth, width, heads, activation, tied, dropout)',
    ],
    [
      'a wrong value in --set',
      'model:\n  depth: 4\n',
      ['model.depth=six'],
      '--set model.depth: model.depth must be a whole number from 1 to 64; got "six" [CONFIG_INVALID]\n  → Number of blocks; sets everything else. Left out, it is 4.',
    ],
    [
      '--set without a value',
      '',
      ['model.depth'],
      '--set model.depth: this is not a field and its value [USAGE]\n  → write --set section.field=value, for example --set model.depth=6',
    ],
    [
      '--set below a number',
      'model:\n  depth: 4\n',
      ['model.depth.x=1'],
      '--set model.depth.x: model.depth has no fields of its own [CONFIG_INVALID]\n  → set model.depth itself',
    ],
    [
      '--set with broken YAML',
      '',
      ['data.sources=[a'],
      '--set data.sources: a [ or { before this is not closed [CONFIG_UNREADABLE]\n  → close it with ] or }',
    ],
    [
      '--set of __proto__',
      '',
      ['__proto__.x=1'],
      '--set __proto__.x=1: __proto__ is not a field [USAGE]\n  → leave it out',
    ],
    [
      'a terminal escape in a value',
      'model:\n  activation: "\\e[2Jx"\n',
      [],
      'octavo.yaml:2:15: model.activation must be one of gelu, relu-squared, swiglu; got "␛[2Jx" [CONFIG_INVALID]\n  → Left out, it is "swiglu".',
    ],
    [
      'broken YAML',
      'model:\n  depth: [1\n',
      [],
      'octavo.yaml:3:1: a [ or { before this is not closed [CONFIG_UNREADABLE]\n  → close it with ] or }',
    ],
    [
      'a tab',
      'model:\n\tdepth: 1\n',
      [],
      'octavo.yaml:2:1: a tab indents this line [CONFIG_UNREADABLE]\n  → indent with spaces',
    ],
    [
      'a field twice',
      'model:\n  depth: 1\n  depth: 2\n',
      [],
      'octavo.yaml:3:3: this field stands twice [CONFIG_UNREADABLE]\n  → keep one of the two',
    ],
    [
      'a tag',
      'model: !!js/function "x"\n',
      [],
      'octavo.yaml:1:22: the tag !!js/function is not allowed [CONFIG_UNREADABLE]\n  → remove it: values are plain text, numbers, true or false',
    ],
    [
      'a tag of YAML itself',
      'model:\n  depth: !!int "4"\n',
      [],
      'octavo.yaml:2:16: the tag !!int is not allowed [CONFIG_UNREADABLE]\n  → remove it: values are plain text, numbers, true or false',
    ],
    [
      'an alias',
      'model: &m\n  depth: 4\ndata: *m\n',
      [],
      'octavo.yaml:2:3: the anchor &m is not allowed [CONFIG_UNREADABLE]\n  → remove it',
    ],
    [
      'an alias of nothing',
      'data: *m\n',
      [],
      'octavo.yaml:1:7: the alias *m is not allowed [CONFIG_UNREADABLE]\n  → write the value out',
    ],
    [
      'two documents',
      'model:\n  depth: 1\n---\nmodel:\n  depth: 2\n',
      [],
      'octavo.yaml:3:1: a second document begins [CONFIG_UNREADABLE]\n  → keep one: remove the line --- and what follows',
    ],
    [
      'a directive',
      '%YAML 1.1\n---\nmodel:\n  tied: yes\n',
      [],
      'octavo.yaml:1:1: a %YAML directive is not allowed [CONFIG_UNREADABLE]\n  → remove the line',
    ],
    [
      'a list as the name of a field',
      '? [a]\n: 1\n',
      [],
      'octavo.yaml:1:1: the name of a field must be plain text [CONFIG_UNREADABLE]\n  → put it in quotes, if it is meant',
    ],
    [
      '__proto__',
      '__proto__:\n  x: 1\n',
      [],
      'octavo.yaml:1:1: __proto__ is not a field [CONFIG_UNREADABLE]\n  → remove it',
    ],
    [
      'deep nesting',
      `${'['.repeat(40)}${']'.repeat(40)}`,
      [],
      'octavo.yaml:1:34: nested deeper than 32 levels [CONFIG_UNREADABLE]\n  → no field of Octavo lies that deep: check the indentation and the brackets',
    ],
    [
      'very deep nesting',
      '['.repeat(100_000),
      [],
      'octavo.yaml: nested deeper than 32 levels [CONFIG_UNREADABLE]\n  → no field of Octavo lies that deep: check the indentation and the brackets',
    ],
    [
      'too large a file',
      `# ${'x'.repeat(300_000)}`,
      [],
      'octavo.yaml: 293 KiB is more than the 256 KiB allowed [CONFIG_UNREADABLE]\n  → keep data in files of its own and name them under data.sources',
    ],
  ];
  it.each(table)('%s', (_, text, sets, message) => {
    expect(messageOf(text, sets)).toBe(message);
  });
});
