import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

export interface ModelLoad {
  readonly model: string;
  readonly active: number;
  readonly waiting: number;
  readonly slots: number;
}

/** What the server counts. Labels come from fixed sets: routes, methods, statuses and the names of loaded models. */
export interface Metrics {
  readonly request: (the: {
    readonly method: string;
    readonly route: string;
    readonly status: number;
    readonly seconds: number;
  }) => void;
  readonly tokens: (model: string, kind: 'prompt' | 'completion', count: number) => void;
  readonly firstToken: (model: string, seconds: number) => void;
  readonly nextToken: (model: string, seconds: number) => void;
  readonly text: () => Promise<{ readonly contentType: string; readonly body: string }>;
  readonly close: () => void;
}

const eventLoopGauges = (registry: Registry, delay: IntervalHistogram): void => {
  const seconds = (nanoseconds: number): number => (Number.isFinite(nanoseconds) ? nanoseconds / 1e9 : 0);
  new Gauge({
    name: 'octavo_event_loop_delay_seconds',
    help: 'Delay of the event loop since the last scrape, by quantile.',
    labelNames: ['quantile'],
    registers: [registry],
    collect() {
      this.set({ quantile: '0.5' }, seconds(delay.percentile(50)));
      this.set({ quantile: '0.99' }, seconds(delay.percentile(99)));
      this.set({ quantile: '1' }, seconds(delay.max));
      delay.reset();
    },
  });
};

const loadGauges = (registry: Registry, loads: () => readonly ModelLoad[], connections: () => number): void => {
  const gauge = (name: string, help: string, of: (load: ModelLoad) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['model'],
      registers: [registry],
      collect() {
        for (const load of loads()) this.set({ model: load.model }, of(load));
      },
    });
  gauge('octavo_slots', 'Slots of the model.', ({ slots }) => slots);
  gauge('octavo_slots_active', 'Slots in use.', ({ active }) => active);
  gauge('octavo_choices_waiting', 'Choices that wait for a slot.', ({ waiting }) => waiting);
  new Gauge({
    name: 'octavo_requests_in_flight',
    help: 'Requests that are being answered.',
    registers: [registry],
    collect() {
      this.set(connections());
    },
  });
  new Gauge({
    name: 'process_resident_memory_bytes',
    help: 'Resident memory.',
    registers: [registry],
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
};

export function createMetrics(the: {
  readonly loads: () => readonly ModelLoad[];
  readonly inFlight: () => number;
}): Metrics {
  const registry = new Registry();
  const delay = monitorEventLoopDelay({ resolution: 10 });
  delay.enable();
  eventLoopGauges(registry, delay);
  loadGauges(registry, the.loads, the.inFlight);
  const registers = [registry];
  const requests = new Counter({
    name: 'octavo_requests_total',
    help: 'Requests by their answer; 499 means that the client left.',
    labelNames: ['method', 'route', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'octavo_request_seconds',
    help: 'Time from request to the end of its answer.',
    labelNames: ['route'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 1, 5, 20, 60, 300],
    registers,
  });
  const tokens = new Counter({
    name: 'octavo_tokens_total',
    help: 'Tokens read and written.',
    labelNames: ['model', 'kind'],
    registers,
  });
  const first = new Histogram({
    name: 'octavo_time_to_first_token_seconds',
    help: 'Time from request to first token.',
    labelNames: ['model'],
    buckets: [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60],
    registers,
  });
  const next = new Histogram({
    name: 'octavo_inter_token_seconds',
    help: 'Time between two tokens of a choice.',
    labelNames: ['model'],
    buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5],
    registers,
  });
  return {
    request: ({ method, route, status, seconds }) => {
      requests.inc({ method, route, status: String(status) });
      durations.observe({ route }, seconds);
    },
    tokens: (model, kind, count) => tokens.inc({ model, kind }, count),
    firstToken: (model, seconds) => first.observe({ model }, seconds),
    nextToken: (model, seconds) => next.observe({ model }, seconds),
    text: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    close: () => {
      delay.disable();
      registry.clear();
    },
  };
}
