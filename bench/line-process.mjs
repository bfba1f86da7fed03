/** A long-lived child that answers each line with one line of JSON, so that a peer in another language can take turns. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/**
 * Starts the child and waits for its first line, `ready`. `ask(line)` resolves to its answer, one question at a time;
 * when the child ends early, all that waits is rejected with the last of what it wrote to standard error.
 */
export const startLineProcess = async (command, args, { env = {} } = {}) => {
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
  const waiting = [];
  let complaints = '';
  let end;
  child.stderr.on('data', (chunk) => {
    complaints = (complaints + chunk).slice(-4000);
  });
  child.stdin.on('error', () => {}); // the exit below says it better than EPIPE does
  const stop = (why) => {
    end ??= new Error(`${command} ${args[0] ?? ''} ${why}: ${complaints.trim().split('\n').at(-1)}`);
    for (const { reject } of waiting.splice(0)) reject(end);
  };
  child.on('error', (error) => stop(`did not start (${error.message})`));
  child.on('close', (code, signal) => stop(`ended with ${signal ?? code}`));
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line.startsWith('{')) waiting.shift()?.resolve(JSON.parse(line));
  });
  const answer = () =>
    new Promise((resolve, reject) => {
      if (end === undefined) waiting.push({ resolve, reject });
      else reject(end);
    });
  const ready = await answer();
  return {
    ready,
    ask(line) {
      const promise = answer();
      child.stdin.write(`${line}\n`);
      return promise;
    },
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const closed = new Promise((resolve) => child.once('close', resolve));
      child.stdin.end();
      await closed;
    },
  };
};
