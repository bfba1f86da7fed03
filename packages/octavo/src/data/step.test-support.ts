import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { EventBody } from '../core/index.js';
import type { Step, StepOutcome } from '../project/index.js';

/** Runs steps one after another in a folder, as a run would, and keeps what they emit. */
export function stepRunner(
  folder: string,
  options: {
    readonly cacheFolder?: string;
    readonly signal?: AbortSignal;
    readonly onEvent?: (event: EventBody) => void;
  } = {},
) {
  const artifacts = join(folder, 'artifacts');
  const events: EventBody[] = [];
  let nowMs = 0;
  return {
    artifacts,
    events,
    run: async <Section>(step: Step<Section>, section: Section): Promise<StepOutcome> => {
      await mkdir(join(artifacts, step.name), { recursive: true });
      return step.run({
        section,
        folder: join(artifacts, step.name),
        artifact: (name) => join(artifacts, name),
        projectFolder: folder,
        cacheFolder: options.cacheFolder ?? join(folder, 'cache'),
        emit: (event) => {
          events.push(event);
          options.onEvent?.(event);
        },
        clock: { now: () => ++nowMs },
        signal: options.signal ?? new AbortController().signal,
      });
    },
  };
}

const words =
  'the of and a to in he was that his it with is for as had you not be her on at by which have or from this him but all she they were my are me one their so an said them we who would been will no when there if more out up into do any your what has man could than our some very time upon about may its only now like little then can should made did us such great before must these two over much down after first mr good men'.split(
    ' ',
  );

/** English-looking text, the same for the same number, different for different ones. */
export function prose(number: number, sentences = 12): string {
  let state = number * 2_654_435_761 + 1;
  const next = (below: number) => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 374_761_393) >>> 0;
    return state % below;
  };
  const sentence = () => {
    const text = Array.from({ length: 6 + next(9) }, () => words[next(words.length)] ?? '').join(' ');
    return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}.`;
  };
  return Array.from({ length: sentences }, sentence).join(' ');
}
