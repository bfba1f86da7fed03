import { stringify } from 'yaml';

export interface KubernetesJobs {
  readonly workers: number;
  readonly run: string;
  /** Begins the names of all that is made. */
  readonly name: string;
  readonly image: string;
  /** How Octavo is called in the image. */
  readonly program: readonly string[];
  /** Of each process, in the words of Kubernetes. */
  readonly cpu: string;
  readonly memory: string;
  /** A volume claim that is there already; without it one is asked for. */
  readonly claim?: string | undefined;
  readonly storage: string;
  readonly storageClass?: string | undefined;
  readonly waitMinutes: number;
}

/** Times that a process is started again after it failed. */
const retries = 4;

/**
 * A volume for the project folder, a Job of the run itself, and an Indexed Job of workers beside it. All start at once:
 * workers wait for the run, and which shards are whose is settled by claims in the volume, so an index means nothing.
 */
export function kubernetesManifest(jobs: KubernetesJobs): string {
  const { workers, run, name, image, program, cpu, memory, claim = name, storage, storageClass, waitMinutes } = jobs;
  const metadata = (part: string) => ({ name: part, labels: { 'app.kubernetes.io/name': 'octavo' } });
  const volume = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: metadata(claim),
    spec: {
      accessModes: ['ReadWriteMany'],
      ...(storageClass === undefined ? {} : { storageClassName: storageClass }),
      resources: { requests: { storage } },
    },
  };
  const job = (part: string, spec: Readonly<Record<string, unknown>>, args: readonly string[]) => ({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadata(`${name}-${part}`),
    spec: {
      ...spec,
      template: {
        metadata: { labels: { 'app.kubernetes.io/name': 'octavo' } },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 60,
          securityContext: {
            runAsNonRoot: true,
            runAsUser: 1000,
            fsGroup: 1000,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: 'octavo',
              image,
              command: [...program, ...args, '--run', run],
              workingDir: '/project',
              // Of a user that has no home in the image.
              env: [{ name: 'HOME', value: '/tmp' }],
              resources: { requests: { cpu, memory }, limits: { memory } },
              securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
              volumeMounts: [{ name: 'project', mountPath: '/project' }],
            },
          ],
          volumes: [{ name: 'project', persistentVolumeClaim: { claimName: claim } }],
        },
      },
    },
  });
  const documents = [
    ...(jobs.claim === undefined ? [volume] : []),
    job('run', { backoffLimit: retries }, ['run', '--until', 'tokenize', '--set', 'data.workers=1']),
    job(
      'work',
      { completionMode: 'Indexed', completions: workers, parallelism: workers, backoffLimitPerIndex: retries },
      ['data', 'work', '--wait', String(waitMinutes)],
    ),
  ];
  return `# Written by octavo data kubernetes: /project of the volume holds octavo.yaml and what it names.\n${documents
    .map((document) => stringify(document, { lineWidth: 0 }))
    .join('---\n')}`;
}
