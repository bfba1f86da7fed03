import type { Server } from 'node:http';
import { invariant } from '../../core/index.js';

/** Starts a server on a free port of this machine and says which. */
export async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((done) => server.listen(0, host, done));
  const address = server.address();
  invariant(typeof address === 'object' && address !== null, 'a server that listens has a port');
  return address.port;
}
