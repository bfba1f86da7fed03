export * from './atomic-stream.js';
export type { Columns, ColumnType, Row } from './duckdb.js';
export { verifyChecksum } from './file-checksum.js';
export {
  type OnnxAttribute,
  type OnnxDtype,
  type OnnxInitializer,
  type OnnxModel,
  type OnnxNode,
  type OnnxTensor,
  type OnnxValue,
  onnxDtypes,
  onnxModel,
} from './onnx.js';
export { readDocuments } from './parquet.js';
export { type WrittenTable, writeDocuments } from './parquet-writer.js';
export { queryTables } from './query-tables.js';
export * from './safetensors.js';
export {
  type SafetensorsDtype,
  type SafetensorsHeader,
  safetensorsDtypes,
  type TensorEntry,
} from './safetensors-header.js';
export { parseStrictJson, type StrictJson } from './strict-json.js';
export { openTexts, type TextVector } from './text-columns.js';
export { streamTokenShard, type TokenShardStream } from './token-shard-stream.js';
export {
  openTokenShard,
  type TokenIds,
  type TokenShard,
  type TokenShardHeader,
  tokenIds,
  writeTokenShard,
} from './token-shards.js';
