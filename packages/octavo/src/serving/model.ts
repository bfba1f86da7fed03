import type { Generator } from '../generation/index.js';
import type { Tokenizer } from '../text/index.js';

/** A loaded model as the server offers it. */
export interface ServedModel {
  /** The name that clients ask for. */
  readonly id: string;
  /** Seconds since the epoch at which its weights were saved. */
  readonly createdSeconds: number;
  /** Changes when weights or tokenizer change. */
  readonly fingerprint: string;
  readonly generator: Generator;
  readonly tokenizer: Tokenizer;
}
