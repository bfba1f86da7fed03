import { spawn } from 'node:child_process';
import { once } from 'node:events';

export type XzResult =
  | { readonly kind: 'measured'; readonly bitsPerByte: number; readonly note?: string }
  | { readonly kind: 'absent'; readonly why: string };

/** What `xz -9` looks back on. */
const windowBytes = 64 * 2 ** 20;

/** The size of the parts, one after another, under `xz -9e`. */
async function compressedBytes(parts: readonly Uint8Array[], signal: AbortSignal): Promise<number> {
  const xz = spawn('xz', ['-9e', '--threads=1', '--stdout'], { stdio: ['pipe', 'pipe', 'ignore'], signal });
  let bytes = 0;
  xz.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  const closed = once(xz, 'close');
  // An early end of xz breaks the pipe; its exit code, seen below, says more than that.
  xz.stdin.on('error', () => undefined);
  for (const part of parts) xz.stdin.write(part);
  xz.stdin.end();
  const [code] = await closed;
  if (code !== 0) throw new Error(`xz ended with code ${code}`);
  return bytes;
}

/**
 * Bits a byte of the held-out text for a compressor that has just read the training text:
 * 8 × (size of both − size of training) / held-out bytes. Where `xz` cannot run, the result says why.
 */
export async function xzBaseline({
  training,
  heldOut,
  signal,
}: {
  readonly training: Uint8Array;
  readonly heldOut: Uint8Array;
  readonly signal: AbortSignal;
}): Promise<XzResult> {
  const recent = training.subarray(Math.max(0, training.length - windowBytes + heldOut.length));
  try {
    const [before, after] = await Promise.all([
      compressedBytes([recent], signal),
      compressedBytes([recent, heldOut], signal),
    ]);
    const bitsPerByte = (8 * (after - before)) / heldOut.length;
    if (recent.length === training.length) return { kind: 'measured', bitsPerByte };
    const note = `xz looks back 64 MiB: only the last ${recent.length} of ${training.length} training bytes were prepended`;
    return { kind: 'measured', bitsPerByte, note };
  } catch (error) {
    if (signal.aborted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    return {
      kind: 'absent',
      why: `xz could not run (${reason}); install it to see this baseline: apt-get install xz-utils`,
    };
  }
}
