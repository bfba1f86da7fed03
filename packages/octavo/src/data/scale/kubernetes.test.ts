import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { kubernetesManifest } from './kubernetes.js';

/** Which every field of Kubernetes 1.34 that is not in it breaks: scripts/golden/kubernetes.py. */
const { $defs } = z
  .object({ $defs: z.record(z.string(), z.unknown()) })
  .parse(JSON.parse(readFileSync(new URL('./fixtures/kubernetes-1.34.json', import.meta.url), 'utf8')));
const names = { Job: 'io.k8s.api.batch.v1.Job', PersistentVolumeClaim: 'io.k8s.api.core.v1.PersistentVolumeClaim' };
const schemaOf = (kind: keyof typeof names) =>
  // A JSON schema by its source.
  z.fromJSONSchema({ ...($defs[names[kind]] as object), $defs } as Parameters<typeof z.fromJSONSchema>[0]);
const schemas = { Job: schemaOf('Job'), PersistentVolumeClaim: schemaOf('PersistentVolumeClaim') };

const asked = {
  workers: 7,
  run: 'main',
  name: 'octavo',
  image: 'node:20',
  program: ['npx', 'octavo'],
  cpu: '500m',
  memory: '4Gi',
  storage: '100Gi',
  waitMinutes: 60,
};
const Kind = z.looseObject({ kind: z.enum(['Job', 'PersistentVolumeClaim']) });
const documentsOf = (manifest: string) => parseAllDocuments(manifest).map((one) => Kind.parse(one.toJS()));
const manifest = kubernetesManifest(asked);

describe('kubernetesManifest', () => {
  it.each(documentsOf(manifest).map((one) => [one.kind, one] as const))('fits the schema of a %s', (kind, document) => {
    expect(schemas[kind].safeParse(document).error).toBeUndefined();
  });

  it.each([
    ['a word that is none', 'completionMode', 'completionsMode'],
    ['a number that is none', 'completions: 7', 'completions: seven'],
    ['a field in the wrong place', 'workingDir: /project', 'workingDir: [/project]'],
    ['a list that is no list', 'drop:', 'drop: ALL\n                rest:'],
    ['a name that is missing', '- name: octavo', '- stdin: true'],
    ['another kind of thing', 'batch/v1', 'batch/v2'],
  ])('would not with %s', (_, right, wrong) => {
    const broken = documentsOf(manifest.replaceAll(right, wrong));
    expect(manifest).toContain(right);
    expect(broken.every((one) => schemas[one.kind].safeParse(one).success)).toBe(false);
  });

  it('has as many indices as workers, all on one volume', () => {
    expect(manifest).toMatch(/completionMode: Indexed\n {2}completions: 7\n {2}parallelism: 7\n/);
    expect(manifest.match(/claimName: octavo\n/g)).toHaveLength(2);
    expect(documentsOf(manifest).map(({ kind }) => kind)).toEqual(['PersistentVolumeClaim', 'Job', 'Job']);
  });

  it('asks for no volume where there is one', () => {
    const documents = documentsOf(kubernetesManifest({ ...asked, claim: 'shared' }));
    expect(documents.map(({ kind }) => kind)).toEqual(['Job', 'Job']);
    expect(JSON.stringify(documents)).toContain('"claimName":"shared"');
  });

  it('keeps words of the user as words', () => {
    const [volume, run] = documentsOf(kubernetesManifest({ ...asked, image: 'a: b # c', storageClass: 'yes' }));
    expect(JSON.stringify(run)).toContain('"image":"a: b # c"');
    expect(JSON.stringify(volume)).toContain('"storageClassName":"yes"');
  });
});
