/** Projects of varied text in a folder of their own, and the real command run in them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect } from 'vitest';

export const octavo = fileURLToPath(new URL('../../../packages/octavo/bin/octavo.js', import.meta.url));

/** A row of random numbers that OCTAVO_SEED repeats; it is printed. */
export function seededRandom(): () => number {
  const seed = Math.floor(Number(process.env['OCTAVO_SEED'] ?? Math.random() * 2 ** 32));
  console.info(`kill sweep: OCTAVO_SEED=${seed}`);
  let state = seed;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2_246_822_519) + 374_761_393) >>> 0;
    return state / 2 ** 32;
  };
}

/** SHA-256 of each file that a step left. */
export const artifacts = (project: string, step: string): Readonly<Record<string, string>> => {
  const of = join(project, 'runs', 'main', 'artifacts', step);
  return Object.fromEntries(
    readdirSync(of)
      .toSorted()
      .map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(join(of, name)))
          .digest('hex'),
      ]),
  );
};

export function dataProjects() {
  const folder = mkdtempSync(join(tmpdir(), 'octavo-data-projects-'));
  const running = new Set<ChildProcess>();
  afterAll(() => {
    for (const child of running) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  const start = (cwd: string, ...args: readonly string[]) => {
    const child = spawn(process.execPath, [octavo, ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
    running.add(child);
    let said = '';
    child.stderr.on('data', (data: Buffer) => {
      said += data.toString();
    });
    const ended = once(child, 'close').then(([code]) => {
      running.delete(child);
      return { code: code as number | null, said };
    });
    return { child, ended };
  };
  return {
    folder,
    /** A project with rows of JSON as its text and rules that change some of it. */
    make: (rows: string): string => {
      const project = join(folder, 'origin');
      mkdirSync(join(project, 'texts'), { recursive: true });
      writeFileSync(join(project, 'texts', 'corpus.jsonl'), rows);
      const clean =
        '{ gopher: { minStopWords: 1 }, pii: true, urlDuplicates: true, boilerplate: true, outliers: true }';
      writeFileSync(
        join(project, 'octavo.yaml'),
        `data:\n  sources: [texts]\n  chat: { families: [] }\n  workers: 1\n  clean: ${clean}\ntokenizer:\n  vocabularySize: 1024\n`,
      );
      return project;
    },
    copy: (project: string, name: string): string => {
      const to = join(folder, name);
      cpSync(project, to, { recursive: true });
      return to;
    },
    start,
    finished: async (cwd: string, ...args: readonly string[]): Promise<void> => {
      const { code, said } = await start(cwd, ...args).ended;
      expect(code, said).toBe(0);
    },
  };
}
