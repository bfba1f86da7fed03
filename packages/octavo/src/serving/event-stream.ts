import type { ServerResponse } from 'node:http';

/** Server-sent events on one response. The head is sent with the first event. */
export interface EventStream {
  readonly opened: () => boolean;
  /** Sends one `data:` event; resolves when the reader has room again. Throws the signal's reason once it is aborted. */
  readonly send: (data: string) => Promise<void>;
  readonly end: () => void;
}

interface Options {
  readonly headers: Readonly<Record<string, string>>;
  /** Aborted when nobody reads any more. */
  readonly signal: AbortSignal;
  /** A reader who takes nothing for so long is dropped. */
  readonly slowReaderMs: number;
}

/** Writes with back-pressure: memory for a stream is what the socket buffers, and no more. */
export function createEventStream(response: ServerResponse, { headers, signal, slowReaderMs }: Options): EventStream {
  let opened = false;

  const room = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const settle = () => {
        clearTimeout(timer);
        response.off('drain', drained);
        signal.removeEventListener('abort', aborted);
      };
      const drained = () => {
        settle();
        resolve();
      };
      const aborted = () => {
        settle();
        reject(signal.reason);
      };
      // Closing the socket aborts the signal, which ends this wait.
      const timer = setTimeout(() => response.destroy(), slowReaderMs);
      response.once('drain', drained);
      signal.addEventListener('abort', aborted, { once: true });
    });

  return {
    opened: () => opened,
    send: async (data) => {
      signal.throwIfAborted();
      if (!opened) {
        opened = true;
        response.writeHead(200, {
          ...headers,
          'content-type': 'text/event-stream; charset=utf-8',
          'cache-control': 'no-store',
          'x-accel-buffering': 'no',
        });
      }
      if (!response.write(`data: ${data}\n\n`)) await room();
    },
    end: () => response.end(),
  };
}
