import { createHash } from 'node:crypto';
import { pageScript } from './page-script.js';
import { pageStyle } from './page-style.js';

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** The labelling page and the policy that lets it run its own script, call its own server, and nothing else. */
export const labelPage = (): { readonly html: string; readonly policy: string } => ({
  html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>Octavo labelling</title>
<style>${pageStyle}</style>
</head>
<body>
<header class="top">
<p class="brand"><b id="project"></b><span>Octavo labelling</span></p>
<div class="done"><progress id="bar" max="1" value="0" aria-label="Items labelled"></progress><span id="count"></span></div>
<button type="button" id="person" class="plain" hidden></button>
</header>
<main id="main" tabindex="-1"></main>
<p id="live" class="hidden" role="status" aria-live="polite"></p>
<noscript><p class="card">This page needs JavaScript.</p></noscript>
<script>${pageScript}</script>
</body>
</html>
`,
  policy: `default-src 'none'; script-src ${hashOf(pageScript)}; style-src ${hashOf(pageStyle)}; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
});
