/** A real Slurm of one node in a folder of its own, gone after the test: munged, slurmctld and slurmd, as root. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from './servers.js';

const daemons = { munged: '/usr/sbin/munged', slurmctld: '/usr/sbin/slurmctld', slurmd: '/usr/sbin/slurmd' } as const;

/** Why there can be no Slurm here, or undefined. */
export const whyNoSlurm: string | undefined = !Object.values(daemons).every((path) => existsSync(path))
  ? 'it is not installed (apt-get install slurmctld slurmd slurm-client munge)'
  : process.getuid?.() === 0
    ? undefined
    : 'slurmd wants root';

export interface Slurm extends AsyncDisposable {
  /** By which its commands find it. */
  readonly env: NodeJS.ProcessEnv;
  readonly ask: (command: 'squeue' | 'scancel' | 'scontrol' | 'sinfo', ...args: readonly string[]) => string;
}

/** One node of eight processors, whatever the machine has; the partition is called short. */
export async function startSlurm(): Promise<Slurm> {
  const folder = mkdtempSync(join(tmpdir(), 'octavo-slurm-'));
  const at = (name: string) => join(folder, name);
  for (const name of ['state', 'spool']) mkdirSync(at(name));
  writeFileSync(at('munge.key'), randomBytes(128), { mode: 0o400 });
  const [controlPort, nodePort] = [await freePort(), await freePort()];
  writeFileSync(
    at('slurm.conf'),
    `ClusterName=octavo
SlurmctldHost=${hostname()}(127.0.0.1)
SlurmctldPort=${controlPort}
SlurmdPort=${nodePort}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${at('munge.socket')}
StateSaveLocation=${at('state')}
SlurmdSpoolDir=${at('spool')}
SlurmctldPidFile=${at('slurmctld.pid')}
SlurmdPidFile=${at('slurmd.pid')}
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
NodeName=${hostname()} NodeAddr=127.0.0.1 CPUs=8 RealMemory=65536 State=UNKNOWN
PartitionName=short Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`,
  );
  const env = { ...process.env, SLURM_CONF: at('slurm.conf') };
  const started: { readonly child: ChildProcess; readonly log: () => string }[] = [];
  const start = (name: keyof typeof daemons, ...args: readonly string[]): void => {
    const child = spawn(daemons[name], args, { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let log = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (data: Buffer) => {
        log = (log + data.toString()).slice(-4000);
      });
    started.push({ child, log: () => `${name}:\n${log}` });
  };
  const ask: Slurm['ask'] = (command, ...args) =>
    execFileSync(command, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 });
  const dispose = async (): Promise<void> => {
    try {
      // A job outlives slurmd.
      ask('scancel', '--user=root');
      for (let attempt = 0; attempt < 40 && ask('squeue', '--noheader') !== ''; attempt++) await sleep(250);
    } catch {
      // slurmctld did not start.
    }
    for (const { child } of started.toReversed()) {
      if (child.exitCode !== null) continue;
      child.kill('SIGTERM');
      await Promise.race([once(child, 'close'), sleep(10_000).then(() => child.kill('SIGKILL'))]);
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const until = async (what: string, isSo: () => boolean): Promise<void> => {
    for (let attempt = 0; ; attempt++) {
      try {
        if (isSo()) return;
      } catch {}
      const isOver = attempt === 120 || started.some(({ child }) => child.exitCode !== null);
      if (isOver) throw new Error(`${what} did not come:\n${started.map(({ log }) => log()).join('\n')}`);
      await sleep(250);
    }
  };
  try {
    const files = ['key-file', 'socket', 'pid-file', 'log-file', 'seed-file'];
    start(
      'munged',
      '--foreground',
      '--force',
      ...files.map((file) => `--${file}=${at(`munge.${file.split('-')[0]}`)}`),
    );
    await until('the socket of munged', () => existsSync(at('munge.socket')));
    start('slurmctld', '-D', '-f', at('slurm.conf'));
    start('slurmd', '-D', '-f', at('slurm.conf'));
    await until('an idle node', () => ask('sinfo', '--noheader', '--format=%t').trim() === 'idle');
  } catch (error) {
    await dispose();
    throw error;
  }
  return { env, ask, [Symbol.asyncDispose]: dispose };
}
