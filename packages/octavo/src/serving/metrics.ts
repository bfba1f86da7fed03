import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What is counted; nothing in it holds a word of a request. */
export interface Metrics {
  readonly request: (the: {
    readonly route: string;
    readonly method: string;
    readonly status: number;
    readonly seconds: number;
  }) => void;
  readonly firstToken: (seconds: number) => void;
  readonly tokens: (the: { readonly prompt: number; readonly completion: number }) => void;
  /** Prometheus' text form. */
  readonly text: () => Promise<string>;
  readonly contentType: string;
}

const secondsBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function createMetrics(the: {
  readonly slots: number;
  readonly load: () => { readonly active: number; readonly waiting: number };
}): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: 'octavo_requests_total',
    help: 'Requests answered, by route, method and status.',
    labelNames: ['route', 'method', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'octavo_request_seconds',
    help: 'Time from the head of a request to the end of its answer.',
    labelNames: ['route'],
    buckets: secondsBuckets,
    registers,
  });
  const first = new Histogram({
    name: 'octavo_first_token_seconds',
    help: 'Time from a request to its first token, waiting included.',
    buckets: secondsBuckets,
    registers,
  });
  const tokens = new Counter({
    name: 'octavo_tokens_total',
    help: 'Tokens read in prompts and written in answers.',
    labelNames: ['kind'],
    registers,
  });
  new Gauge({ name: 'octavo_slots', help: 'Answers that can be written at a time.', registers }).set(the.slots);
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      name,
      help,
      registers,
      collect() {
        this.set(value());
      },
    });
  gauge('octavo_active_slots', 'Answers being written.', () => the.load().active);
  gauge('octavo_waiting_answers', 'Answers waiting for a slot.', () => the.load().waiting);
  return {
    request: ({ route, method, status, seconds }) => {
      requests.inc({ route, method, status });
      durations.observe({ route }, seconds);
    },
    firstToken: (seconds) => first.observe(seconds),
    tokens: ({ prompt, completion }) => {
      tokens.inc({ kind: 'prompt' }, prompt);
      tokens.inc({ kind: 'completion' }, completion);
    },
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
