// Feeds every reader of ours with changed samples of what it reads, and with samples that grow.
//   node scripts/fuzz.mjs [--count 1000000] [--grow 2000] [--seed 1] [--only NAME,NAME] [--from N]
// A reader may refuse with an error of ours. Anything else, a minute for one input, or more memory than its process has
// is a fault: what was found is printed with the command that makes it again, and the exit code is 1.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { changed, grown, randomOf } from './fuzz/mutate.mjs';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '1000' },
    grow: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    only: { type: 'string', default: '' },
    child: { type: 'string' },
  },
});
/** For one input, on a machine that may be busy with something else. */
const silentMs = 60_000;
const grownBytes = 128 * 1024;
/** Of 128 KiB; most that is linear takes some 10 ms. */
const slowMs = 1000;
const hash = (text) => [...text].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) >>> 0, 7);

async function feed(name, target) {
  const seed = (hash(name) ^ Number(values.seed)) >>> 0;
  let refused = 0;
  let slowestMs = 0;
  const startedMs = performance.now();
  const say = (what) => process.send?.({ name, ...what });
  const processorMs = async (bytes) => {
    const { user } = process.cpuUsage();
    await (async () => target.read(bytes))().catch(() => undefined);
    return Math.round((process.cpuUsage().user - user) / 1000);
  };
  const start = (bytes) => JSON.stringify(bytes.toString('latin1', 0, 300));
  const give = async (make, kind, number) => {
    const bytes = make(1);
    const startedMs = performance.now();
    try {
      await target.read(bytes);
    } catch (error) {
      const isOurs = error?.name === 'OctavoError' && error.code !== 'INTERNAL';
      if (!isOurs && !target.mayThrow?.includes(error?.name))
        say({ kind, number, fault: String(error?.stack ?? error) });
      refused++;
    }
    const ms = performance.now() - startedMs;
    slowestMs = Math.max(slowestMs, ms);
    if (kind === 'grow' && ms > slowMs) {
      // Processor time, so that other work on the machine counts for nothing, beside that of half as much.
      const [whole, half] = [await processorMs(bytes), await processorMs(make(1 / 2))];
      if (whole > slowMs && whole > 3 * half)
        say({ kind, number, fault: `took ${whole} ms for ${bytes.length} bytes, ${half} for half: ${start(bytes)}` });
    }
  };
  let told = 0;
  const run = async (kind, count, make) => {
    for (let number = Number(values.from); number < Number(values.from) + count; number++) {
      if (performance.now() - told > 500) {
        told = performance.now();
        say({ kind, number });
      }
      const random = () => randomOf(seed + Math.imul(number, 0x9e3779b1));
      await give((part) => make(random(), part), kind, number);
      // Streams give way by themselves, plain functions never.
      if (number % 256 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await run('count', Number(values.count), (random) => changed(target, random));
  await run('grow', Number(values.grow), (random, part) => grown(target, random, grownBytes * part));
  const seconds = Math.round((performance.now() - startedMs) / 1000);
  const megabytes = Math.round(process.resourceUsage().maxRSS / 1024);
  say({ done: true, refused, slowestMs: Math.round(slowestMs), megabytes, seconds });
}

/** Feeds readers in a process of their own, one after another; gives those that are left where one of them ended it. */
function inChild(names, folder, told) {
  const args = Object.entries({ ...values, only: names.join(','), child: folder }).map(
    ([key, value]) => `--${key}=${value}`,
  );
  const child = spawn(process.execPath, ['--max-old-space-size=256', fileURLToPath(import.meta.url), ...args], {
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  const left = [...names];
  let last = { kind: 'count', number: Number(values.from) };
  let errors = '';
  let isSilent = false;
  let timer;
  const wait = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      isSilent = true;
      child.kill('SIGKILL');
    }, silentMs);
  };
  wait();
  child.stderr.on('data', (part) => {
    errors = `${errors}${part}`.slice(-2000);
  });
  child.on('message', (message) => {
    wait();
    told(message);
    if (message.done) left.shift();
    else last = message;
  });
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const name = left.shift();
      const how = isSilent
        ? `nothing was heard for ${silentMs} ms`
        : `the process ended with ${signal ?? code}: ${errors}`;
      if (name !== undefined) told({ ...last, name, fault: how });
      resolve(left);
    });
  });
}

const folder = values.child ?? mkdtempSync(join(tmpdir(), 'octavo-fuzz-'));
const targets = await (await import('./fuzz/targets.mjs')).targetsIn(folder);
const wanted = values.only === '' ? Object.keys(targets) : values.only.split(',');
const unknown = wanted.find((name) => targets[name] === undefined);
if (unknown !== undefined) throw new Error(`there is no ${unknown}; there are ${Object.keys(targets).join(', ')}`);
if (values.child !== undefined) {
  for (const name of wanted) await feed(name, targets[name]);
  process.exit();
}
const seen = new Set();
const told = ({ name, kind, number, fault, done, refused, slowestMs, megabytes, seconds }) => {
  if (done)
    console.log(
      `${name}: ${values.count} changed, ${values.grow} grown, ${refused} refused, slowest ${slowestMs} ms, ${megabytes} MB, ${seconds} s`,
    );
  if (fault === undefined) return;
  const key = `${name} ${fault.split('\n', 2).join(' ').slice(0, 60)}`;
  if (seen.has(key)) return;
  seen.add(key);
  const counts = kind === 'grow' ? '--count=0 --grow=1' : '--count=1 --grow=0';
  console.log(
    `FAULT of ${name}: ${fault}\n  again: node scripts/fuzz.mjs --only='${name}' --seed=${values.seed} --from=${number} ${counts}`,
  );
};
for (let left = wanted; left.length > 0; ) left = await inChild(left, folder, told);
rmSync(folder, { recursive: true, force: true });
process.exitCode = seen.size === 0 ? 0 : 1;
