/** How the labelling page looks: the colours of the report, room for the text, everything else small. */
export const pageStyle = `
:root{color-scheme:light dark;--paper:#fbfaf6;--card:#fff;--ink:#1c1d21;--soft:#5a5f68;--line:#e3dfd5;--accent:#0b6068;--tint:#0b60681c;--off:#9a3b12;
--serif:"Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua",P052,"URW Palladio L",Georgia,"Noto Serif","Noto Serif CJK SC",serif;--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans","Liberation Sans",sans-serif;--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media (prefers-color-scheme:dark){:root{--paper:#131518;--card:#1a1d22;--ink:#e9e7e2;--soft:#a6aab2;--line:#30343b;--accent:#74c9c6;--tint:#74c9c626;--off:#f0a57c}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;display:flex;flex-direction:column;background:var(--paper);color:var(--ink);font:16px/1.5 var(--sans);overflow-wrap:anywhere}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
[hidden]{display:none!important}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
main:focus{outline:0}
.top{display:flex;flex-wrap:wrap;gap:8px 24px;align-items:center;padding:14px 24px;border-bottom:1px solid var(--line)}
.brand{margin:0;display:flex;gap:10px;align-items:baseline}.brand b{font:600 1.1rem var(--serif)}.brand span{color:var(--soft);font-size:.84rem}
.done{flex:1;display:flex;gap:14px;align-items:center;justify-content:flex-end;color:var(--soft);font-size:.84rem;font-variant-numeric:tabular-nums;min-width:220px}
progress{appearance:none;width:min(240px,40vw);height:6px;border:0;border-radius:3px;overflow:hidden;background:var(--line)}
progress::-webkit-progress-bar{background:var(--line)}progress::-webkit-progress-value{background:var(--accent)}progress::-moz-progress-bar{background:var(--accent)}
main{flex:1;width:100%;max-width:860px;margin:0 auto;padding:36px 24px 24px;display:flex;flex-direction:column;gap:20px}
h1{font:600 1.5rem/1.25 var(--serif);margin:0;text-wrap:balance;white-space:pre-wrap}
.card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:24px 28px;margin:0}
.passage{font:1.16rem/1.7 var(--serif);white-space:pre-wrap;max-height:46vh;overflow:auto;unicode-bidi:isolate}
.passage:focus-visible{outline-offset:0}
.prompt{color:var(--soft);padding:14px 28px}
.pair{display:grid;grid-template-columns:1fr 1fr;gap:16px}.pair h2{font:600 .84rem var(--sans);color:var(--soft);margin:0 0 6px}
@media (max-width:640px){.pair{grid-template-columns:1fr}main{padding:24px 16px}.card{padding:18px}}
.answers{display:flex;flex-wrap:wrap;gap:10px}
button{font:inherit;color:var(--ink);background:var(--card);border:1px solid var(--line);border-radius:8px;padding:9px 16px;cursor:pointer;min-height:42px;max-width:100%;text-align:start}
button:hover{border-color:var(--accent)}
button[aria-pressed=true]{background:var(--tint);border-color:var(--accent);font-weight:600}
button.main{background:var(--accent);border-color:var(--accent);color:var(--paper);font-weight:600}
button.score{min-width:56px;text-align:center;font-size:1.06rem;font-variant-numeric:tabular-nums}
button.plain{border-color:transparent;background:none;color:var(--soft);padding:6px 10px;min-height:36px;font-size:.9rem}button.plain:hover{color:var(--ink);border-color:var(--line)}
button:disabled{opacity:.55;cursor:default}
kbd{font:.78rem var(--mono);border:1px solid var(--line);border-bottom-width:2px;border-radius:4px;padding:1px 6px;color:var(--soft);background:var(--paper)}
button kbd{margin-inline-end:10px}button.main kbd{color:inherit;background:none;border-color:currentColor}
.hint{margin:0;color:var(--soft);font-size:.88rem}.hint b{color:var(--ink);font-weight:600}
.trouble{margin:0;color:var(--off);font-size:.94rem;font-weight:600}
.bottom{display:flex;flex-wrap:wrap;gap:4px 10px;align-items:center;border-top:1px solid var(--line);padding-top:14px}.bottom .space{flex:1}
.word{border-radius:3px;padding:2px 0;box-decoration-break:clone;-webkit-box-decoration-break:clone}
.word.at{outline:2px solid var(--accent);outline-offset:1px}.word.chosen{background:var(--tint)}
.span{border-radius:4px;padding:2px 3px;border-bottom:3px solid var(--hue);background:color-mix(in srgb,var(--hue) 16%,var(--card))}
.span small{font:600 .68rem var(--sans);color:var(--ink);margin-inline-start:5px;vertical-align:.2em}
.swatch{display:inline-block;width:10px;height:10px;border-radius:3px;margin-inline-end:8px;background:var(--hue)}
.hue-0{--hue:#0b6068}.hue-1{--hue:#b4541a}.hue-2{--hue:#6a4fb3}.hue-3{--hue:#3f7d20}.hue-4{--hue:#b0306a}.hue-5{--hue:#2f6fb5}.hue-6{--hue:#8a6d00}.hue-7{--hue:#777}
textarea,input[type=text]{font:1rem/1.5 var(--sans);width:100%;color:var(--ink);background:var(--card);border:1px solid var(--soft);border-radius:8px;padding:10px 12px}
textarea{min-height:110px;resize:vertical}textarea.small{min-height:60px}
label{display:block;font-size:.88rem;color:var(--soft);margin-bottom:6px}label.row{display:flex;gap:8px;align-items:center;margin:8px 0 0}
dialog{border:1px solid var(--line);border-radius:12px;background:var(--card);color:var(--ink);padding:24px 28px;max-width:480px;width:calc(100% - 32px)}dialog::backdrop{background:#0007}
dialog h2{font:600 1.2rem var(--serif);margin:0 0 12px}dl{display:grid;grid-template-columns:auto 1fr;gap:8px 18px;margin:0 0 16px}dt{white-space:nowrap}dd{margin:0}
.end{text-align:center;padding:56px 28px}.end p{color:var(--soft)}
`;
