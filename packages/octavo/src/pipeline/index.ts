export { type Config, configJsonSchema, configSchema, configTemplateOfProject } from './config.js';
export { graph } from './graph.js';
export { type Helped, helpRun } from './help-run.js';
export {
  firstTokenOf,
  type OpenedRun,
  openRunInside,
  type Prompt,
  promptOf,
} from './inside/open.js';
export { insidePage } from './inside/page.js';
export { tokenText } from './inside/pictures.js';
export {
  type AttentionView,
  type AttributionView,
  attentionView,
  attributionView,
  type InsideView,
  type LensView,
  lensView,
  type PatchView,
  patchView,
} from './inside/views.js';
export {
  type Architecture,
  checkpointArchitecture,
  machineFactsOf,
  mixedPrecisionOf,
  presetArchitecture,
  projectArchitecture,
  runArchitecture,
} from './inspect/find-architecture.js';
export { changeText, graphPage } from './inspect/graph-page.js';
export {
  type GraphKind,
  type GraphStage,
  graphKinds,
  graphStages,
  graphText,
  nodeText,
} from './inspect/graph-stages.js';
export { modelPage } from './inspect/model-page.js';
export { type ModelSummary, summaryOf } from './inspect/model-summary.js';
export { chromeTrace, gaps, grouped, type Profile, type ProfileGroup, partOf, profileStep } from './inspect/profile.js';
export { type MachineFacts, measureMachine, memoryLimitBytes, type NativeParts, nativeParts } from './machine.js';
export { type GraphNode, node } from './node.js';
export { writeDataCard } from './report/data-files.js';
export { writeDataReport } from './report/data-page.js';
export type { Gate } from './report/gates.js';
export { type WrittenReport, writeReport } from './report/write-report.js';
export { cacheFolderOf, type PipelineRun, readProject, readRunConfig, runPipeline } from './run.js';
export { type GraphOutcome, type GraphRun, runGraph, type StepResult } from './run-graph.js';
export { type OpenModel, openServedModel } from './serve-model.js';
export { type ResumeTrial, type ResumeVerdict, verifyResume } from './verify-resume.js';
