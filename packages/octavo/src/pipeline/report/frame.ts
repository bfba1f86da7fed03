import { type Content, html, markupOf } from './html.js';
import { style } from './style.js';

/** A whole page that opens from disk: no script, nothing from the network, and a policy that would refuse both. */
export const pageFrame = (title: string, body: Content): string =>
  `<!doctype html>\n${markupOf(html`<html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="generator" content="Octavo"><link rel="icon" href="data:,"><title>${title}</title>`)}<style>${style}</style>${markupOf(html`</head><body>${body}</body></html>`)}\n`;
