/** Dumps of what people wrote to each other: Reddit (as Pushshift and its heirs keep it) and Hacker News. */
import { textInWindows } from '../in-windows.js';
import { type DumpFile, dumpKind, jsonRows, textField, timeField } from './dump.js';
import { postText } from './post-text.js';

const gone = new Set(['', '[deleted]', '[removed]']);

async function* redditDocuments(file: DumpFile) {
  for await (const item of jsonRows(file)) {
    if (item.kind === 'rejected') {
      yield item;
      continue;
    }
    const { row, number } = item;
    const isPost = row.has('selftext') || (row.has('title') && !row.has('body'));
    const written = textField(row, isPost ? 'selftext' : 'body');
    if (gone.has(written.trim())) {
      file.count(isPost && written.trim() === '' ? 'link-only' : 'deleted');
      continue;
    }
    const title = textField(row, 'title');
    const place = textField(row, 'permalink');
    const id = textField(row, 'id');
    // Reddit keeps text in Markdown, with three characters written as entities.
    const text = written.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
    const document = {
      id: `${file.id}:${id === '' ? '' : `${isPost ? 't3' : 't1'}_${id}:`}${number}`,
      source: file.source.name,
      licence: file.source.licence,
      ...(place.startsWith('/') ? { url: `https://www.reddit.com${place}` } : {}),
      time: timeField(row, 'created_utc'),
      ...(title === '' ? {} : { title }),
    };
    yield* textInWindows(isPost && title !== '' ? `${title}\n\n${text}` : text, document, file.source.windowBytes);
  }
}

async function* hackerNewsDocuments(file: DumpFile) {
  for await (const item of jsonRows(file)) {
    if (item.kind === 'rejected') {
      yield item;
      continue;
    }
    const { row, number } = item;
    const text = postText(textField(row, 'text'));
    if (row.get('deleted') === true || row.get('dead') === true || text === '[delayed]') file.count('deleted');
    else if (text === '') file.count('link-only');
    else {
      const id = row.get('id');
      const title = textField(row, 'title');
      const document = {
        id: `${file.id}:${number}`,
        source: file.source.name,
        licence: file.source.licence,
        ...(typeof id === 'number' ? { url: `https://news.ycombinator.com/item?id=${id}` } : {}),
        time: timeField(row, 'time'),
        ...(title === '' ? {} : { title }),
      };
      yield* textInWindows(title === '' ? text : `${title}\n\n${text}`, document, file.source.windowBytes);
    }
  }
}

/** Submissions and comments, one JSON object a line, usually zstd. */
export const reddit = dumpKind('reddit', { documents: redditDocuments });
/** Items of the API (stories, comments, polls), one JSON object a line. */
export const hackerNews = dumpKind('hackernews', { documents: hackerNewsDocuments });
