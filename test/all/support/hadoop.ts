/** Hadoop's own mini-cluster: a real namenode and real datanodes in one process of Java, from Maven Central. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

export const hadoopVersion = '3.5.0';

const artifacts = [
  ...['minicluster', 'api', 'runtime'].map((part) => `org.apache.hadoop:hadoop-client-${part}:${hadoopVersion}`),
  'org.slf4j:slf4j-api:1.7.36',
  'commons-logging:commons-logging:1.3.0',
] as const;

const jarOf = (repository: string, artifact: string): string => {
  const [group = '', name = '', version = ''] = artifact.split(':');
  return join(repository, ...group.split('.'), name, version, `${name}-${version}.jar`);
};

const runs = (command: string, ...args: readonly string[]): boolean => {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};

/** The class path, fetched once by Maven into the user's cache; or why there is none. */
export function hadoopJars(): { readonly classPath: string } | { readonly why: string } {
  if (!runs('javac', '-version')) return { why: 'there is no Java (apt-get install default-jdk-headless)' };
  const repository = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'octavo', 'maven');
  const jars = artifacts.map((artifact) => jarOf(repository, artifact));
  if (!jars.every((jar) => existsSync(jar))) {
    if (!runs('mvn', '-v')) return { why: 'there is no Maven (apt-get install maven)' };
    mkdirSync(repository, { recursive: true });
    try {
      for (const artifact of artifacts)
        execFileSync(
          'mvn',
          [
            '-B',
            '-q',
            `-Dmaven.repo.local=${repository}`,
            'dependency:get',
            '-Dtransitive=false',
            `-Dartifact=${artifact}`,
          ],
          { stdio: 'pipe', timeout: 300_000 },
        );
    } catch (error) {
      return { why: `Maven Central does not answer (${String(error).slice(0, 200)})` };
    }
  }
  return { classPath: jars.join(delimiter) };
}

export interface Hadoop extends AsyncDisposable {
  /** host:port of WebHDFS. */
  readonly host: string;
  /** Lets the datanodes go, one by one, or come back. */
  readonly tell: (command: 'stop-datanode' | 'restart-datanode') => Promise<void>;
}

/** Two datanodes, blocks of 8 MiB, pages of 20 names. */
export async function startHadoop(classPath: string): Promise<Hadoop> {
  const folder = mkdtempSync(join(tmpdir(), 'octavo-hadoop-'));
  const child = spawn('java', ['-Xmx512m', '-cp', classPath, join(import.meta.dirname, 'MiniHdfs.java'), folder], {
    cwd: folder,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let log = '';
  let said = '';
  child.stderr.on('data', (data: Buffer) => {
    log = (log + data.toString()).slice(-4000);
  });
  child.stdout.on('data', (data: Buffer) => {
    said += data.toString();
  });
  const hears = async (word: RegExp): Promise<string> => {
    for (;;) {
      const found = word.exec(said);
      if (found !== null) {
        said = said.slice(found.index + found[0].length);
        return found[1] ?? '';
      }
      if (child.exitCode !== null) throw new Error(`Hadoop did not start:\n${log}`);
      await Promise.race([once(child.stdout, 'data'), once(child, 'exit')]);
    }
  };
  const port = await hears(/webhdfs (\d+)\n/);
  return {
    host: `127.0.0.1:${port}`,
    tell: async (command) => {
      child.stdin.write(`${command}\n`);
      await hears(/done\n/);
    },
    [Symbol.asyncDispose]: async () => {
      if (child.exitCode === null) {
        child.kill('SIGKILL');
        await once(child, 'close');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
