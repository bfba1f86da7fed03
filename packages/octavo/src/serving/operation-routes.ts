import type { FastifyInstance } from 'fastify';
import type { Lifecycle } from './lifecycle.js';
import type { Metrics } from './metrics.js';

/** For those who run the server: is it alive, does it take work, what does it do. */
export function addOperationRoutes(
  fastify: FastifyInstance,
  the: { readonly lifecycle: Lifecycle; readonly metrics: Metrics },
): void {
  fastify.get('/health', async () => ({ status: 'ok' }));
  fastify.get('/ready', async (_request, reply) => {
    const draining = the.lifecycle.state() === 'draining';
    return reply.code(draining ? 503 : 200).send({ status: draining ? 'draining' : 'ready' });
  });
  fastify.get('/metrics', async (_request, reply) => {
    const { contentType, body } = await the.metrics.text();
    return reply.type(contentType).send(body);
  });
}
