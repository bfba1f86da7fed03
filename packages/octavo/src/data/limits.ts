/** Limits on what sources may hold; each is quoted by the error or the drop reason that it causes. */
export const limits = {
  /** Output bytes for each input byte of gzip, zstd and package archives, once `ratioFreeBytes` have come out. */
  compressionRatio: 100,
  ratioFreeBytes: 1024 * 1024,
  /** Bytes of one line of JSONL; a longer one is rejected and the reading goes on. */
  lineBytes: 8 * 1024 * 1024,
  /** Bytes that one package archive may unpack to. */
  archiveBytes: 4 * 1024 ** 3,
  /** Members of one package archive. */
  archiveMembers: 200_000,
  /** Bytes of a file that is read as a whole: zip and what is built on it, PDF. */
  wholeFileBytes: 256 * 1024 * 1024,
  /** Members of one near-duplicate bucket that a new document is compared with. */
  bucketComparisons: 64,
  /** Bytes of one page of a WARC file, packed or unpacked; a larger one is passed over. */
  pageBytes: 256 * 1024 * 1024,
  /** Characters of a dropped document that are shown. */
  excerptCharacters: 200,
} as const;
