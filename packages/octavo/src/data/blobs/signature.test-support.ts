import { createHash, createHmac } from 'node:crypto';

const sha256 = (text: string | Uint8Array): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const strict = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * The Authorization header that a request ought to have, computed as a service does it: from what came in.
 * Source: AWS, Signature Version 4 for the REST API of S3.
 */
export function expectedAuthorization(
  {
    method,
    url,
    headers,
  }: {
    readonly method: string;
    readonly url: string;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  },
  secret: string,
): string {
  const given = String(headers['authorization']);
  const [, credential = '', signed = ''] = /Credential=([^,]+), ?SignedHeaders=([^,]+)/.exec(given) ?? [];
  const [, day = '', region = '', service = ''] = credential.split('/');
  const [path = '', query = ''] = url.split('?');
  const parameters = query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => part.split('=').map((word) => strict(decodeURIComponent(word))))
    .map(([name = '', value = '']) => `${name}=${value}`)
    .toSorted();
  const canonical = [
    method,
    path
      .split('/')
      .map((part) => strict(decodeURIComponent(part)))
      .join('/'),
    parameters.join('&'),
    ...signed.split(';').map((name) => `${name}:${String(headers[name]).trim()}`),
    '',
    signed,
    String(headers['x-amz-content-sha256']),
  ].join('\n');
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, sha256(canonical)].join('\n');
  const key = hmac(hmac(hmac(hmac(`AWS4${secret}`, day), region), service), 'aws4_request');
  return `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signed}, Signature=${hmac(key, text).toString('hex')}`;
}
