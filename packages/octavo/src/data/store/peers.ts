import { fail } from '../../core/index.js';

const missing = (name: string, version: string, cause: unknown) =>
  fail('PACKAGE_ABSENT', {
    what: `this needs the package ${name}, which is not installed`,
    where: name,
    remedy: `npm install ${name}@${version}`,
    cause,
  });

/** The client of MariaDB and MySQL. Errors: PACKAGE_ABSENT. */
export const importMysql = (): Promise<typeof import('mysql2/promise')> =>
  import('mysql2/promise').then(
    (mysql) => mysql,
    (cause: unknown) => {
      throw missing('mysql2', '3.24.6', cause);
    },
  );

/** The same client, whose results can be streams. Errors: PACKAGE_ABSENT. */
export const importStreamingMysql = (): Promise<typeof import('mysql2')> =>
  import('mysql2').catch((cause: unknown) => {
    throw missing('mysql2', '3.24.6', cause);
  });

/** The client of PostgreSQL. Errors: PACKAGE_ABSENT. */
export const importPostgres = () =>
  import('pg').then(
    (postgres) => postgres.default,
    (cause: unknown) => {
      throw missing('pg', '8.23.1', cause);
    },
  );
