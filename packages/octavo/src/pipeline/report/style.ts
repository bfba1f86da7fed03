/** How the page looks: system fonts, one accent colour, light and dark by the reader's setting, and on paper. */
export const style = `
:root{color-scheme:light dark;--paper:#fbfaf6;--card:#fff;--ink:#1c1d21;--soft:#5a5f68;--line:#e3dfd5;--grid:#ece8df;--accent:#0b6068;--tint:#0b606822;--tint2:#0b60680f;--off:#9a3b12;
--serif:"Iowan Old Style","Palatino Linotype",Palatino,"Book Antiqua",P052,"URW Palladio L",Georgia,"Noto Serif",serif;--sans:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,"Noto Sans","Liberation Sans",sans-serif;--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media (prefers-color-scheme:dark){:root{--paper:#131518;--card:#1a1d22;--ink:#e9e7e2;--soft:#a6aab2;--line:#30343b;--grid:#262a30;--accent:#74c9c6;--tint:#74c9c62e;--tint2:#74c9c614;--off:#f0a57c}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 var(--sans);font-variant-numeric:tabular-nums;overflow-wrap:break-word}
.page{max-width:1160px;margin:0 auto;padding:0 20px 64px}
h1,h2,h3{font-family:var(--serif);font-weight:600;line-height:1.2;text-wrap:balance;margin:0}
h1{font-size:clamp(1.75rem,4.2vw,2.75rem);letter-spacing:-.015em;max-width:24em}
h2{font-size:1.6rem;letter-spacing:-.01em}
h3{font-size:1.12rem;margin:36px 0 10px}
p{margin:0 0 12px;max-width:70ch}
a{color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:2px}
.skip{position:absolute;left:-999px}.skip:focus{left:12px;top:12px;background:var(--card);padding:8px 12px}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.fine{color:var(--soft);font-size:.84rem}
code{font:.84em var(--mono);color:var(--soft)}
.head{padding:56px 0 28px}
.kicker{color:var(--accent);font-size:.8rem;font-weight:600;letter-spacing:.04em;margin-bottom:12px}
.key{display:flex;flex-wrap:wrap;gap:1px;background:var(--line);border:1px solid var(--line);border-radius:10px;overflow:hidden;margin:32px 0 0}
.key div{flex:1 1 150px;background:var(--card);padding:16px 18px;display:flex;flex-direction:column}
.key dt{color:var(--soft);font-size:.84rem;order:2}
.key dd{margin:0;font:600 1.7rem/1.25 var(--serif);white-space:nowrap}
.key dd small{font:400 .84rem var(--sans);color:var(--soft)}
.sum{margin:20px 0 0;font-size:1.02rem;max-width:none}
nav{border-block:1px solid var(--line);margin:0}
nav ul{display:flex;flex-wrap:wrap;gap:4px 22px;margin:0;padding:12px 0;list-style:none;font-size:.9rem}
nav a{color:var(--ink);text-decoration:none;display:inline-block;padding:4px 0}nav a:hover{color:var(--accent);text-decoration:underline}
section{border-top:1px solid var(--line);padding:44px 0 28px}
nav+section,main>section:first-child{border-top:0}
section>header{margin-bottom:22px}
section>header p{color:var(--soft);margin:8px 0 0;max-width:60ch}
.body>:first-child{margin-top:0}
@media (min-width:960px){section{display:grid;grid-template-columns:232px minmax(0,1fr);gap:0 48px}section>header{position:sticky;top:28px;align-self:start}}
.leaves{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(186px,1fr));gap:12px}
.leaf{position:relative;background:var(--card);border:1px solid var(--line);border-top:3px solid var(--accent);border-radius:4px 4px 8px 8px;padding:14px 16px 12px;min-height:126px;display:flex;flex-direction:column}
.leaf h3{margin:0;font-size:1.06rem;padding-right:28px}
.leaf-number{position:absolute;right:14px;top:6px;font:600 1.7rem/1.2 var(--serif);color:var(--accent);opacity:.75}
.leaf-status{font-size:.84rem;margin:2px 0 8px;color:var(--soft)}.leaf-status b{color:var(--ink);margin-left:6px}
.leaf-result{font-size:.87rem;line-height:1.4;margin:auto 0 0}
.leaf.waiting{border-top-color:var(--line);background:transparent}.leaf.waiting .leaf-number{color:var(--soft);opacity:.6}
.leaf.failed,.leaf.stopped{border-top-color:var(--off)}.leaf.failed .leaf-status,.leaf.stopped .leaf-status{color:var(--off)}
.timeline{margin:26px 0 0}.timeline figcaption{font-size:.9rem;margin-bottom:8px}
.timeline-bar{display:flex;gap:2px;height:30px}
.timeline-bar i{font:600 .78rem/30px var(--sans);background:var(--accent);color:var(--paper);min-width:2px;flex-basis:0;overflow:hidden;text-align:center;border-radius:2px}
.timeline-bar i:nth-child(even){background:color-mix(in srgb,var(--accent) 84%,var(--paper))}
.trouble{border-left:3px solid var(--off);padding:4px 0 4px 16px;margin-bottom:20px}
.scroll{overflow-x:auto;margin:0 0 16px}
table{border-collapse:collapse;width:100%;font-size:.92rem}
caption{text-align:left;color:var(--soft);font-size:.84rem;padding-bottom:8px}
th,td{text-align:left;vertical-align:top;padding:9px 14px 9px 0;border-bottom:1px solid var(--line)}
th:last-child,td:last-child{padding-right:0}
tbody th{font-weight:400}
thead th{font-size:.8rem;font-weight:600;color:var(--soft);white-space:nowrap;padding-block:6px}
.number{text-align:right;white-space:nowrap}
tr.strong th,tr.strong td{font-weight:650}tr.strong .fine{font-weight:400}
td .fine,th .fine{line-height:1.4;font-weight:400}.whole{white-space:nowrap}th .fine{display:inline-block;min-width:min(24ch,100%);overflow-wrap:anywhere}.licence{display:block;min-width:24ch;line-height:1.4}.label{display:none}
.verdict{white-space:nowrap;font-size:.86rem;color:var(--soft)}
.verdict.met{color:var(--accent);font-weight:600}.verdict.missed{color:var(--off);font-weight:700}
.bar{display:inline-block;width:100%;min-width:110px;max-width:220px;height:10px;background:var(--grid);border-radius:2px;vertical-align:middle}
.bar i{display:block;height:100%;background:var(--soft);opacity:.55;border-radius:2px}.bar.strong i{background:var(--accent);opacity:1}
.plan-bar{position:relative;display:inline-block;width:130px;height:10px;background:var(--grid);border-radius:2px;vertical-align:middle}
.plan-bar i{display:block;height:100%;background:var(--accent);border-radius:2px}.plan-bar.off i{background:var(--off)}
.plan-bar b{position:absolute;left:50%;top:-4px;bottom:-4px;width:2px;margin-left:-1px;background:var(--ink)}
.interval{position:relative;display:inline-block;width:100%;min-width:140px;height:16px;vertical-align:middle;background:linear-gradient(var(--grid),var(--grid)) center/100% 2px no-repeat}
.interval i{position:absolute;top:4px;height:8px;background:var(--accent);opacity:.35;border-radius:2px;min-width:2px}
.interval b{position:absolute;top:1px;height:14px;width:4px;margin-left:-2px;background:var(--accent);border-radius:2px}
.interval u{position:absolute;top:-3px;height:22px;border-left:2px dotted var(--ink)}
details{margin:0 0 10px}
summary{cursor:pointer;padding:6px 0;color:var(--accent);font-size:.92rem}
summary:hover{text-decoration:underline}
details[open]>summary{margin-bottom:8px}
details ul{margin:0 0 12px;padding-left:20px;font-size:.92rem}
.openers{display:grid;grid-template-columns:repeat(auto-fill,minmax(150px,1fr));gap:0 20px;margin-bottom:18px}.openers details{margin:0;border-bottom:1px solid var(--line)}.openers details[open]{grid-column:1/-1}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(168px,1fr));gap:14px 26px;margin:0 0 26px}
.facts dt{color:var(--soft);font-size:.84rem}.facts dd{margin:0;font-size:1.02rem}
.reasons{margin-bottom:18px}
.reasons details{border-bottom:1px solid var(--line);margin:0}
.reasons summary{display:grid;grid-template-columns:minmax(0,1fr) minmax(60px,180px) 70px;gap:16px;align-items:center;color:var(--ink);padding:9px 0}
.reasons summary b{text-align:right}.reasons .bar{min-width:0}.reasons .bar i{background:var(--accent);opacity:.8}
.reason::before{content:"▸";color:var(--accent);display:inline-block;width:1.1em}details[open]>summary>.reason::before{content:"▾"}
.reason code{display:inline-block}
.excerpt{border-left:2px solid var(--line);padding:2px 0 2px 14px;margin:0 0 14px;font-size:.9rem}.excerpt p{margin-bottom:4px}
.passage{white-space:pre-wrap;overflow-wrap:anywhere;unicode-bidi:isolate}
.excerpt .passage{display:block;font-family:var(--serif);max-height:13em;overflow:auto}
.tokens{list-style:none;padding:0;margin:0 0 20px;display:flex;flex-wrap:wrap;gap:6px}
.tokens li{background:var(--tint2);border:1px solid var(--line);border-radius:4px;padding:3px 9px;font:.84rem var(--mono)}
.cut{margin:0 0 18px}.cut figcaption{font-size:.9rem;margin-bottom:8px}.cut figcaption span{color:var(--soft)}
.cut p{font:.86rem/2 var(--mono);white-space:pre-wrap;overflow-wrap:anywhere;max-width:none;background:var(--card);border:1px solid var(--line);border-radius:8px;padding:14px 16px}
.cut p span{background:var(--tint2);border-radius:3px;padding:3px 0;box-shadow:inset 0 0 0 .5px var(--tint)}.cut p span:nth-child(even){background:var(--tint)}
.charts{display:grid;grid-template-columns:repeat(2,minmax(0,1fr));gap:26px 32px}.charts>:first-child{grid-column:1/-1}
@media (max-width:700px){.charts{grid-template-columns:minmax(0,1fr)}}
.chart{margin:0;min-width:0}.chart figcaption{font-size:.9rem;margin-bottom:14px;line-height:1.35}.chart figcaption span{color:var(--soft)}
.plot{display:grid;grid-template-columns:46px minmax(0,1fr);grid-template-rows:200px 24px}
.plot.tall{grid-template-rows:340px 24px}.plot.tallest{grid-template-rows:380px 24px}
.plot.with-levels{grid-template-columns:46px minmax(0,1fr) 118px}.plot.with-second{grid-template-columns:46px minmax(0,1fr) 44px}
.chart-area{width:100%;height:100%;overflow:visible;clip-path:inset(-1px -6px -6px);display:block}
.chart-y,.chart-x,.chart-levels{position:relative;font-size:.76rem;line-height:1;color:var(--soft)}
.chart-y span{position:absolute;right:8px;transform:translateY(-50%);white-space:nowrap}
.chart-second span{right:auto;left:8px}.chart-second i{position:absolute;right:0;top:-15px;font-style:normal;white-space:nowrap}
.chart-x{grid-column:2}.chart-x span{position:absolute;top:8px;transform:translateX(-50%);white-space:nowrap}
.chart-levels svg{position:absolute;left:0;top:0;overflow:visible}
.chart-levels span{position:absolute;left:16px;transform:translateY(-50%);white-space:nowrap}.chart-levels b{color:var(--ink);font-weight:600}
.chart path,.chart rect{vector-effect:non-scaling-stroke}
.grid{stroke:var(--grid);fill:none}
.level{stroke:var(--soft);stroke-dasharray:4 4;fill:none;opacity:.8}
.line{stroke:var(--accent);stroke-width:2;fill:none;stroke-linejoin:round;stroke-linecap:round}
.dots{stroke:var(--accent);stroke-width:7;stroke-linecap:round}
.band{fill:var(--tint);stroke:none}
.columns rect{fill:transparent}.columns rect:hover{fill:var(--tint)}
.chart details{margin:8px 0 0 46px}.chart details summary{font-size:.8rem;padding:2px 0}
.memory rect{stroke:var(--paper);stroke-width:.5}.memory rect:hover{fill:var(--ink)}
.group-0{fill:var(--accent);background:var(--accent)}.group-1{fill:color-mix(in srgb,var(--accent) 55%,var(--paper));background:color-mix(in srgb,var(--accent) 55%,var(--paper))}.group-2{fill:var(--ink);background:var(--ink)}.group-3{fill:color-mix(in srgb,var(--soft) 45%,var(--paper));background:color-mix(in srgb,var(--soft) 45%,var(--paper))}
.moment{stroke:var(--off);stroke-width:2;stroke-dasharray:5 4;fill:none}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:4px 20px;margin:12px 0 16px 46px;padding:0;font-size:.84rem;color:var(--soft)}
.legend i{display:inline-block;width:12px;height:12px;margin-right:7px;vertical-align:-1px;border-radius:2px}.legend i.moment{height:0;width:16px;border-top:2px dashed var(--off);vertical-align:4px}
.samples{list-style:none;margin:0 0 12px;padding:0}
.samples li{display:grid;grid-template-columns:92px minmax(0,1fr);gap:14px;padding:13px 0;border-bottom:1px solid var(--line)}
.samples p{font:1.02rem/1.5 var(--serif);margin:0;max-width:64ch}.samples b{color:var(--accent);font-weight:600}
.sample-step{color:var(--soft);font-size:.84rem;padding-top:3px}
@media (max-width:640px){.stack,.stack tbody,.stack caption{display:block}.stack thead{position:absolute;clip-path:inset(50%);height:1px;width:1px;overflow:hidden}.stack tr{display:flex;flex-wrap:wrap;gap:2px 18px;padding:10px 0;border-bottom:1px solid var(--line)}.stack th[scope=row]{flex:1 0 100%;font-weight:600}.stack th,.stack td{border:0;padding:0;text-align:left;overflow-wrap:anywhere}.stack .label{display:inline;color:var(--soft);font-size:.84rem;font-weight:400}.stack td.drawn{flex:1 0 100%}.drawn .bar,.drawn .plan-bar,.drawn .interval{width:100%;max-width:none}.number,.whole{white-space:normal}.facts{grid-template-columns:repeat(2,minmax(0,1fr));gap:14px 18px}.reasons summary{grid-template-columns:minmax(0,1fr) 60px 44px;gap:10px}}
@media (max-width:560px){.samples li{grid-template-columns:minmax(0,1fr);gap:2px}.leaves{grid-template-columns:repeat(2,minmax(0,1fr));gap:10px}.leaf{padding:12px}.plot.with-levels{grid-template-columns:40px minmax(0,1fr) 102px}.head{padding-top:36px}.key div{flex-basis:130px}.key dd{font-size:1.4rem}section{padding-top:34px}}
code.token{font:.84em var(--mono);color:var(--ink);white-space:nowrap}
.tinted{display:inline-block;padding:1px 5px;border-radius:3px}.tinted small{white-space:nowrap}
.attribution{max-width:none;line-height:2}.attribution .tinted{padding:2px 4px;margin:0 1px}.bar.against i{background:var(--off)!important}
.drawing{margin:0}.drawing svg{display:block;width:100%;max-width:620px;font:13px var(--sans);text-anchor:middle}.box{fill:var(--card);stroke:var(--accent)}.box-name{fill:var(--ink)}.box-detail{fill:var(--soft);font-size:11px}.frame{fill:var(--tint2);stroke:var(--line)}.frame-name{fill:var(--accent);font:600 20px var(--serif);text-anchor:end}.wire{stroke:var(--soft);fill:none}.tip{fill:var(--soft)}
.graph{margin:0}.graph svg{display:block;width:100%;font:12px var(--mono)}.band{fill:var(--tint2)}.band-name{fill:var(--soft);font-size:11px}.node{fill:var(--card);stroke:var(--line)}.node.fused{stroke:var(--accent);stroke-dasharray:4 3}.node-name{fill:var(--ink)}.node-chips{fill:var(--soft);font-size:9.5px}.graph-wire{fill:none;stroke:var(--soft);opacity:.45}
.lines{font:.78rem/1.5 var(--mono);overflow:auto;max-height:26em;background:var(--card);border:1px solid var(--line);border-radius:6px;padding:10px 12px;margin:0 0 12px}
.head-maps{display:grid;grid-template-columns:repeat(auto-fill,minmax(136px,1fr));gap:14px;margin:0 0 16px}
.head-map{margin:0}.head-map svg{display:block;width:100%;aspect-ratio:1;background:var(--card);border:1px solid var(--line);border-radius:3px;fill:var(--accent);shape-rendering:crispEdges}.head-map figcaption{font-size:.78rem;color:var(--soft);margin-top:4px}
.answers{list-style:none;margin:0;max-width:640px;padding:0;display:grid;gap:14px}
.answers p{margin:0;padding:10px 16px;border-radius:14px;width:fit-content;max-width:min(60ch,92%)}
.question{background:var(--card);border:1px solid var(--line);border-bottom-left-radius:3px!important}
.answers .answer{margin:6px 0 0 auto;background:var(--tint);border-bottom-right-radius:3px}
.not-yet{color:var(--soft);border:1px dashed var(--line);border-radius:8px;padding:14px 18px}.not-yet.bad{color:var(--off);border-color:var(--off)}
footer{border-top:1px solid var(--line);margin-top:44px;padding-top:18px;color:var(--soft);font-size:.84rem}
@media print{:root{--paper:#fff;--card:#fff;--ink:#000;--soft:#444;--line:#ccc;--grid:#e4e4e4;--accent:#0b6068;--tint:#0b606822;--tint2:#0b60680f;--off:#9a3b12;color-scheme:light}body{font-size:10.5pt}*{-webkit-print-color-adjust:exact;print-color-adjust:exact}nav,.skip,.chart details{display:none}section{display:block;padding-top:20px}section>header{position:static}.head{padding-top:0}figure,tr,.leaf,.samples li,.excerpt,.answers li{break-inside:avoid}h2,h3,caption,section>header{break-after:avoid}.scroll{overflow:visible}a{color:inherit;text-decoration:none}@page{margin:16mm}}
`;
