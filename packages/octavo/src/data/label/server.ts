import { randomBytes, timingSafeEqual } from 'node:crypto';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { z } from 'zod';
import { type Clock, checkCaller, fail, headerValues, OctavoError } from '../../core/index.js';
import type { Store } from '../store/store.js';
import { type Assigned, labelProgress, nextItem, saveAnnotation, undoAnnotation } from './assign.js';
import { labelPage } from './page.js';
import type { LabelProject } from './projects.js';

const annotator = z
  .string()
  .min(1)
  .max(200)
  .refine((name) => name.trim() === name, 'no spaces around it');
const Who = z.strictObject({ annotator });
const Save = z.strictObject({
  annotator,
  id: z.string().min(1).max(2000),
  value: z.unknown(),
  comment: z.string().min(1).max(2000).optional(),
});

const bodyBytes = 2 * 1024 * 1024;

export interface LabelServerOptions {
  readonly store: Store;
  readonly project: LabelProject;
  readonly clock: Clock;
  /** Whoever has it may label; it is in the part of the page's address that browsers send to nobody. */
  readonly token: string;
  /** Told of faults of ours. */
  readonly log: (text: string) => void;
}

const problem = (reply: FastifyReply, status: number, code: string, message: string): FastifyReply =>
  reply.code(status).send({ error: { code, message } });

const isToken = (given: string | undefined, token: string): boolean => {
  const [mine, its] = [Buffer.from(`Bearer ${token}`), Buffer.from(given ?? '')];
  return mine.length === its.length && timingSafeEqual(mine, its);
};

/** The labelling page and what it calls, without a socket: tests call `inject`. */
export function buildLabelApp({ store, project, clock, token, log }: LabelServerOptions): FastifyInstance {
  const { html, policy } = labelPage();
  const fastify = Fastify({ bodyLimit: bodyBytes, requestTimeout: 30_000, forceCloseConnections: true });
  fastify.removeContentTypeParser('text/plain');
  fastify.addHook('onRequest', (request, reply, next) => {
    void reply.headers({
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'content-security-policy': policy,
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
    });
    const { rawHeaders, url = '', socket } = request.raw;
    const caller = checkCaller(
      {
        hosts: headerValues(rawHeaders, 'host'),
        origin: headerValues(rawHeaders, 'origin')[0],
        localAddress: socket.localAddress,
        localPort: socket.localPort,
      },
      { hosts: [], origins: [] },
    );
    if (caller === 'host' || !url.startsWith('/'))
      void problem(reply, 421, 'host_not_allowed', 'This server does not answer to that name.');
    else if (caller === 'origin')
      void problem(reply, 403, 'origin_not_allowed', 'Pages of that origin may not call this server.');
    else if (url.startsWith('/api/') && !isToken(request.headers.authorization, token))
      void problem(reply, 401, 'wrong_token', 'Open the address that octavo label serve printed.');
    else next();
  });
  fastify.setErrorHandler((error, _request, reply) => {
    if (error instanceof OctavoError && error.code.startsWith('LABEL_'))
      return problem(
        reply,
        error.code === 'LABEL_CLAIM' ? 409 : 400,
        error.code.toLowerCase(),
        `${error.what}. ${error.remedy ?? ''}`,
      );
    if (error instanceof z.ZodError)
      return problem(reply, 400, 'invalid_value', error.issues[0]?.message ?? 'The body is not valid.');
    const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 500;
    if (status >= 400 && status < 500)
      return problem(reply, status, 'invalid_request', 'The request could not be read.');
    log(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return problem(
      reply,
      500,
      'internal_error',
      'This could not be done; the terminal of octavo label serve says why.',
    );
  });
  fastify.setNotFoundHandler((_request, reply) => problem(reply, 404, 'not_found', 'There is no such path.'));
  const state = async (assigned: Assigned | undefined) => ({
    item: assigned ?? null,
    progress: await labelProgress(store, project),
  });
  fastify.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(html));
  fastify.get('/api/project', () => ({ id: project.id, settings: project.settings }));
  fastify.post('/api/next', async ({ body }) => state(await nextItem(store, project, { ...Who.parse(body), clock })));
  fastify.post('/api/save', async ({ body }) => {
    const { annotator: name, id, value, comment } = Save.parse(body);
    await saveAnnotation(store, project, {
      id,
      annotator: name,
      value,
      ...(comment === undefined ? {} : { comment }),
      clock,
    });
    return state(await nextItem(store, project, { annotator: name, clock }));
  });
  fastify.post('/api/undo', async ({ body }) => {
    const who = { ...Who.parse(body), clock };
    return state((await undoAnnotation(store, project, who)) ?? (await nextItem(store, project, who)));
  });
  return fastify;
}

export interface LabelServer extends AsyncDisposable {
  /** The page's address with the token. */
  readonly url: string;
}

/** Serves the labelling page to this machine alone. Errors: SERVE_ADDRESS. */
export async function serveLabels(
  options: Omit<LabelServerOptions, 'token'> & { readonly port: number },
): Promise<LabelServer> {
  const token = randomBytes(24).toString('base64url');
  const fastify = buildLabelApp({ ...options, token });
  try {
    await fastify.listen({ host: '127.0.0.1', port: options.port, listenTextResolver: () => '' });
  } catch (cause) {
    await fastify.close();
    throw fail('SERVE_ADDRESS', {
      what: `cannot listen at 127.0.0.1, port ${options.port} (${cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'})`,
      where: '--port',
      remedy: 'leave --port out: any free one will do',
      cause,
    });
  }
  const address = fastify.server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return { url: `http://127.0.0.1:${port}/#token=${token}`, [Symbol.asyncDispose]: () => fastify.close() };
}
