#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { systemClock } from '../core/index.js';
import { interruptibleBy } from './interruptible.js';
import { runCommandLine } from './program.js';
import type { Terminal } from './terminal.js';

const { env, stdout, stderr } = process;

const terminal: Terminal = {
  out: (text) => void stdout.write(text),
  err: (text) => void stderr.write(text),
  live: stderr.isTTY === true && env['TERM'] !== 'dumb' && env['CI'] === undefined,
  columns: stderr.columns ?? stdout.columns ?? 100,
  colour: stderr.isTTY === true && stdout.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb',
};

// A reader such as `head` that has seen enough is no failure; work that is under way saves first.
let gone = false;
for (const stream of [stdout, stderr])
  stream.on('error', () => {
    if (gone) return;
    gone = true;
    if (!process.emit('SIGHUP', 'SIGHUP')) process.exit(0);
  });

const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const version =
  typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown';

process.exitCode = await runCommandLine(process.argv.slice(2), {
  terminal,
  cwd: process.cwd(),
  clock: systemClock,
  version,
  interruptible: interruptibleBy(process, terminal.err),
});
