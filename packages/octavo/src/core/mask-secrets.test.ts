import { describe, expect, it } from 'vitest';
import { fail } from './error.js';
import { maskSecrets } from './mask-secrets.js';

describe('secrets in URLs', () => {
  it.each([
    ['mysql://root:hunter2@db:3306/x', 'mysql://root:***@db:3306/x'],
    ['postgres://a:p@ss/w:rd@host/d and more', 'postgres://a:***@host/d and more'],
    ['mariadb://u:@h/d', 'mariadb://u:***@h/d'],
    ['postgresql://u@h/d', 'postgresql://u@h/d'],
    ['mysql://h/d?user=u&password=hunter2&x=1', 'mysql://h/d?user=u&password=***&x=1'],
    ['POSTGRES://u:hunter2@h', 'POSTGRES://u:***@h'],
    ['https://u:hunter2@h/p@q', 'https://u:***@h/p@q'],
    ['s3://key:hunter2@h/b', 's3://key:***@h/b'],
    ['http://localhost:8000/@name', 'http://localhost:8000/@name'],
    ['two mysql://a:x@h/d\nmysql://b:y@h/d', 'two mysql://a:***@h/d\nmysql://b:***@h/d'],
    ['nothing to hide: a@b', 'nothing to hide: a@b'],
  ])('%s', (given, shown) => expect(maskSecrets(given)).toBe(shown));

  it('never reach an error', () => {
    const error = fail('DATA_SOURCE', {
      what: 'mysql://u:hunter2@h/d',
      where: 'mysql://u:hunter2@h',
      remedy: 'postgres://u:hunter2@h',
    });
    expect(JSON.stringify([error.message, error.what, error.where, error.remedy])).not.toContain('hunter2');
  });
});
