import type { Socket } from 'node:net';
import { errorBody, invalid, type Problem } from './problem.js';

const reasons: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

const problemOfCode = (code: string | undefined): Problem => {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return invalid('request_timeout', 'The request took too long to arrive.', null, 408);
  if (code === 'HPE_HEADER_OVERFLOW')
    return invalid('headers_too_large', 'The headers are larger than this server takes.', null, 431);
  return invalid('malformed_http', 'This is not valid HTTP.');
};

/** Answers what Node's parser refused, where no request exists yet, and closes the connection. */
export function answerMalformedHttp(
  error: Error & { readonly code?: string },
  socket: Socket,
  requestId: string,
): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = problemOfCode(error.code);
  const body = JSON.stringify(errorBody(problem));
  socket.end(
    [
      `HTTP/1.1 ${problem.status} ${reasons[problem.status]}`,
      'content-type: application/json; charset=utf-8',
      `content-length: ${Buffer.byteLength(body)}`,
      `x-request-id: ${requestId}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
    // A client that goes on sending does not hold the socket.
    () => socket.destroy(),
  );
}
