import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { type Clock, invariant } from '../core/index.js';
import type { GenerationRequest } from '../generation/index.js';
import { createAdmission } from './admission.js';
import {
  type ApiError,
  badRequest,
  clientGone,
  draining,
  errorBody,
  internalError,
  invalidKey,
  modelNotFound,
  refused,
  toApiError,
} from './api-error.js';
import { completeStream, completeWhole } from './complete.js';
import { type CompletionForm, chatForm, textForm } from './completion-form.js';
import { allowedNames, judgeHost } from './host-check.js';
import type { KeyScope } from './key-file.js';
import type { KeyRing } from './keys.js';
import { type ServingLimits, servingLimits } from './limits.js';
import { createMetrics } from './metrics.js';
import type { ServedModel } from './model.js';
import { planChat, planCompletion } from './plan-answers.js';
import { ChatRequest, CompletionRequest, parseBody, readRequest, TokenizeRequest } from './requests.js';

/** One line of the access log: never a word of a prompt, an answer, a header or a key. */
export interface AccessLine {
  readonly requestId: string;
  readonly method: string;
  /** The route's pattern, or `unknown`. */
  readonly route: string;
  readonly status: number;
  readonly elapsedMs: number;
  /** The id of the key, not the key. */
  readonly keyId: string | undefined;
}

export interface ServerOptions {
  readonly model: ServedModel;
  readonly keys: KeyRing;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Names besides loopback and `host` that clients may use. */
  readonly allowHosts: readonly string[];
  readonly clock: Clock;
  /** Random bytes for ids and seeds. */
  readonly random: (count: number) => Uint8Array;
  readonly limits?: Partial<ServingLimits>;
  readonly onAccess?: (line: AccessLine) => void;
  /** Hears what a 500 does not tell. */
  readonly onFault?: (requestId: string, error: unknown) => void;
}

export interface ModelServer {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  readonly load: () => { readonly active: number; readonly waiting: number };
  /** Takes no new work, lets open answers finish until the deadline, then ends them with an error, and closes. */
  readonly drain: (deadlineMs?: number) => Promise<void>;
}

/** What is known of a request besides its own. */
interface Trail {
  readonly startedMs: number;
  readonly stop: AbortController;
  keyId: string | undefined;
}

const scopeOf = (route: string | undefined): KeyScope | undefined =>
  route === '/health' || route === '/ready' ? undefined : route === '/metrics' ? 'metrics' : 'infer';

const statusTexts: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
};

/** Answers what is no HTTP, on the bare socket. */
const answerMalformed = (error: Error & { readonly code?: string }, socket: Socket): void => {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const told =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? refused(431, { message: `The headers are larger than the limit of ${servingLimits.headerBytes} bytes.` })
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? refused(408, { message: 'The request took too long to arrive.' })
        : badRequest({ message: 'This is not a valid HTTP request.' });
  const body = JSON.stringify(errorBody(told));
  socket.end(
    `HTTP/1.1 ${told.status} ${statusTexts[told.status] ?? 'Error'}\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
};

/** Starts the server. The model stays its caller's: close it after `drain`. */
export async function startServer(options: ServerOptions): Promise<ModelServer> {
  const { model, clock, keys } = options;
  const limits: ServingLimits = { ...servingLimits, ...options.limits };
  const admission = createAdmission({ slots: model.generator.slots, limits, clock });
  const metrics = createMetrics({ slots: model.generator.slots, load: admission.load });
  const names = allowedNames(options.host, options.allowHosts);
  const trails = new WeakMap<IncomingMessage, Trail>();
  const running = new Set<AbortController>();
  const hexId = (): string => Buffer.from(options.random(16)).toString('hex');
  const anySeed = (): number => Buffer.from(options.random(6)).readUIntBE(0, 6);
  let port = options.port;
  let state: 'ready' | 'draining' = 'ready';
  let emptied: (() => void) | undefined;

  const app: FastifyInstance = fastify({
    genReqId: () => `req_${hexId()}`,
    requestIdHeader: false,
    bodyLimit: limits.bodyBytes,
    requestTimeout: limits.requestMs,
    keepAliveTimeout: limits.keepAliveMs,
    forceCloseConnections: true,
    http: {
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: limits.checkMs,
      maxHeaderSize: limits.headerBytes,
    },
    clientErrorHandler: answerMalformed,
    frameworkErrors: (error, request, reply) => {
      sendError(request.id, reply, error);
    },
    routerOptions: { maxParamLength: 512 },
  });
  app.server.maxConnections = limits.connections;

  const toClient = (requestId: string, error: unknown): ApiError => {
    const told = toApiError(error, limits);
    if (told === undefined) options.onFault?.(requestId, error);
    return told ?? internalError();
  };

  const sendError = (requestId: string, reply: FastifyReply, error: unknown): FastifyReply => {
    const told = toClient(requestId, error);
    return reply
      .code(told.status)
      .headers(told.headers)
      .header('x-request-id', requestId)
      .type('application/json')
      .send(JSON.stringify(errorBody(told)));
  };

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, async (_request: FastifyRequest, body: Buffer) =>
    parseBody(body),
  );

  app.addHook('onRequest', async (request, reply) => {
    const trail: Trail = { startedMs: clock.now(), stop: new AbortController(), keyId: undefined };
    trails.set(request.raw, trail);
    const route = request.routeOptions.url;
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
    reply.raw.once('close', () => {
      const finished = reply.raw.writableFinished;
      if (!finished) trail.stop.abort(clientGone());
      const elapsedMs = clock.now() - trail.startedMs;
      const status = finished || reply.raw.headersSent ? reply.raw.statusCode : 499;
      metrics.request({ route: route ?? 'unknown', method: request.method, status, seconds: elapsedMs / 1_000 });
      options.onAccess?.({
        requestId: request.id,
        method: request.method,
        route: route ?? 'unknown',
        status,
        elapsedMs,
        keyId: trail.keyId,
      });
    });
    const verdict = judgeHost({ method: request.method, rawHeaders: request.raw.rawHeaders }, { names, port });
    if (verdict.kind === 'wrong-host')
      throw refused(421, {
        message:
          'This server does not answer to the name in the Host header; start it with --allow-host <name> to add one.',
        code: 'host_not_allowed',
      });
    if (verdict.kind === 'wrong-origin')
      throw refused(403, { message: 'Pages of other sites may not use this server.', code: 'origin_not_allowed' });
    const scope = scopeOf(route);
    if (scope === undefined) return;
    const key = keys.check(request.headers.authorization, scope);
    if (key.kind === 'unknown') throw invalidKey();
    trail.keyId = key.keyId;
    if (key.kind === 'out-of-scope')
      throw refused(403, {
        message: `This key may not do that: it lacks the scope "${scope}".`,
        code: 'insufficient_scope',
      });
    if (state === 'draining') throw draining();
  });

  app.setErrorHandler((error, request, reply) => sendError(request.id, reply, error));
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const others = (['GET', 'POST'] as const).filter((method) => app.findRoute({ method, url: path }) !== null);
    if (others.length > 0)
      throw refused(405, {
        message: `${request.method} is not allowed here; use ${others.join(' or ')}.`,
        code: 'method_not_allowed',
        headers: { allow: others.join(', ') },
      });
    return sendError(
      request.id,
      reply,
      refused(404, { message: 'There is nothing under this URL.', code: 'unknown_url' }),
    );
  });

  const complete = async (
    request: FastifyRequest,
    reply: FastifyReply,
    the: {
      readonly form: CompletionForm;
      readonly requests: readonly GenerationRequest[];
      readonly stream: boolean;
      readonly includeUsage: boolean;
    },
  ): Promise<FastifyReply> => {
    const trail = trails.get(request.raw);
    invariant(trail !== undefined, 'every request has a trail');
    const place = admission.admit({
      answers: the.requests.length,
      bytes: Number(request.headers['content-length'] ?? limits.bodyBytes),
    });
    running.add(trail.stop);
    let first = true;
    const completion = {
      ...the,
      model,
      clock,
      place,
      id: `${the.form.idPrefix}${hexId()}`,
      stop: trail.stop,
      watch: {
        firstToken: () => {
          if (first) metrics.firstToken((clock.now() - trail.startedMs) / 1_000);
          first = false;
        },
        done: metrics.tokens,
      },
    };
    try {
      if (!the.stream) return await reply.send(await completeWhole(completion));
      await completeStream(completion, {
        response: reply.raw,
        headers: { 'x-request-id': request.id, 'x-content-type-options': 'nosniff' },
        limits,
        includeUsage: the.includeUsage,
        toClient: (error) => toClient(request.id, error),
      });
      return reply.hijack();
    } finally {
      place.leave();
      running.delete(trail.stop);
      if (running.size === 0) emptied?.();
    }
  };

  const requireModel = (asked: string): void => {
    if (asked !== model.id) throw modelNotFound(asked, model.id);
  };
  const modelCard = {
    id: model.id,
    object: 'model',
    created: model.createdSeconds,
    owned_by: 'octavo',
    context_length: model.generator.contextLength,
  };

  app.get('/health', async () => ({ status: 'ok' }));
  app.get('/ready', async (_request, reply) => {
    if (state === 'draining') reply.code(503).header('retry-after', '1');
    return { status: state };
  });
  app.get('/metrics', async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()));
  app.get('/v1/models', async () => ({ object: 'list', data: [modelCard] }));
  app.get<{ Params: { id: string } }>('/v1/models/:id', async ({ params }) => {
    requireModel(params.id);
    return modelCard;
  });
  app.post('/v1/tokenize', async ({ body }) => {
    const { model: asked, text } = readRequest(TokenizeRequest, body);
    if (asked != null) requireModel(asked);
    const ids = Array.from(model.tokenizer.encode(text));
    return { ids, count: ids.length, context_length: model.generator.contextLength };
  });
  app.post('/v1/chat/completions', async (request, reply) => {
    const asked = readRequest(ChatRequest, request.body);
    requireModel(asked.model);
    const requests = planChat(asked, model, anySeed);
    return complete(request, reply, {
      form: chatForm(model),
      requests,
      stream: asked.stream === true,
      includeUsage: asked.stream_options?.include_usage === true,
    });
  });
  app.post('/v1/completions', async (request, reply) => {
    const asked = readRequest(CompletionRequest, request.body);
    requireModel(asked.model);
    const requests = planCompletion(asked, model, anySeed);
    return complete(request, reply, {
      form: textForm(model),
      requests,
      stream: asked.stream === true,
      includeUsage: asked.stream_options?.include_usage === true,
    });
  });

  await app.listen({ host: options.host, port: options.port });
  const address = app.server.address();
  invariant(address !== null && typeof address === 'object', 'a listening server has an address');
  port = address.port;

  return {
    host: options.host,
    port,
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    load: admission.load,
    drain: async (deadlineMs = limits.drainMs) => {
      state = 'draining';
      app.server.closeIdleConnections();
      if (running.size > 0) {
        const timer = setTimeout(() => {
          for (const stop of running) stop.abort(draining());
        }, deadlineMs);
        await new Promise<void>((resolve) => {
          emptied = resolve;
        });
        clearTimeout(timer);
        // The last bytes of the last answer leave before the sockets are closed.
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      await app.close();
    },
  };
}
