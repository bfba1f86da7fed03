/** What a kind of source is. One file a kind; `kinds.ts` lists them. */
import type { StepContext } from '../../project/index.js';
import type { Collected } from '../document.js';
import type { SourceFields } from '../section.js';

/** A source with its name and licence settled. */
export interface Source extends Omit<SourceFields, 'from' | 'name'> {
  readonly name: string;
}

export type OpenContext = Pick<StepContext<unknown>, 'projectFolder' | 'cacheFolder' | 'emit' | 'clock' | 'signal'>;

/** A source whose bytes are at hand: what had to be fetched is on this machine's disk. */
export interface OpenSource {
  /** The place as the summary names it. */
  readonly from: string;
  readonly integrity?: string;
  /** Bytes that `documents` will tell of, for the line of progress; 0 where nobody knows. */
  readonly bytes: number;
  /** All documents, in a fixed order; `read` is told of each byte taken from the disk. */
  readonly documents: (read: (bytes: number) => void) => AsyncGenerator<Collected, void, undefined>;
  /** What else is to be counted, such as pages that a site refused; asked for when all documents were read. */
  readonly counts?: () => Readonly<Record<string, number>>;
}

export interface SourceKind<Place extends { readonly kind: string }> {
  /** The place that `from` names, or `undefined` where it is of another kind. Errors: DATA_SOURCE for one that is spelled wrongly. */
  readonly parse: (from: string) => Place | undefined;
  /** What the source is called, and its licence where it is known, unless the user says otherwise. */
  readonly describe: (place: Place) => { readonly name: string; readonly licence?: string };
  /** What changes when the source does: hashes of the user's files. Absent where the place says all. */
  readonly inputs?: (
    source: Source,
    place: Place,
    projectFolder: string,
  ) => Promise<readonly (readonly [name: string, hash: string])[]>;
  /** Fetches what is not on the disk yet; interrupted, it goes on where it was. */
  readonly open: (source: Source, place: Place, context: OpenContext) => Promise<OpenSource>;
}

/** A source bound to its kind. */
export interface ResolvedSource extends Source {
  readonly place: { readonly kind: string };
  readonly inputs: (projectFolder: string) => Promise<readonly (readonly [name: string, hash: string])[]>;
  readonly open: (context: OpenContext) => Promise<OpenSource>;
}

/** A kind with its place type closed over, so that kinds of every place stand in one list. */
export type Binder = (fields: SourceFields) => ResolvedSource | undefined;

export const bind =
  <Place extends { readonly kind: string }>(kind: SourceKind<Place>): Binder =>
  ({ from, name, licence, ...rest }) => {
    const place = kind.parse(from);
    if (place === undefined) return undefined;
    const known = kind.describe(place);
    const source: Source = {
      ...rest,
      name: name ?? known.name,
      licence: licence === 'unknown' ? (known.licence ?? licence) : licence,
    };
    return {
      ...source,
      place,
      inputs: async (projectFolder) => (await kind.inputs?.(source, place, projectFolder)) ?? [],
      open: (context) => kind.open(source, place, context),
    };
  };
