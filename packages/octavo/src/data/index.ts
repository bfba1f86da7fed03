export { clean } from './clean.js';
export { collect } from './collect.js';
export { split } from './split.js';
