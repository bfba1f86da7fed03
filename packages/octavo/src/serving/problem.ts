import { OctavoError } from '../core/index.js';

/** An answer that is not a success, in OpenAI's shape once it has `error` around it. */
export interface Problem {
  readonly status: number;
  readonly type: 'invalid_request_error' | 'rate_limit_error' | 'server_error';
  readonly code: string;
  readonly message: string;
  readonly param: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The body of an error answer. */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string;
  };
}

export const errorBody = ({ message, type, param, code }: Problem): ErrorBody => ({
  error: { message, type, param, code },
});

/** The request cannot be answered as it is: 400 unless told otherwise. */
export const invalid = (code: string, message: string, param: string | null = null, status = 400): Problem => ({
  status,
  type: 'invalid_request_error',
  code,
  message,
  param,
});

const quoted = (text: string): string => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);

const busy = (code: string, what: string, seconds: number): Problem => ({
  status: 429,
  type: 'rate_limit_error',
  code,
  message: `${what} Try again in ${seconds} s.`,
  param: null,
  headers: { 'retry-after': String(seconds) },
});

export const problems = {
  keyMissing: {
    ...invalid('invalid_api_key', 'This server needs an API key: send it as `Authorization: Bearer KEY`.', null, 401),
    headers: { 'www-authenticate': 'Bearer' },
  },
  keyWrong: {
    ...invalid('invalid_api_key', 'This API key is not valid: it is unknown, expired or revoked.', null, 401),
    headers: { 'www-authenticate': 'Bearer' },
  },
  keyScope: (scope: string) =>
    invalid('insufficient_scope', `This API key may not do that: it lacks the scope ${scope}.`, null, 403),
  keysUnavailable: {
    status: 503,
    type: 'server_error',
    code: 'keys_unavailable',
    message: 'API keys cannot be checked at the moment.',
    param: null,
  },
  host: invalid(
    'host_not_allowed',
    'This server does not answer to the name in the Host header. Start it with --allowed-host NAME if the name is yours.',
    null,
    421,
  ),
  origin: invalid('origin_not_allowed', 'Pages of this origin may not call this server.', null, 403),
  route: invalid(
    'not_found',
    'There is no such path. The API is under /v1: models, chat/completions, completions, tokenize.',
    null,
    404,
  ),
  method: (allow: string) => ({
    ...invalid('method_not_allowed', `This path takes ${allow} only.`, null, 405),
    headers: { allow },
  }),
  model: (name: string) =>
    invalid(
      'model_not_found',
      `The model ${quoted(name)} does not exist here. GET /v1/models lists those that do.`,
      'model',
      404,
    ),
  tooLong: (the: { readonly most: number; readonly tokens: number; readonly exact: boolean; readonly param: string }) =>
    invalid(
      'context_length_exceeded',
      `This model's maximum context length is ${the.most} tokens, of which one is for the answer. Your prompt has ${the.exact ? '' : 'at least '}${the.tokens} tokens: shorten it.`,
      the.param,
    ),
  queueFull: (seconds: number) => busy('queue_full', 'The model is busy and its queue is full.', seconds),
  waitedTooLong: (seconds: number) => busy('queue_timeout', 'No slot of the model came free in time.', seconds),
  draining: {
    status: 503,
    type: 'server_error',
    code: 'shutting_down',
    message: 'This server is shutting down and takes no new work. Try again: another one may answer.',
    param: null,
    headers: { 'retry-after': '1', connection: 'close' },
  },
  cutShort: {
    status: 503,
    type: 'server_error',
    code: 'shutting_down',
    message: 'This server shut down before the answer was finished.',
    param: null,
    headers: { connection: 'close' },
  },
  internal: {
    status: 500,
    type: 'server_error',
    code: 'internal_error',
    message: 'The server failed to answer; its log has the reason under this request id.',
    param: null,
  },
} as const satisfies Readonly<Record<string, Problem | ((...given: never[]) => Problem)>>;

/** Errors of other rooms that are the caller's to mend. Their text is about the request, so it may be shown. */
const callerErrors: Readonly<Record<string, string>> = {
  PROMPT_TOO_LONG: 'context_length_exceeded',
  CHAT_INVALID: 'invalid_messages',
  TOKENIZER_UNSUPPORTED: 'chat_not_supported',
};

/** Errors of the HTTP framework by their code. */
const httpErrors: Readonly<Record<string, Problem>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: invalid('invalid_json', 'The body is not valid JSON.'),
  FST_ERR_CTP_EMPTY_JSON_BODY: invalid('invalid_json', 'The body is empty; it should be a JSON object.'),
  FST_ERR_CTP_BODY_TOO_LARGE: invalid(
    'body_too_large',
    'The body is larger than this server takes (1 MiB by default).',
    null,
    413,
  ),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: invalid(
    'unsupported_media_type',
    'Send JSON, with `Content-Type: application/json`.',
    null,
    415,
  ),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: invalid(
    'invalid_content_length',
    'The body is not as long as Content-Length says, or is not UTF-8.',
  ),
  FST_ERR_BAD_URL: invalid('invalid_url', 'The path is not a valid URL path.'),
};

/** What a caller is told about whatever was thrown. Inner messages never leave. */
export const problemOf = (error: unknown): Problem => {
  if (error instanceof OctavoError) {
    const code = callerErrors[error.code];
    return code === undefined
      ? problems.internal
      : invalid(code, `${error.what}${error.remedy === undefined ? '' : `: ${error.remedy}`}`);
  }
  if (!(error instanceof Error)) return problems.internal;
  const code = 'code' in error ? httpErrors[String(error.code)] : undefined;
  if (code !== undefined) return code;
  // Forbidden keys such as __proto__, and other refusals of a body, come with a status of their own.
  const status = 'statusCode' in error ? Number(error.statusCode) : 500;
  return status >= 400 && status < 500
    ? invalid('invalid_request', 'The request could not be read.', null, status)
    : problems.internal;
};
