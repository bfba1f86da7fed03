export { groupedLayers, type Layer, type LayerGroup, partsOf } from './architecture.js';
export { type BertConfig, type BertInputs, bertLogits, bertLoss, bertParameters } from './bert.js';
export {
  type CountedModel,
  countParameters,
  forwardFlopsAt,
  type ParameterCount,
  trainingFlops,
  trainingFlopsPerToken,
} from './counts.js';
export { type DiagramPart, type DiagramStep, type DiagramStream, diagramOf } from './diagram.js';
export {
  type EncoderDecoderConfig,
  type EncoderDecoderInputs,
  encoderDecoderLogits,
  encoderDecoderLoss,
  encoderDecoderParameters,
} from './encoder-decoder.js';
export {
  type GptInputs,
  type GptLosses,
  gptCached,
  gptLogits,
  gptLoss,
  type LayerCache,
  type Parameters,
} from './gpt.js';
export { type ExpertsConfig, type GptConfig, inUse } from './gpt-config.js';
export { gptParameters, type ParameterSpec, type Start } from './gpt-parameters.js';
export { initialValues } from './initialise.js';

export {
  type LinearRecurrenceConfig,
  linearRecurrenceLogits,
  linearRecurrenceLoss,
  linearRecurrenceParameters,
} from './linear-recurrence.js';
export {
  type ArchitectureName,
  type BatchSize,
  functionOf,
  givenIn,
  type InputSpec,
  type Model,
  type ModelFunction,
  madeUp,
  outputGraph,
  parameterInputs,
} from './model-function.js';
export { type PresetName, presets } from './presets.js';
export {
  type RecurrentConfig,
  type RecurrentInputs,
  recurrentLogits,
  recurrentLoss,
  recurrentParameters,
} from './recurrent.js';
export { gptConfigSchema, type ModelSection, modelSection } from './section.js';
export { type TaggerConfig, type TaggerInputs, taggerLoss, taggerParameters, taggerTags } from './tagger.js';
export { type TextCnnConfig, type TextCnnInputs, textCnnLogits, textCnnLoss, textCnnParameters } from './text-cnn.js';
