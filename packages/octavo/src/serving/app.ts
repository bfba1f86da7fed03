import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { Clock } from '../core/index.js';
import { checkCaller, headerValues } from '../core/index.js';
import { createAdmission } from './admission.js';
import { addApiRoutes } from './api-routes.js';
import { dropStalledReader } from './event-stream.js';
import type { KeyCheck } from './key-check.js';
import type { KeyScope } from './key-file.js';
import type { RandomBytes } from './keys.js';
import { createLifecycle, type Lifecycle } from './lifecycle.js';
import { defaultLimits, type Limits } from './limits.js';
import { answerMalformedHttp } from './malformed-http.js';
import { createMetrics } from './metrics.js';
import { addOperationRoutes } from './operation-routes.js';
import { errorBody, invalid, type Problem, problemOf, problems } from './problem.js';
import type { ServedModel } from './served-model.js';

/** One thing that the server tells its operator. No prompt, answer, key, header or address line is ever in it. */
export type LogEntry =
  | {
      readonly event: 'request';
      readonly timeMs: number;
      readonly requestId: string;
      readonly method: string;
      readonly route: string;
      readonly status: number;
      readonly elapsedMs: number;
      readonly keyId?: string;
    }
  | { readonly event: 'failure'; readonly timeMs: number; readonly requestId: string; readonly error: string }
  | { readonly event: 'listening' | 'draining' | 'closed'; readonly timeMs: number; readonly text: string };

export interface AppOptions {
  /** By the name that clients use. */
  readonly models: ReadonlyMap<string, ServedModel>;
  /** Without them everybody who reaches the server may use it. */
  readonly keys?: KeyCheck;
  readonly limits?: Partial<Limits>;
  /** Names, beside those of this machine, by which clients reach the server. */
  readonly allowedHosts?: readonly string[];
  /** Origins of pages, beside the server's own, that may call it. */
  readonly allowedOrigins?: readonly string[];
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly log: (entry: LogEntry) => void;
}

export interface App {
  readonly fastify: FastifyInstance;
  readonly lifecycle: Lifecycle;
  readonly limits: Limits;
}

/** What the hooks note about a request for those that come later. */
interface Noted {
  readonly startedMs: number;
  keyId: string | undefined;
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

const send = (reply: FastifyReply, problem: Problem): FastifyReply =>
  reply
    .code(problem.status)
    .headers({ ...problem.headers })
    .send(errorBody(problem));

/** Which scope a path needs; undefined for paths that anybody may read. */
const scopeOf = (url: string): KeyScope | undefined => {
  const path = url.split('?', 1)[0] ?? '';
  if (path === '/health' || path === '/ready') return undefined;
  return path === '/metrics' ? 'metrics' : 'infer';
};

const routeName = (request: FastifyRequest): string => request.routeOptions.url ?? 'none';

/** The whole server without a socket: tests call `app.fastify.inject`. */
export function buildApp(options: AppOptions): App {
  const limits: Limits = { ...defaultLimits, ...options.limits };
  const { models, keys, clock, random, log } = options;
  const allowed = {
    hosts: (options.allowedHosts ?? []).map((name) => name.toLowerCase()),
    origins: options.allowedOrigins ?? [],
  };
  const lifecycle = createLifecycle();
  const admissions = new Map(
    [...models].map(([name, { generator }]) => [name, createAdmission(generator.slots, limits, clock.now)]),
  );
  const metrics = createMetrics({
    loads: () =>
      [...models].map(([model, { generator }]) => ({
        model,
        slots: generator.slots,
        active: generator.load().active,
        waiting: admissions.get(model)?.load().waiting ?? 0,
      })),
    inFlight: lifecycle.inFlight,
  });
  const noted = new WeakMap<object, Noted>();
  const requestId = (): string => `req_${hex(random(12))}`;

  const fastify = Fastify({
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    genReqId: requestId,
    http: {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: limits.checkIntervalMs,
    },
    routerOptions: { maxParamLength: 256 },
    clientErrorHandler: (error, socket) => answerMalformedHttp(error, socket, requestId()),
    frameworkErrors: (error, request, reply) => {
      void reply.header('x-request-id', request.id);
      void send(reply, problemOf(error));
    },
  });
  fastify.server.maxConnections = limits.connections;
  fastify.removeContentTypeParser('text/plain');

  const done = (request: FastifyRequest, reply: FastifyReply): void => {
    const note = noted.get(request.raw);
    if (note === undefined) return;
    noted.delete(request.raw);
    const elapsedMs = clock.now() - note.startedMs;
    const status = reply.raw.writableFinished ? reply.raw.statusCode : 499;
    const entry = { method: request.method, route: routeName(request), status };
    metrics.request({ ...entry, seconds: elapsedMs / 1000 });
    log({
      event: 'request',
      timeMs: clock.now(),
      requestId: request.id,
      ...entry,
      elapsedMs,
      ...(note.keyId === undefined ? {} : { keyId: note.keyId }),
    });
  };

  /** Who calls, by what name, with which key; undefined when all is well. */
  const refusal = (request: FastifyRequest, note: Noted): Problem | undefined => {
    const { rawHeaders, url = '', socket } = request.raw;
    const caller = checkCaller(
      {
        hosts: headerValues(rawHeaders, 'host'),
        origin: headerValues(rawHeaders, 'origin')[0],
        localAddress: socket.localAddress,
        localPort: socket.localPort,
      },
      allowed,
    );
    // A whole URL in the request line names a host too, and would be a second answer to the same question.
    if (caller === 'host' || !url.startsWith('/')) return problems.host;
    if (caller === 'origin') return problems.origin;
    const scope = scopeOf(url);
    if (keys !== undefined && scope !== undefined) {
      const verdict = keys.check(request.headers.authorization, scope);
      if (verdict.kind === 'unavailable') return problems.keysUnavailable;
      if (verdict.kind === 'refused')
        return verdict.reason === 'scope'
          ? problems.keyScope(scope)
          : verdict.reason === 'missing'
            ? problems.keyMissing
            : problems.keyWrong;
      note.keyId = verdict.keyId;
    }
    if (lifecycle.state() === 'draining' && request.method === 'POST') return problems.draining;
    const encoding = request.headers['content-encoding'];
    return encoding === undefined || encoding === 'identity'
      ? undefined
      : invalid('unsupported_encoding', 'Send the body as it is, without Content-Encoding.', null, 415);
  };

  fastify.addHook('onRequest', (request, reply, next) => {
    const note: Noted = { startedMs: clock.now(), keyId: undefined };
    noted.set(request.raw, note);
    reply.raw.once('finish', () => done(request, reply));
    reply.raw.once('close', () => done(request, reply));
    void reply.headers({
      'x-request-id': request.id,
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    });
    if (lifecycle.state() === 'draining') void reply.header('connection', 'close');
    const problem = refusal(request, note);
    if (problem === undefined) next();
    else void send(reply, problem);
  });
  fastify.addHook('onSend', (_request, reply, payload, next) => {
    dropStalledReader(reply.raw, limits.stalledReaderMs);
    next(null, payload);
  });
  const logFailure = (request: FastifyRequest) => (error: unknown) =>
    log({
      event: 'failure',
      timeMs: clock.now(),
      requestId: request.id,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
  fastify.setErrorHandler((error, request, reply) => {
    const problem = problemOf(error);
    if (problem.status >= 500) logFailure(request)(error);
    return send(reply, problem);
  });
  fastify.setNotFoundHandler((request, reply) => {
    const allow = (['GET', 'POST'] as const).filter(
      (method) => fastify.findRoute({ method, url: knownPath(request.url) }) !== null,
    );
    return send(reply, allow.length > 0 ? problems.method(allow.join(', ')) : problems.route);
  });
  fastify.addHook('onClose', () => metrics.close());

  addOperationRoutes(fastify, { lifecycle, metrics });
  addApiRoutes(fastify, {
    models,
    admissions,
    random,
    effectsOf: (request) => ({
      clock,
      limits,
      lifecycle,
      metrics,
      startedMs: noted.get(request.raw)?.startedMs ?? clock.now(),
      logFailure: logFailure(request),
    }),
    send,
  });
  return { fastify, lifecycle, limits };
}

/** The pattern of the route that a path belongs to, whatever its method. */
const knownPath = (url: string): string => {
  const path = url.split('?', 1)[0] ?? '';
  return /^\/v1\/models\/[^/]+$/.test(path) ? '/v1/models/:id' : path;
};
