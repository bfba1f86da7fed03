export { type Config, configJsonSchema, configSchema, configTemplateOfProject } from './config.js';
export { graph } from './graph.js';
export { type MachineFacts, measureMachine, memoryLimitBytes, type NativeParts, nativeParts } from './machine.js';
export { type GraphNode, node } from './node.js';
export type { Gate } from './report/gates.js';
export { type WrittenReport, writeReport } from './report/write-report.js';
export { cacheFolderOf, type PipelineRun, readProject, runPipeline } from './run.js';
export { type GraphOutcome, type GraphRun, runGraph, type StepResult } from './run-graph.js';
export { type ResumeTrial, type ResumeVerdict, verifyResume } from './verify-resume.js';
