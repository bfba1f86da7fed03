import type { AddressInfo } from 'node:net';
import { fail, isLoopback } from '../core/index.js';
import { type AppOptions, buildApp } from './app.js';

export interface ServeOptions extends AppOptions {
  /** 127.0.0.1 unless others shall reach the server. */
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Lets others in without keys. */
  readonly insecure?: boolean;
}

export interface Server {
  /** Where this machine reaches it, such as http://127.0.0.1:8000. */
  readonly url: string;
  /** Closes now; answers that are under way are cut short with an error. */
  readonly close: () => Promise<void>;
  /** Takes no new work, lets answers finish until the deadline, cuts the rest short, closes. */
  readonly drain: (deadlineMs?: number) => Promise<void>;
}

const remedies: Readonly<Record<string, string>> = {
  EADDRINUSE: 'stop the program that has this port, or take another with --port',
  EACCES: 'ports below 1024 need rights: take another with --port',
  EADDRNOTAVAIL: 'give --host an address of this machine, or leave it out',
  ENOTFOUND: 'give --host an address of this machine, or leave it out',
};

const urlOf = ({ address, port, family }: AddressInfo): string => {
  const everywhere = address === '0.0.0.0' ? '127.0.0.1' : address === '::' ? '::1' : address;
  return `http://${family === 'IPv6' ? `[${everywhere}]` : everywhere}:${port}`;
};

/** How long a connection may take to close once all is answered. */
const closingMs = 2000;

/**
 * Starts the API. Errors: SERVE_INSECURE when others could reach it and no valid key exists, SERVE_ADDRESS.
 */
export async function serve(options: ServeOptions): Promise<Server> {
  const { host = '127.0.0.1', port, clock, log } = options;
  if (!isLoopback(host) && options.insecure !== true && (options.keys?.valid() ?? 0) === 0)
    throw fail('SERVE_INSECURE', {
      what: `${host} can be reached by others, and ${options.keys === undefined ? 'no API keys are asked for' : 'no API key is valid'}`,
      where: '--host',
      remedy:
        'make a key with `octavo keys create`, or leave --host out to serve this machine only; --insecure lets everybody in',
    });
  const { fastify, lifecycle, limits } = buildApp(options);
  try {
    await fastify.listen({ host, port, listenTextResolver: () => '' });
  } catch (cause) {
    await fastify.close();
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    throw fail('SERVE_ADDRESS', {
      what: `cannot listen at ${host}, port ${port} (${code})`,
      where: '--host, --port',
      remedy: remedies[code] ?? 'choose another address or port',
      cause,
    });
  }
  const address = fastify.server.address();
  if (address === null || typeof address === 'string') throw fail('INTERNAL', { what: 'the server has no address' });
  const url = urlOf(address);
  log({ event: 'listening', timeMs: clock.now(), text: url });

  let ending: Promise<void> | undefined;
  const end = async (deadlineMs: number, noticeMs: number): Promise<void> => {
    log({
      event: 'draining',
      timeMs: clock.now(),
      text: `${lifecycle.inFlight()} answers under way, ${deadlineMs} ms to finish`,
    });
    // Idle connections are closed again and again: those that were busy a moment ago become idle.
    const { server } = fastify;
    const sweep = setInterval(() => server.closeIdleConnections(), 50);
    server.closeIdleConnections();
    const notice = new Promise<void>((resolve) => setTimeout(resolve, noticeMs));
    const { cut } = await lifecycle.drain(deadlineMs);
    await notice;
    const force = setTimeout(() => server.closeAllConnections(), closingMs);
    await fastify.close();
    clearTimeout(force);
    clearInterval(sweep);
    log({
      event: 'closed',
      timeMs: clock.now(),
      text: cut === 0 ? 'all answers finished' : `${cut} answers cut short`,
    });
  };
  return {
    url,
    close: () => {
      ending ??= end(0, 0);
      return ending;
    },
    drain: (deadlineMs = limits.drainMs) => {
      ending ??= end(deadlineMs, Math.min(deadlineMs, limits.drainNoticeMs));
      return ending;
    },
  };
}
