export * from './atomic-stream.js';
export * from './safetensors.js';
export {
  type SafetensorsDtype,
  type SafetensorsHeader,
  safetensorsDtypes,
  type TensorEntry,
} from './safetensors-header.js';
export { parseStrictJson, type StrictJson } from './strict-json.js';
