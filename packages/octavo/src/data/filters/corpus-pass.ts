/** One look at the whole corpus: what a part of it teaches may be found out anywhere, and is taken over in order. */
export interface CorpusPass {
  /** What the pass leaves, as it lies in memory; others fill theirs with it. */
  readonly memory: readonly Uint8Array[];
  /** Of one part, in the order of its documents: depends on them and on what the passes before left. */
  readonly begin: () => {
    readonly observe: (source: string, text: string) => void;
    readonly lesson: () => Uint8Array;
  };
  readonly take: (lesson: Uint8Array) => void;
}

export const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** A copy that begins where numbers of any size may begin. */
export const alignedCopy = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;
