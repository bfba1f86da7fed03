export { type ChatMessage, chatTemplate, type RenderedChat, renderChat, stopTokens } from './chat.js';
export { loadTokenizer } from './load-tokenizer.js';
export { type PatternName, patternNames } from './patterns.js';
export { endOfText, endOfTurn, type Role, roles, roleToken, standardSpecialTokens } from './special-tokens.js';
export { createStreamDecoder, type StreamDecoder } from './stream-decoder.js';
export type { Tokenizer } from './tokenizer.js';
export { type TrainingProgress, type TrainTokenizerOptions, trainTokenizer } from './train.js';
export type { SpecialToken } from './vocabulary.js';
