import { crawledSite } from './crawl.js';
import { files } from './files.js';
import { type Binder, bind } from './kind.js';
import { npm } from './npm.js';
import { sql } from './sql.js';

/** Every kind of source; the first whose `parse` knows `from` has it. */
export const kinds: readonly Binder[] = [bind(npm), bind(crawledSite), bind(sql), bind(files)];
