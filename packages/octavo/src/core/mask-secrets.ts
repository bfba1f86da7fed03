/** URL schemes whose user part may hold a password that has characters of its own. */
const databases = 'mysql|mariadb|postgres|postgresql';

/** `user:password@`, up to the last @ of the word for databases: a password with a slash or an @ is hidden whole. A scheme is short: a long word costs little. */
const userPart = new RegExp(
  `((?:${databases})://[^\\s:/@]*:)\\S*(?=@)|([a-z][a-z0-9+.-]{0,30}://[^\\s:/@]*:)[^\\s/@]*(?=@)`,
  'gi',
);
const queryPart = /([?&](?:password|passwd|pwd|secret|token|access_?key|delegation)=)[^\s&#"']*/gi;

/** A text in which passwords of URLs are shown as ***; the rest stays as it is. */
export const maskSecrets = (text: string): string =>
  text
    .replace(userPart, (_, database: string | undefined, other: string | undefined) => `${database ?? other ?? ''}***`)
    .replace(queryPart, '$1***');
