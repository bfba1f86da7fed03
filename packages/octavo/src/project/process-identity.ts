import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who a process is, so that one that died is not confused with another that got its number. */
export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** When the process started, in the words of its operating system; compared, never computed with. */
  readonly started: string;
  /** Which boot and which set of process numbers `pid` belongs to; the same on hosts that tell neither. */
  readonly scope: string;
}

const attempt = <Value>(read: () => Value): Value | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/** State and start of a process by /proc, where there is one; by ps elsewhere; undefined when it does not run. */
const startOf = (pid: number): string | undefined => {
  if (process.platform === 'linux') {
    const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'latin1'));
    // Fields after the name, which stands in parentheses and may itself hold any character: state is 3rd, start 22nd.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields === undefined || fields[0] === 'Z' || fields[0] === 'X' ? undefined : `ticks ${fields[19]}`;
  }
  const line = attempt(() => execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim());
  return line === '' ? undefined : line;
};

const ownScope = (): string => {
  const boot = attempt(() => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim()) ?? '';
  const numbers = attempt(() => readlinkSync('/proc/self/ns/pid')) ?? '';
  return `${boot} ${numbers}`.trim();
};

/** This process. */
export const ownIdentity = (): ProcessIdentity => ({
  host: hostname(),
  pid: process.pid,
  started: startOf(process.pid) ?? '',
  scope: ownScope(),
});

/**
 * Whether a process still runs. 'unknown' when it belongs to another host or container, where nothing can be seen from
 * here; after a reboot of this host, everything from before is gone.
 */
export const livenessOf = (identity: ProcessIdentity): 'alive' | 'dead' | 'unknown' => {
  if (identity.host !== hostname()) return 'unknown';
  const [boot, numbers] = ownScope().split(' ');
  const [itsBoot, itsNumbers] = identity.scope.split(' ');
  if (boot !== itsBoot) return 'dead';
  if (numbers !== itsNumbers) return 'unknown';
  return startOf(identity.pid) === identity.started ? 'alive' : 'dead';
};
