/** Bytes that are needed from instruction `from` through `to`, both included. */
export interface Block {
  readonly bytes: number;
  readonly from: number;
  readonly to: number;
}

const alignment = 64;
const aligned = (bytes: number): number => Math.ceil(bytes / alignment) * alignment;

/**
 * Offsets for blocks such that no two that live at the same time overlap: largest first, each at the lowest gap that fits.
 * Source: Pisarchyk and Lee 2020, arXiv 2001.03288, 'greedy by size'.
 */
export function placeBlocks(blocks: readonly Block[]): { readonly offsets: readonly number[]; readonly bytes: number } {
  const offsets = blocks.map(() => 0);
  const placed: number[] = [];
  let total = 0;
  const order = blocks.map((_, i) => i).sort((a, b) => blocks[b].bytes - blocks[a].bytes || a - b);
  for (const i of order) {
    const block = blocks[i];
    const neighbours = placed
      .filter((j) => blocks[j].from <= block.to && block.from <= blocks[j].to)
      .sort((a, b) => offsets[a] - offsets[b]);
    let offset = 0;
    for (const j of neighbours) {
      if (offset + aligned(block.bytes) <= offsets[j]) break;
      offset = Math.max(offset, offsets[j] + aligned(blocks[j].bytes));
    }
    offsets[i] = offset;
    placed.push(i);
    total = Math.max(total, offset + aligned(block.bytes));
  }
  return { offsets, bytes: total };
}
