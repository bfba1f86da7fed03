import { OctavoError } from '../core/index.js';

/** What a client is told when a request fails: OpenAI's shape, and the status that goes with it. */
export interface ApiError {
  readonly kind: 'api-error';
  readonly status: number;
  readonly type:
    | 'invalid_request_error'
    | 'authentication_error'
    | 'permission_error'
    | 'rate_limit_error'
    | 'server_error';
  readonly message: string;
  readonly param: string | null;
  readonly code: string | null;
  readonly headers: Readonly<Record<string, string>>;
}

type Detail = {
  readonly message: string;
  readonly param?: string | null;
  readonly code?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
};

const apiError = (
  status: number,
  type: ApiError['type'],
  { message, param = null, code = null, headers = {} }: Detail,
): ApiError => ({ kind: 'api-error', status, type, message, param, code, headers });

export const badRequest = (detail: Detail): ApiError => apiError(400, 'invalid_request_error', detail);
export const refused = (status: 403 | 404 | 405 | 408 | 413 | 415 | 421 | 431, detail: Detail): ApiError =>
  apiError(status, status === 403 ? 'permission_error' : 'invalid_request_error', detail);

export const invalidKey = (): ApiError =>
  apiError(401, 'authentication_error', {
    message: 'A valid key is needed: send the header "Authorization: Bearer <key>".',
    code: 'invalid_api_key',
    headers: { 'www-authenticate': 'Bearer' },
  });

export const modelNotFound = (asked: string, served: string): ApiError =>
  refused(404, {
    message: `The model "${asked.slice(0, 80)}" does not exist here; this server has "${served}".`,
    param: 'model',
    code: 'model_not_found',
  });

export const contextExceeded = (message: string, param: string): ApiError =>
  badRequest({ message, param, code: 'context_length_exceeded' });

const seconds = (retryAfterSeconds: number) => ({ 'retry-after': String(retryAfterSeconds) });

export const overloaded = (retryAfterSeconds: number): ApiError =>
  apiError(429, 'rate_limit_error', {
    message: `All slots and the queue are full: try again in ${retryAfterSeconds} s.`,
    code: 'server_overloaded',
    headers: seconds(retryAfterSeconds),
  });

export const draining = (): ApiError =>
  apiError(503, 'server_error', {
    message: 'This server is shutting down: try again, or on another one.',
    code: 'server_draining',
    headers: seconds(1),
  });

/** Nobody reads this one: the client has gone. */
export const clientGone = (): ApiError =>
  apiError(499, 'server_error', { message: 'The client closed the connection.', code: 'client_gone' });

/** Says nothing of what happened inside. */
export const internalError = (): ApiError =>
  apiError(500, 'server_error', {
    message: 'The server failed on this request; its log has the cause under the id in x-request-id.',
    code: 'internal_error',
  });

export const errorBody = ({ message, type, param, code }: ApiError) => ({ error: { message, type, param, code } });

export const isApiError = (error: unknown): error is ApiError =>
  typeof error === 'object' && error !== null && 'kind' in error && error.kind === 'api-error';

const fastifyCodes: Readonly<Record<string, (the: { readonly bodyBytes: number }) => ApiError>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: ({ bodyBytes }) =>
    refused(413, { message: `The body is larger than the limit of ${bodyBytes} bytes.`, code: 'body_too_large' }),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    refused(415, {
      message: 'The body has to be JSON: send the header "Content-Type: application/json".',
      code: 'unsupported_media_type',
    }),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () =>
    badRequest({ message: 'The body has another length than its Content-Length says.' }),
  FST_ERR_BAD_URL: () => badRequest({ message: 'The path of the URL is malformed.' }),
};

/** Whatever was thrown, as the client may see it; undefined for a fault of ours. */
export function toApiError(error: unknown, limits: { readonly bodyBytes: number }): ApiError | undefined {
  if (isApiError(error)) return error;
  if (
    error instanceof OctavoError &&
    (error.code === 'PROMPT_TOO_LONG' || error.code === 'CHAT_INVALID' || error.code === 'TOKENIZER_UNSUPPORTED')
  )
    return badRequest({ message: `${error.what}: ${error.remedy}.` });
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return Object.hasOwn(fastifyCodes, code) ? fastifyCodes[code]?.(limits) : undefined;
}
