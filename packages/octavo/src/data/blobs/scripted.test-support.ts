import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A service that answers as it is told, and keeps what it was asked. */
export const scripted = async (answer: (request: IncomingMessage, response: ServerResponse, asked: number) => void) => {
  const asked: { readonly url: string; readonly headers: IncomingMessage['headers'] }[] = [];
  const server: Server = createServer((request, response) => {
    request.resume();
    asked.push({ url: request.url ?? '', headers: request.headers });
    answer(request, response, asked.length);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  // A TCP server's address is never text.
  const { port } = server.address() as AddressInfo;
  return {
    asked,
    at: `http://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
};
