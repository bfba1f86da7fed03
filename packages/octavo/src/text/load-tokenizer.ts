import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { fail, OctavoError } from '../core/index.js';
import { tokenizerLimits } from './limits.js';
import { readTokenizerJson } from './read-tokenizer-json.js';
import { readTiktoken, type TiktokenOptions, tiktokenEncoding } from './tiktoken.js';
import { createTokenizer, type Tokenizer } from './tokenizer.js';

/** Reads a regular file of bounded size as strict UTF-8. Errors: FILE_UNREADABLE, FILE_INVALID. */
async function readText(path: string): Promise<string> {
  const unreadable = (what: string, cause?: unknown) =>
    fail('FILE_UNREADABLE', { what, where: path, remedy: 'check the path and its permissions', cause });
  try {
    // Opening a pipe or a device would wait for ever.
    const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const stat = await file.stat();
      if (!stat.isFile()) throw unreadable('this is not a regular file');
      if (stat.size > tokenizerLimits.fileBytes)
        throw fail('TOKENIZER_INVALID', {
          what: `${stat.size} bytes are more than the limit of ${tokenizerLimits.fileBytes} for a tokenizer`,
          where: path,
          remedy: 'check that this is a tokenizer file',
        });
      return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(await file.readFile());
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof OctavoError) throw cause;
    if (cause instanceof TypeError)
      throw fail('FILE_INVALID', {
        what: 'its text is not UTF-8',
        where: path,
        remedy: 'get the file again from its source',
        cause,
      });
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error';
    throw unreadable(code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`, cause);
  }
}

/**
 * Loads a Hugging Face `tokenizer.json`, or an OpenAI `.tiktoken` file, whose pattern and special tokens are told by its
 * name (`cl100k_base.tiktoken`) or given. Errors: FILE_UNREADABLE, FILE_INVALID, TOKENIZER_INVALID, TOKENIZER_UNSUPPORTED,
 * NATIVE_ABSENT.
 */
export async function loadTokenizer(
  path: string,
  encoding?: Pick<TiktokenOptions, 'pattern' | 'specialTokens'>,
): Promise<Tokenizer> {
  if (!path.endsWith('.tiktoken')) return createTokenizer(readTokenizerJson(await readText(path), path));
  const known = encoding ?? tiktokenEncoding(basename(path, '.tiktoken'));
  if (known === undefined)
    throw fail('TOKENIZER_UNSUPPORTED', {
      what: 'a .tiktoken file does not say its pattern and special tokens, and the name of this one is not known',
      where: path,
      remedy: 'name it as its encoding (cl100k_base.tiktoken), or give pattern and special tokens',
    });
  return createTokenizer(readTiktoken(await readText(path), { ...known, where: path }));
}
