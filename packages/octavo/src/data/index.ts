export { balances } from './balance/classes.js';
export { openBlobs } from './blobs/open-blobs.js';
export { pull, push, type Transferred } from './blobs/transfer.js';
export { type CardFacts, dataCard } from './card/data-card.js';
export { dataCardFacts } from './card/facts.js';
export { type ChatFamily, type ChatMessage, type Conversation, chatFamilies, headlineFamilies } from './chat-family.js';
export { clean } from './clean.js';
export { collect } from './collect.js';
export { writeColumns } from './columns/columns.js';
export { type DroppedDocument, type DropReason, dropReasons } from './document.js';
export { type DataSummary, dataSummary } from './inspect/data-summary.js';
export { type DataDiff, type Difference, type DifferenceKind, diffData, type Figure } from './inspect/diff.js';
export { type DuplicateCluster, duplicates } from './inspect/duplicates.js';
export type { Excerpt } from './inspect/hit.js';
export { type Languages, languagesOf } from './inspect/languages.js';
export { type SampledDocument, sampleDocuments, sampleReasons } from './inspect/sample.js';
export type { RuleVerdict } from './inspect/verdicts.js';
export { type Fate, type Story, why } from './inspect/why.js';
export { type AlphaLevel, alphaLevels } from './label/agreement.js';
export { labelProgress } from './label/assign.js';
export { documentItems } from './label/documents.js';
export { readFunctions } from './label/functions.js';
export { exportLabels, formatOf, type LabelFormat, labelFormats, readItems } from './label/interchange.js';
export { labelKinds } from './label/kinds.js';
export { type Agreement, measureAgreement } from './label/measure.js';
export { addItems, createProject, findProject, type LabelProject, listProjects } from './label/projects.js';
export { serveLabels } from './label/server.js';
export { suggestByClassifier, suggestByFunctions, type WeakLabels } from './label/suggest.js';
export { uncertaintyRules } from './label/uncertainty.js';
export { kubernetesManifest } from './scale/kubernetes.js';
export { slurmScript } from './scale/slurm.js';
export { type Work, type WorkDone, workOn } from './scale/work.js';
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
export { openStore } from './store/open-store.js';
export type { Store } from './store/store.js';
export { CollectSummary, SplitSummary, TokenizeSummary } from './summaries.js';
export { tokenize } from './tokenize.js';
