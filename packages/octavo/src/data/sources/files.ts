import { posix } from 'node:path';
import { hashFile } from '../../project/index.js';
import { readFileDocuments } from '../extract/read-file.js';
import { splitGlob } from '../glob.js';
import type { SourceKind } from './kind.js';
import { fileBytes, listFiles } from './list-files.js';

/** Files of this machine: `base` is a file or a folder, `pattern` is matched below it and empty for the base itself. */
export interface FilesPlace {
  readonly kind: 'files';
  readonly base: string;
  readonly pattern: string;
}

/** Takes whatever no other kind takes: it stands last. */
export const files: SourceKind<FilesPlace> = {
  parse: (from) => ({ kind: 'files', ...splitGlob(posix.normalize(from)) }),
  describe: ({ base }) => ({ name: base === '.' ? 'project' : base }),
  inputs: async (source, place, projectFolder) => {
    const inputs: [string, string][] = [];
    for (const file of await listFiles(source, place, projectFolder))
      inputs.push([`${source.name}/${file.place}`, await hashFile(file.path)]);
    return inputs;
  },
  open: async (source, place, { projectFolder }) => {
    const list = await listFiles(source, place, projectFolder);
    return {
      from: [place.base, place.pattern].filter((part) => part !== '').join('/'),
      bytes: list.reduce((sum, { bytes }) => sum + bytes, 0),
      documents: async function* (read) {
        for (const file of list)
          yield* readFileDocuments(fileBytes(file.path, read), { source, path: file.place, where: file.path });
      },
    };
  },
};
