import type { StreamDecoder } from '../text/index.js';

/** Shows text as tokens come, up to the first stop string; what may be the beginning of one is held back. */
export interface StopText {
  /** Text that may be shown now, and whether a stop string was met. */
  readonly push: (id: number) => { readonly text: string; readonly stopped: boolean };
  /** What was held back and turned out to be no stop string. */
  readonly end: () => string;
}

export function createStopText(decoder: StreamDecoder, stops: readonly string[]): StopText {
  let held = '';
  const release = (): { readonly text: string; readonly stopped: boolean } => {
    const found = stops.map((stop) => held.indexOf(stop)).filter((at) => at >= 0);
    if (found.length > 0) {
      const text = held.slice(0, Math.min(...found));
      held = '';
      return { text, stopped: true };
    }
    let keep = 0;
    for (const stop of stops)
      for (let length = Math.min(stop.length - 1, held.length); length > keep; length--)
        if (stop.startsWith(held.slice(held.length - length))) {
          keep = length;
          break;
        }
    const text = held.slice(0, held.length - keep);
    held = held.slice(held.length - keep);
    return { text, stopped: false };
  };
  return {
    push: (id) => {
      held += decoder.push(id);
      return release();
    },
    end: () => {
      held += decoder.end();
      const { text, stopped } = release();
      const rest = stopped ? '' : held;
      held = '';
      return text + rest;
    },
  };
}
