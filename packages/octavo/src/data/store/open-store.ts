import type { openStore as open } from './store.js';

/** `openStore` of store.ts, whose packages are loaded by those alone who open one: every command would wait for them. */
export const openStore: typeof open = async (...given) => (await import('./store.js')).openStore(...given);
