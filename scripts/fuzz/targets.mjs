// Every reader of ours that bytes from outside reach, each with small samples of what it reads. What it does not refuse with
// one of our own errors is a fault.
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const from = (path) => import(`../../packages/octavo/dist/${path}.js`);
const { readFileDocuments } = await from('data/extract/read-file');
const { tarMember, zipOf, packedSamples } = await from('data/extract/formats.test-support');
const { resolveSources } = await from('data/sources/resolve');
const { cleanSection, dataSection } = await from('data/section');
const { readFeed } = await from('data/sources/read-feed');
const { postText } = await from('data/sources/post-text');
const { jsonRows } = await from('data/sources/dump');
const { unchunked } = await from('data/sources/warc');
const { readWarc, parseHttp } = await from('data/crawl/warc-reader');
const { decodeBody, decodeCharacters } = await from('data/crawl/decode-body');
const { readSitemap } = await from('data/crawl/sitemap');
const { parseRobots } = await from('data/crawl/robots');
const { readLinks } = await from('data/crawl/page-links');
const { canonicalUrl, parseUrl } = await from('data/crawl/canonical-url');
const { refusedUrl } = await from('data/crawl/guard');
const { refusedAddress } = await from('data/crawl/address');
const { wikiPages } = await from('data/extract/read-mediawiki');
const { wikitextToText } = await from('data/extract/wikitext');
const { documentStage } = await from('data/filters/document-stage');
const { findPii } = await from('data/filters/pii');
const { globMatcher } = await from('data/glob');
const { readS3Answer } = await from('data/blobs/s3-xml');
const { parseBlobPlace } = await from('data/blobs/open-blobs');
const { isKeptPath } = await from('data/blobs/manifest');
const { readShard, writeShard } = await from('data/scale/shard-file');
const { readItems } = await from('data/label/interchange');
const { readContent, readSettings, readValue } = await from('data/label/kinds');
const { openTokenShard, writeTokenShard } = await from('formats/token-shards');
const { openSafetensors, writeSafetensors } = await from('formats/safetensors');
const { parseStrictJson } = await from('formats/strict-json');
const { bytesToCharacters } = await from('text/byte-characters');
const { loadTokenizer } = await from('text/load-tokenizer');
const { configSchema } = await from('pipeline/config');
const { readConfig } = await from('project/config-read');
const { readConfigFile } = await from('project/config-source');
const { parseEvent } = await from('project/event-read');
const { parseOverride } = await from('project/config-override');

const lines = Array.from({ length: 6 }, (_, at) => `Call me number ${at * 7919}. The boats came back at noon.`);
const rows = lines.map((line, at) =>
  JSON.stringify({ text: line, title: 'T', selftext: line, subreddit: 'x', id: at, type: 'story', created_utc: 1 }),
);
/** Words apart by spaces; ␠ is a space in one. */
const words = (text) => text.split(' ').map((word) => word.replaceAll('␠', ' '));
const html = words(
  '< > </ /> <a> </a> <b> </b> <i> <p> </p> <br> <div> </div> <table> <tr> <td> <td␠colspan=9> <ul> <li> <pre> </pre> <script> </script> <style> <!-- --> <![CDATA[ ]]> &lt; &amp; &#x10ffff; &#0; &; <title> </title> <h1> <svg> <template> <textarea> " =" ␠ \n a <!doctype␠html> <meta␠charset=utf-16le> <blockquote> <dl> <dt> <dd> </td> </table>',
);
const xml = [
  ...html,
  ...words('<!DOCTYPE <!ENTITY␠a␠"b"> <?xml ?> &a; xmlns:x="y" x="y" <text> </text> <x:y> </x:y> <?p ]>'),
];
const json = words(
  '[ ] { } {} [] , : " \\ \\u \\ud800 "text" "text":"a" null true 1e999 -0 __proto__ "__proto__":{} \n ␠ \x00',
);
const page = `<html lang=en><head><title>T - S</title><meta name=robots content="index"><base href=/b/><link rel=canonical href=/c></head><body><nav><a href=x>menu</a></nav><h1>Boats</h1><pre>a  b</pre><table><tr><td>1<td>2</table><ul><li>x</ul>${lines.map((line) => `<p>${line} <b>x</b>`).join('')}<script type="application/ld+json">{"datePublished" : "2026-01-01"}</script></body></html>`;
const http = `HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n${page.length.toString(16)}\r\n${page}\r\n0\r\n\r\n`;
const record = (block, more = '') =>
  `WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: <https://a.example/>\r\n${more}Content-Length: ${Buffer.byteLength(block)}\r\n\r\n${block}\r\n\r\n`;
const wikitext =
  "'''Boats''' are [[ship|ships]] {{cite|a=b|{{c}}}}<ref name=x>note</ref>.\n== See ==\n* [http://a.example b]\n# two\n{| class=x\n|-\n! h\n|-\n| a || rowspan=2 | b\n|}\n<nowiki>[[x]]</nowiki> <math>x</math> [[File:a.jpg|thumb|{{d}} [[e]]]]\n{{convert|5|km|mi}} {{start date|2026|1|2}} -{zh:a}-";
const dump = `<mediawiki><siteinfo><base>https://en.wikipedia.org/wiki/Main_Page</base><namespaces><namespace key="1">Talk</namespace></namespaces></siteinfo><page><title>P</title><ns>0</ns><id>1</id><redirect title="x"/><revision><timestamp>2026-01-01T00:00:00Z</timestamp><model>wikitext</model><text>${lines[0]}</text></revision></page></mediawiki>`;
const rss = `<rss version="2.0"><channel><title>F</title><copyright>CC-BY</copyright>${lines.map((line) => `<item><title>${line}</title><link>https://a.example/${line.length}</link><guid>${line}</guid><pubDate>Wed, 25 Nov 2026 00:00:00 GMT</pubDate><description>&lt;p&gt;${line}</description></item>`).join('')}</channel></rss>`;
const atom = `<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>a</title><id>i</id><link rel="alternate" href="/x"/><content type="xhtml"><div><p>${lines[0]}</p></div></content></entry></feed>`;
const epub = zipOf(
  {
    mimetype: 'application/epub+zip',
    'META-INF/container.xml': '<container><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>',
    'b.opf':
      '<package><dc:title>B</dc:title><manifest><item id="a" href="a.xhtml" media-type="application/xhtml+xml"/><item id="c" href="../c%20.html" media-type="text/html"/></manifest><spine><itemref idref="a"/><itemref idref="c"/></spine></package>',
    'a.xhtml': '<html xmlns="http://www.w3.org/1999/xhtml"><body><p>A chapter.</p></body></html>',
    'c .html': page,
  },
  ['mimetype', 'b.opf', 'META-INF/container.xml'],
);
const merges = ['a b', 'ab c'];
const characters = Array.from({ length: 256 }, (_, byte) => bytesToCharacters(Uint8Array.of(byte)));
const tokenizerJson = JSON.stringify({
  added_tokens: [{ id: 258, content: '<|end|>', special: true }],
  pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, use_regex: true },
  model: { type: 'BPE', vocab: Object.fromEntries([...characters, 'ab', 'abc'].map((name, id) => [name, id])), merges },
});
const ranks = [
  ...Array.from({ length: 256 }, (_, byte) => `${Buffer.of(byte).toString('base64')} ${byte}`),
  'YWI= 256',
].join('\n');

const zstdSample =
  'KLUv/QRozQMAooYUEZB9wAEt3Ox7sm+XFJTrK5gBJQ3haIhPSfhBws/wM54QQ0j5L/6nfPpkjnFy/pCBCHpPng4ItFbamHV0rPWbzPXFrLZ+cHUQbV+bmfabLSVTAQ4oQCdubRB+R9gR/6MPAurrUVdmN3/z/va+DL30Nn3VyOX9ZaktkpQ=';

const of = async (items, use = () => undefined) => {
  for await (const item of items) use(item);
};
const pieces = async function* (bytes) {
  // As they come from a disk or a network: in pieces that end anywhere.
  for (let at = 0; at < bytes.length; at += 4099) yield bytes.subarray(at, at + 4099);
};
const decoded = async function* (bytes) {
  for (let at = 0; at < bytes.length; at += 4099) yield bytes.toString('utf8', at, at + 4099);
};
const asFile = (format, name = `a.${format}`) => {
  const [source] = resolveSources(dataSection.parse({ sources: [{ from: 'a', name: 's', format }] }).sources);
  return (bytes) => of(readFileDocuments(pieces(bytes), { source, path: name, where: name }));
};
const [source] = resolveSources(dataSection.parse({ sources: [{ from: 'a', name: 's' }] }).sources);
const stage = documentStage(
  cleanSection(dataSection.parse({ clean: { minCharacters: 1, pii: true, c4: true, fineweb: true, gopher: true } })),
  { cut: (_, text) => ({ text, lines: 0 }), judge: () => undefined },
  { language: () => undefined, content: () => undefined },
);
const site = 'https://a.example/b/c';
const inPath = (folder, name, read) => {
  const path = join(folder, name);
  return async (bytes) => {
    writeFileSync(path, bytes);
    await read(path);
  };
};
const labelled = (folder, format, kind) => {
  const settings = readSettings(
    kind === 'spans' ? { kind, labels: ['PER'] } : { kind: 'classification', labels: ['a'] },
    'project',
  );
  return inPath(folder, `labels.${format}`, async (path) => {
    for await (const item of readItems(path, { id: 'p', settings }, { format, textField: 'text', annotator: 'x' })) {
      const content = readContent(settings, item.content, item.where);
      for (const { value } of item.annotations) readValue(settings, content, value);
    }
  });
};
const sha = (bytes) => createHash('sha256').update(bytes).digest();

/** Targets by name, with a folder that they may write to. */
export async function targetsIn(folder) {
  const path = (name) => join(folder, name);
  const bytesOf = async (name, write) => {
    await write(path(name));
    return (await import('node:fs')).readFileSync(path(name));
  };
  const shard = await bytesOf('shard.tokens', (to) =>
    writeTokenShard(to, { ids: Uint16Array.of(1, 2, 3, 255), vocabularySize: 256, tokenizerHash: 'ab'.repeat(32) }),
  );
  const weights = await bytesOf('w.safetensors', (to) =>
    writeSafetensors(
      to,
      [
        { name: 'a', dtype: 'F32', shape: [2, 3], data: new Uint8Array(24) },
        { name: 'b', dtype: 'U8', shape: [], data: new Uint8Array(1) },
      ],
      { format: 'pt' },
    ),
  );
  const cleaned = await bytesOf('clean.shard', (to) =>
    writeShard(to, [
      {
        kind: 'kept',
        text: lines[0],
        changes: { 'c4.policy': 1 },
        digest: new Uint8Array(32),
        print: { keys: [1, 2], runs: Int32Array.of(1, 2, 3) },
      },
      { kind: 'dropped', reason: 'too-short', detail: 'x', excerpt: 'y' },
    ]),
  );
  const resumeTar = (bytes) => {
    for (let at = 0; at + 512 <= bytes.length; at += 512) {
      if (bytes.toString('latin1', at + 257, at + 262) !== 'ustar') continue;
      bytes.fill(32, at + 148, at + 156);
      const sum = bytes.subarray(at, at + 512).reduce((total, byte) => total + byte, 0);
      bytes.write(`${sum.toString(8).padStart(6, '0')}\0 `, at + 148);
    }
  };
  const tar = Buffer.concat([
    tarMember('a.txt', lines[0]),
    tarMember('././@LongLink', 'b/c.jsonl\0', 'L'),
    tarMember('x', rows[0]),
    tarMember('pax', '20 path=d/e.csv.txt\n12 size=400\n', 'x'),
    tarMember('y', 'text\nz'),
    tarMember('../z', 'x'),
    tarMember('l', '', '2'),
    Buffer.alloc(1024),
  ]);
  const zip = zipOf(
    {
      'a.txt': lines[0],
      'b.jsonl.gz': gzipSync(rows.join('\n')),
      'c.csv': `text\n${lines.join('\n')}`,
      '../d.txt': 'x',
      'e.zip': 'PK',
      'f.html': page,
    },
    ['a.txt', 'c.csv', 'f.html'],
  );
  const csv = `id,text\n${lines.map((line, at) => `${at},"${line} ""q"""`).join('\r\n')}`;
  const config = `data:\n  sources: ['*.txt', { from: b.csv, textField: x, encoding: latin1 }]\n  clean: { pii: true, c4: true }\ntokenizer:\n  vocabularySize: 512\nplan: { budget: 1m }\n`;
  const settings = '{ "kind": "spans", "labels": ["PER"] }';
  return {
    text: {
      samples: [
        lines.join('\n'),
        Buffer.from(lines.join('\n'), 'utf16le'),
        Buffer.from('Größe, naïve café. '.repeat(9), 'latin1'),
        '中文。'.repeat(99),
      ],
      tokens: words('\x00 \ufeff \n \n\n ␠ . \ufffd 。 \ud83d\ude00 a'),
      read: asFile('text', 'a.txt'),
    },
    html: { samples: [page], tokens: html, read: asFile('html') },
    jsonl: { samples: [rows.join('\n')], tokens: json, read: asFile('jsonl') },
    json: { samples: [`[${rows.join(',')}]`, rows[0]], tokens: json, read: asFile('json') },
    csv: { samples: [csv], tokens: words('" "" , \n \r\n \r ,"," ",\n \t a \x00 "\n'), read: asFile('csv') },
    tsv: { samples: [csv.replaceAll(',', '\t')], tokens: words('" \t \n \r\n a'), read: asFile('tsv') },
    xml: {
      samples: [
        `<?xml version="1.0"?><r>${lines.map((line) => `<text a="b">${line} &amp; <![CDATA[x]]></text>`).join('')}</r>`,
      ],
      tokens: xml,
      read: asFile('xml'),
    },
    wordnet: {
      samples: ['00001740 03 n 01 entity 0 001 ~ 00001930 n 0000 | that which is; "it exists in the world today"\n'],
      tokens: words('" "" | \n 00001740␠03␠'),
      read: asFile('wordnet-examples'),
    },
    zip: {
      samples: [zip],
      tokens: ['PK\u0003\u0004', 'PK\u0001\u0002', 'PK\u0005\u0006', '../', '/'],
      read: asFile('auto', 'a.zip'),
    },
    epub: {
      samples: [epub],
      tokens: [...xml, '<itemref idref="a"/>', '<item id="a" href="a.xhtml" media-type="text/html"/>'],
      read: asFile('epub'),
    },
    tar: {
      samples: [tar],
      repair: resumeTar,
      tokens: [tar.subarray(0, 512), Buffer.alloc(512), '../', '/', '9 path=a\n', '99999999999', '77777777777'],
      read: asFile('auto', 'a.tar'),
    },
    gzip: {
      samples: [
        gzipSync(rows.join('\n')),
        Buffer.concat([gzipSync(rows[0]), gzipSync(`\n${rows[1]}`), Buffer.alloc(20)]),
      ],
      read: asFile('jsonl', 'a.jsonl.gz'),
    },
    bzip2: {
      samples: [Buffer.from(packedSamples.bz2, 'base64'), Buffer.from(packedSamples.bz2Bomb, 'base64')],
      read: asFile('text', 'a.txt.bz2'),
    },
    xz: { samples: [Buffer.from(packedSamples.xz, 'base64')], read: asFile('text', 'a.txt.xz') },
    zstd: { samples: [Buffer.from(zstdSample, 'base64')], read: asFile('text', 'a.txt.zst') },
    'by first bytes': { samples: [page, tar, zip, rows[0], '%PDX', 'PAR'], read: asFile('auto', 'a.bin') },
    warc: {
      samples: [record(http).repeat(2), record(page, 'Content-Type: text/html\r\n').replace('response', 'resource')],
      tokens: words('\r\n\r\n \r\n \n ␠a Content-Length:␠ WARC/1.0 : 0\r\n\r\n ffffffff\r\n \t'),
      read: async (bytes) =>
        of(readWarc(pieces(bytes), { where: 'a', mostBytes: 1 << 20 }), ({ block }) => {
          const answer = block === undefined ? undefined : parseHttp(block);
          if (answer !== undefined) decodeCharacters(unchunked(answer.body), answer.headers.get('content-type') ?? '');
        }),
    },
    'body of a page': {
      samples: [gzipSync(page), gzipSync(gzipSync(page)), Buffer.from(page, 'utf16le')],
      read: async (bytes) => {
        const names = ['gzip', 'deflate', 'br', 'gzip, gzip', ''][bytes[bytes.length - 1] % 5 || 0];
        const body = await decodeBody(bytes, names ?? 'gzip', 1 << 20);
        if (body.kind === 'bytes') decodeCharacters(body.bytes, 'text/html; charset=gb18030');
      },
    },
    links: {
      samples: [page],
      tokens: [...html, 'href="http://', 'href=//[', 'rel=next', '<base href=', 'content="0;url='],
      read: (bytes) => readLinks(bytes.toString(), site, 'noindex'),
    },
    feed: {
      samples: [rss, atom],
      tokens: [...xml, '<item>', '</item>', '<entry>', '<link href=', '<title>', '&lt;a', '&lt;'],
      read: (bytes) => readFeed(bytes.toString(), site).items.map(({ text }) => postText(text)),
    },
    post: {
      samples: ['<p>a <a href=x>b</a><pre><code>c\n  d</code></pre>', page],
      tokens: html,
      read: (bytes) => postText(bytes.toString()),
    },
    sitemap: {
      samples: [
        `<urlset><url><loc>https://a.example/1</loc></url><sitemap><loc>/2</loc></sitemap></urlset>`,
        'https://a.example/1\nhttps://a.example/2\n',
        atom,
      ],
      tokens: [...xml, '<url>', '<loc>', '</loc>', '<link href="'],
      read: (bytes) => readSitemap(bytes.toString(), site),
    },
    robots: {
      samples: [
        'User-agent: *\nDisallow: /a*b$\nAllow: /%7e\nCrawl-delay: 2\nSitemap: https://a.example/s\nUser-agent: octavo\nDisallow:\n',
      ],
      tokens: words('* *a $ % %2f \n User-agent: Allow:/ Disallow:/* : # \r Crawl-delay:1e999 /'),
      read: (bytes) => parseRobots(bytes.toString(), 'octavo').allows('/a/b/c?d=%C3%A9'),
    },
    address: {
      samples: [
        'https://a.example:80/x;sid=1?utm_source=a&b=%7e#c',
        'http://[::ffff:127.0.0.1]/',
        'http://0x7f.1/',
        '//2130706433/',
        'http://user:pw@10.0.0.5\\@b/',
      ],
      tokens: words('% %25 %2e .. / // \\ @ : [ ] ; sid= & ? # 。 ① \u00ad \t a %C3 utm_ = ::'),
      read: (bytes) => {
        const text = canonicalUrl(bytes.toString(), site) ?? '';
        if (text !== '' && canonicalUrl(text) !== text) throw new Error(`not one spelling: ${JSON.stringify(text)}`);
        const url = parseUrl(bytes.toString(), site);
        if (url !== undefined) refusedUrl(url, { allowPrivate: false });
        refusedAddress(bytes.toString('latin1', 0, 50));
      },
    },
    wikipedia: {
      samples: [dump],
      tokens: [...xml, '<page>', '</page>', '<revision>', '</revision>', '<title>'],
      read: (bytes) => of(wikiPages(decoded(bytes), { where: 'a', source: 's' })),
    },
    wikitext: {
      samples: [wikitext],
      tokens: words(
        "[[ ]] [ ] {{ }} {{{ }}} {| |} |- | || ! ' '' ''' ''''' <ref> </ref> <ref/> <nowiki> </nowiki> <!-- --> == = \n* \n# \n: \n; \n ␠ http:// {{convert|5|km}} <math> [[File:a| <div> </div> <table> -{ }- __TOC__ &nbsp; <pre> ~~~~ {{a|b=c}} \n| \n{| \n==",
      ),
      read: (bytes) => wikitextToText(bytes.toString(), { title: 'Boats' }),
    },
    posts: {
      samples: [rows.join('\n'), `[\n${rows.join(',\n')}\n]`],
      tokens: json,
      read: (bytes) => of(jsonRows({ source, bytes: pieces(bytes), id: 'a' })),
    },
    cleaning: {
      samples: [
        lines.join('\n'),
        'Mail jo.tanner@example.org, call (212) 555-0147 or 4111 1111 1111 1111, key AKIAIOSFODNN7EXAMPLE, https://a.example/?b=c 10.0.0.1 2001:db8::1 DE89370400440532013000 cafÃ©',
      ],
      tokens: words(
        '@ . - + ( ) 1 4111␠ 555- a.b@ :// :: ␠ \n \n\n \t - • { } lorem␠ipsum Ã© â€™ eyJ AKIA -----BEGIN␠ _ / = a A é 中 \u0301 # * | https://a .com ghp_ xox',
      ),
      read: (bytes) => {
        stage(bytes.toString(), 's', true);
        findPii(bytes.toString());
      },
    },
    glob: {
      samples: ['data/**/[a-c]*?.{txt,md}', '{a,b}{c,d}/**'],
      tokens: words('* ** ? [ ] [! [a- { } {a,b} , / **/ a'),
      read: (bytes) => globMatcher(bytes.toString())('data/a/abc.txt'),
    },
    'answer of S3': {
      samples: [
        '<?xml version="1.0"?><ListBucketResult><IsTruncated>false</IsTruncated><Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>',
      ],
      tokens: [...xml, '<Contents>', '<Key>'],
      read: (bytes) => readS3Answer(bytes.toString(), 'a'),
    },
    'place of data': {
      samples: ['s3://bucket/a/b', 'hdfs://host:9870/a', 'artifacts/clean/documents.parquet'],
      tokens: words('.. / // @ : [ ] % \\ con nul. artifacts/clean/ a'),
      read: (bytes) => {
        isKeptPath(bytes.toString());
        parseBlobPlace(bytes.toString());
      },
    },
    'shard of clean': { samples: [cleaned], tokens: json, read: inPath(folder, 'in.shard', readShard) },
    'token shard': {
      samples: [shard],
      repair: (bytes) => {
        if (bytes.length < 128) return;
        sha(bytes.subarray(128)).copy(bytes, 64);
        sha(bytes.subarray(0, 96)).copy(bytes, 96);
      },
      read: inPath(folder, 'in.tokens', async (file) => {
        const opened = await openTokenShard(file);
        try {
          await opened.read(0, Math.min(2, opened.header.count));
        } finally {
          await opened[Symbol.asyncDispose]();
        }
      }),
    },
    safetensors: {
      samples: [weights],
      tokens: [
        ...json,
        '"shape":[2,3]',
        '"dtype":"F64"',
        '"data_offsets":[0,24]',
        '18446744073709551615',
        '4294967296',
      ],
      repair: (bytes) => {
        const end = bytes.indexOf('}}');
        if (end > 8) bytes.writeBigUInt64LE(BigInt(end + 2 - 8), 0);
      },
      read: inPath(folder, 'in.safetensors', (file) => {
        const opened = openSafetensors(file);
        try {
          for (const name of opened.tensors.keys()) opened.read(name);
        } finally {
          opened.close();
        }
      }),
    },
    'strict JSON': {
      samples: [rows[0], '[1,2.5e3,"\\u00e9",{"a":null}]'],
      tokens: json,
      read: (bytes) => parseStrictJson(bytes.toString(), { where: 'a' }),
    },
    'tokenizer.json': {
      samples: [tokenizerJson],
      tokens: [...json, '"vocab":{', '"merges":[', '"id":258'],
      read: inPath(folder, 'tokenizer.json', async (file) => (await loadTokenizer(file)).encode('abcab <|end|> xyz')),
    },
    tiktoken: {
      samples: [ranks],
      tokens: words('\n YWI= ␠256 999999999 = \r'),
      read: inPath(folder, 'a.tiktoken', async (file) =>
        (await loadTokenizer(file, { pattern: 'gpt2', specialTokens: [{ content: '<s>', id: 300 }] })).encode(
          'abcab xyz',
        ),
      ),
    },
    'octavo.yaml': {
      samples: [config],
      tokens: words('- : [ ] { } | > & * ! !!js/x # --- \n \n␠␠ " \' ? % \t __proto__: <<: a: &a *a ,'),
      read: inPath(folder, 'octavo.yaml', (file) => readConfig(configSchema, readConfigFile(file, 'octavo.yaml'))),
    },
    'a setting by --set': {
      samples: ['data.sources[0].from=a', 'plan.budget=1m'],
      tokens: words('. [ ] = [0] __proto__ "'),
      read: (bytes) => parseOverride(bytes.toString()),
    },
    event: {
      samples: [
        '{"timeMs":1,"kind":"progress","step":"clean","done":1,"total":2,"unit":"documents"}',
        '{"timeMs":1,"kind":"metric","step":"pretrain","at":1,"values":{"loss":"NaN"}}',
      ],
      tokens: json,
      read: (bytes) => parseEvent(bytes.toString()),
    },
    'labels of JSONL': {
      samples: [
        `{"id":"1","text":"a","annotations":[{"annotator":"x","value":{"labels":["a"]},"time":"2026-01-01T00:00:00Z"}]}\n`,
      ],
      tokens: json,
      read: labelled(folder, 'jsonl', 'classification'),
    },
    'labels of CoNLL': {
      samples: ['# id = 1\n# annotator = x\n# text = "Ann rows"\nAnn\tB-PER\nrows\tO\n\nAnn I-PER\n'],
      tokens: words('\n \n\n #␠text␠=␠ #␠id␠=␠" B-PER I-PER O %25 % \t B-'),
      read: labelled(folder, 'conll', 'spans'),
    },
    'labels of Label Studio': {
      samples: [
        '[{"id":1,"data":{"text":"Ann rows"},"annotations":[{"completed_by":{"email":"x"},"created_at":"2026-01-01","result":[{"value":{"start":0,"end":3,"labels":["PER"]}}]}]}]',
      ],
      tokens: json,
      read: labelled(folder, 'label-studio', 'spans'),
    },
    'settings of labels': {
      samples: [settings],
      tokens: json,
      mayThrow: ['SyntaxError'],
      read: (bytes) => readSettings(JSON.parse(bytes.toString()), 'a'),
    },
  };
}
