export { choosePlan, type PlanInput } from './choose-plan.js';
export { bytesPerToken, forecastBits } from './forecast.js';
export { type ModelChoices, type Plan, type PretrainChoices, planSchema, type Reason } from './plan.js';
export { explainPlan, planMarkdown } from './plan-text.js';
export { type PlanSection, planSection } from './section.js';
export { type PlanDependencies, planStep, readPlan } from './step.js';
