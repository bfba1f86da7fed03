/**
 * Writes ONNX models. Field numbers are those of onnx.proto: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto.
 * What a runtime would refuse with a riddle is refused here by name: order, names, sizes.
 */
import { invariant } from '../core/index.js';
import { blob, encodeMessage, float, integer, type Message, message, nested, repeated, text } from './protobuf.js';

/** Name → number of TensorProto.DataType, and bytes an element. */
export const onnxDtypes = {
  float32: { code: 1, bytes: 4 },
  uint8: { code: 2, bytes: 1 },
  int8: { code: 3, bytes: 1 },
  int32: { code: 6, bytes: 4 },
  int64: { code: 7, bytes: 8 },
  bool: { code: 9, bytes: 1 },
  float16: { code: 10, bytes: 2 },
  float64: { code: 11, bytes: 8 },
  bfloat16: { code: 16, bytes: 2 },
} as const;
export type OnnxDtype = keyof typeof onnxDtypes;

export interface OnnxTensor {
  readonly dtype: OnnxDtype;
  readonly shape: readonly number[];
  /** Little-endian, row by row. */
  readonly data: Uint8Array;
}

export interface OnnxInitializer extends OnnxTensor {
  readonly name: string;
}

/** An input or output of the graph; a text is a size known only when the model runs, equal wherever the text is. */
export interface OnnxValue {
  readonly name: string;
  readonly dtype: OnnxDtype;
  readonly shape: readonly (number | string)[];
}

export type OnnxAttribute =
  | { readonly int: number | bigint }
  | { readonly float: number }
  | { readonly text: string }
  | { readonly tensor: OnnxTensor }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] };

export interface OnnxNode {
  readonly operator: string;
  /** '' leaves out an optional input. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  readonly name?: string;
  /** Absent for ONNX's own operators. */
  readonly domain?: string;
}

export interface OnnxModel {
  /** In an order in which each input is there before it is used. */
  readonly nodes: readonly OnnxNode[];
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly initializers: readonly OnnxInitializer[];
  readonly opset?: number;
  /** Versions of other operator sets, by domain. */
  readonly domains?: Readonly<Record<string, number>>;
  readonly name?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Protocol buffers hold less than 2 GiB. */
const maximumBytes = 2 ** 31 - 1;
const irVersion = 8;

const tensor = ({ dtype, shape, data }: OnnxTensor, name: string): Message => {
  const elements = shape.reduce((product, size) => product * size, 1);
  invariant(
    data.length === elements * onnxDtypes[dtype].bytes,
    `ONNX tensor ${name}, ${dtype} [${shape.join(', ')}], has ${elements * onnxDtypes[dtype].bytes} bytes, not ${data.length}`,
  );
  return message(
    repeated(shape, (size) => integer(1, size)),
    integer(2, onnxDtypes[dtype].code),
    text(8, name),
    blob(9, data),
  );
};

const attributeValue = (name: string, value: OnnxAttribute): Message => {
  const type = (code: number) => integer(20, code);
  if ('float' in value) return message(float(2, value.float), type(1));
  if ('int' in value) return message(integer(3, value.int), type(2));
  if ('text' in value) return message(text(4, value.text), type(3));
  if ('tensor' in value) return message(nested(5, tensor(value.tensor, name)), type(4));
  if ('floats' in value)
    return message(
      repeated(value.floats, (item) => float(7, item)),
      type(6),
    );
  return message(
    repeated(value.ints, (item) => integer(8, item)),
    type(7),
  );
};

const node = ({ operator, inputs, outputs, attributes = {}, name, domain }: OnnxNode): Message =>
  message(
    repeated(inputs, (input) => text(1, input)),
    repeated(outputs, (output) => text(2, output)),
    ...(name === undefined ? [] : [text(3, name)]),
    text(4, operator),
    repeated(Object.entries(attributes), ([key, value]) =>
      nested(5, message(text(1, key), attributeValue(key, value))),
    ),
    ...(domain === undefined ? [] : [text(7, domain)]),
  );

const valueInfo = ({ name, dtype, shape }: OnnxValue): Message => {
  const dimensions = repeated(shape, (size) => nested(1, typeof size === 'number' ? integer(1, size) : text(2, size)));
  const tensorType = message(integer(1, onnxDtypes[dtype].code), nested(2, dimensions));
  return message(text(1, name), nested(2, nested(1, tensorType)));
};

/** Each value is made once, and before it is used; each output is made. */
function checkNames({ nodes, inputs, outputs, initializers }: OnnxModel): void {
  const made = new Set<string>();
  const make = (name: string) => {
    invariant(!made.has(name), `the ONNX value ${name} is made once`);
    made.add(name);
  };
  for (const { name } of [...inputs, ...initializers]) make(name);
  for (const { operator, inputs: uses, outputs: makes } of nodes) {
    for (const name of uses)
      invariant(name === '' || made.has(name), `${operator} uses the ONNX value ${name}, made by an earlier node`);
    for (const name of makes) if (name !== '') make(name);
  }
  for (const { name } of outputs) invariant(made.has(name), `the ONNX output ${name} is made by a node`);
}

/** The bytes of an `.onnx` file (IR version 8; operator set 17 unless told otherwise), all weights inside. */
export function onnxModel(model: OnnxModel): Uint8Array {
  checkNames(model);
  const { nodes, inputs, outputs, initializers, opset = 17, domains = {}, name = 'octavo', metadata = {} } = model;
  const graph = message(
    repeated(nodes, (item) => nested(1, node(item))),
    text(2, name),
    repeated(initializers, (item) => nested(5, tensor(item, item.name))),
    repeated(inputs, (item) => nested(11, valueInfo(item))),
    repeated(outputs, (item) => nested(12, valueInfo(item))),
  );
  const whole = message(
    integer(1, irVersion),
    text(2, 'octavo'),
    nested(7, graph),
    repeated(Object.entries({ '': opset, ...domains }), ([domain, version]) =>
      nested(8, message(text(1, domain), integer(2, version))),
    ),
    repeated(Object.entries(metadata), ([key, value]) => nested(14, message(text(1, key), text(2, value)))),
  );
  invariant(
    whole.bytes <= maximumBytes,
    `an ONNX file with its weights inside is under 2 GiB, not ${whole.bytes} bytes`,
  );
  return encodeMessage(whole);
}
