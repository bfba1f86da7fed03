export { type ChatFamily, type ChatMessage, type Conversation, chatFamilies, headlineFamilies } from './chat-family.js';
export { clean } from './clean.js';
export { collect } from './collect.js';
export { type DroppedDocument, type DropReason, dropReasons } from './document.js';
export { type DataSummary, dataSummary, type Fate, listDropped, why } from './inspect.js';
export {
  type CleanSection,
  type CollectSection,
  cleanSection,
  collectSection,
  type DataSection,
  dataSection,
  type SplitSection,
  splitSection,
  type TokenizeSection,
  tokenizeSection,
} from './section.js';
export { split } from './split.js';
export { openStore, type Store } from './store/store.js';
export { CollectSummary, SplitSummary, TokenizeSummary } from './summaries.js';
export { tokenize } from './tokenize.js';
