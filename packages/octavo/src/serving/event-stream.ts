import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Server-sent events to one reader. */
export interface EventStream {
  /** Sends one event; kept back while the reader takes no more. */
  readonly send: (data: unknown) => void;
  /** Sends `[DONE]` if all went well, and ends the answer. */
  readonly end: (outcome: 'done' | 'failed') => void;
}

const headers = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  // nginx would collect the answer before passing it on.
  'x-accel-buffering': 'no',
  'x-content-type-options': 'nosniff',
};

const watched = new WeakSet<Socket>();

/** Drops the connection when it moves no byte for so long; Node looks at what the kernel still holds. */
export const dropStalledReader = (response: ServerResponse, stalledMs: number): void => {
  const { socket } = response;
  if (socket === null) return;
  // One listener a connection, which may carry many answers.
  if (!watched.has(socket)) {
    watched.add(socket);
    socket.on('timeout', () => socket.destroy());
  }
  socket.setTimeout(stalledMs);
};

/**
 * Starts the answer. What the model says is never held up by its reader: text waits here, at most the length of the
 * context, and the slot is free as soon as the model has finished.
 */
export function startEventStream(
  response: ServerResponse,
  the: { readonly requestId: string; readonly stalledMs: number; readonly close: boolean },
): EventStream {
  let waiting: string[] = [];
  let blocked = false;
  let ending = false;

  const write = (text: string): void => {
    if (response.destroyed) return;
    if (blocked) waiting.push(text);
    else if (!response.write(text)) {
      blocked = true;
      dropStalledReader(response, the.stalledMs);
    }
  };
  const finish = (): void => {
    dropStalledReader(response, the.stalledMs);
    response.end();
  };
  response.on('drain', () => {
    blocked = false;
    response.socket?.setTimeout(0);
    const text = waiting.join('');
    waiting = [];
    if (text !== '') write(text);
    if (ending && !blocked) finish();
  });

  response.writeHead(200, { ...headers, 'x-request-id': the.requestId, ...(the.close ? { connection: 'close' } : {}) });
  response.flushHeaders();
  return {
    send: (data) => write(`data: ${JSON.stringify(data)}\n\n`),
    end: (outcome) => {
      if (outcome === 'done') write('data: [DONE]\n\n');
      ending = true;
      if (!blocked && !response.destroyed) finish();
    },
  };
}
