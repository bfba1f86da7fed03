export { fitConversation } from './conversation.js';
export { isLoopback } from './host-check.js';
export { type KeyRecord, type KeyScope, keyScopes, readKeys } from './key-file.js';
export { createKey, followKeys, isLive, type KeyRing, openRing, revokeKey } from './keys.js';
export { type ServingLimits, servingLimits } from './limits.js';
export type { ServedModel } from './model.js';
export { type AccessLine, type ModelServer, type ServerOptions, startServer } from './server.js';
