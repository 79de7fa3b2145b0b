"""The style sheet of a page. Colours are named once for light and once for dark.

Everything with a colour has a word, a shape or a pattern too; text has a contrast of at least 4.5.
"""

from __future__ import annotations

from macsec.report.html.markup import Html

CSS = Html("""
:root {
  color-scheme: light dark;
  --page: #ffffff; --panel: #f6f7f9; --text: #1c2128; --quiet: #57606a; --rule: #cfd5dc;
  --good: #116329; --bad: #b3161e; --badfill: #b3161e; --good-tint: #ddf4e4; --bad-tint: #ffe4e2;
  --s0: #b84500; --s1: #0060a8; --s2: #00704f; --s3: #9a3d86; --s4: #3d444d; --s5: #5b5bd6;
  --da: #cfe8ff; --sa: #d6f5e3; --tag: #ffe9a8; --clear: #e4e8ec; --secure: #f3d6ee; --icv: #ffd0c7;
  --received: #2f8f57; --late: #b3161e; --duplicate: #8a5a00; --missing: #6a737d;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #14181d; --panel: #1c2229; --text: #e4e8ed; --quiet: #a3adb8; --rule: #39424d;
    --good: #6fd391; --bad: #ff8b82; --badfill: #c0232c; --good-tint: #16351f; --bad-tint: #451a1a;
    --s0: #ff9d5c; --s1: #6cb8ff; --s2: #4fd0a0; --s3: #e69bd6; --s4: #d0d7de; --s5: #a9a9ff;
    --da: #17456e; --sa: #1c5235; --tag: #63500c; --clear: #39424d; --secure: #5c2c54;
    --icv: #6e2c20;
    --received: #4fbf7f; --late: #ff8b82; --duplicate: #e0a94f; --missing: #8b96a2;
  }
}
* { box-sizing: border-box; }
body { margin: 0; overflow-wrap: break-word; background: var(--page); color: var(--text);
  font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", Helvetica, Arial, sans-serif; }
main, header, footer { max-width: 78rem; margin: 0 auto; padding: 0 1.5rem; }
header { padding-top: 2rem; }
footer { padding-bottom: 3rem; color: var(--quiet); font-size: .875rem; }
h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.3rem; line-height: 1.3; margin: 3rem 0 .25rem; padding-top: 1rem;
  border-top: 1px solid var(--rule); }
h3 { font-size: 1.05rem; margin: 0 0 .5rem; }
p { margin: .25rem 0 1rem; max-width: 46rem; }
.note, .lead { color: var(--quiet); }
a { color: var(--s1); }
a:focus-visible, [tabindex]:focus-visible, summary:focus-visible { outline: 3px solid var(--s1);
  outline-offset: 2px; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; padding: 0; margin: 1rem 0 0;
  list-style: none; }
nav li { min-width: 0; overflow-wrap: anywhere; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--page); padding: .5rem; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: .1rem 1.25rem; margin: 1rem 0;
  font-size: .9rem; }
.facts dt { color: var(--quiet); }
.facts dd { margin: 0; overflow-wrap: anywhere; }
.wide { overflow-x: auto; margin: 1rem 0 1.5rem; }
.sized { container-type: inline-size; margin: 1rem 0 1.5rem; }
.sized > .wide { margin: 0; }
.wide > svg { min-width: var(--least); max-width: var(--widest, none); }
.hint { color: var(--quiet); font-size: .8125rem; margin: 0; overflow: hidden;
  max-height: clamp(0px, calc((var(--least) - 100cqw) * 999), 1.5rem); }
table { border-collapse: collapse; font-size: .875rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; font-weight: 600; padding: 0 0 .4rem; font-size: .95rem; }
th, td { padding: .28rem .75rem; border-bottom: 1px solid var(--rule); text-align: right;
  white-space: nowrap; }
th { font-weight: 600; }
thead th { background: var(--panel); }
.name { text-align: left; }
.prose td { white-space: normal; } .prose td, .prose th { vertical-align: top; }
.prose td:last-child { min-width: 16rem; }
tbody th { font-weight: 400; }
tr.good td, tr.good th { background: var(--good-tint); }
tr.bad td, tr.bad th { background: var(--bad-tint); }
tr.quiet td, tr.quiet th { color: var(--quiet); }
figure { margin: 0; padding: 1rem; background: var(--panel); border: 1px solid var(--rule);
  border-radius: .4rem; min-width: 0; }
figcaption { font-weight: 600; margin-bottom: .5rem; }
figure + figure { margin-top: 1rem; }
.cards figure + figure, .dumps figure + figure { margin-top: 0; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 30rem), 1fr));
  gap: 1rem; margin: 1rem 0; }
svg { display: block; width: 100%; height: auto; font-size: 12px; overflow: visible; }
svg text { fill: var(--text); }
svg .quiet { fill: var(--quiet); }
svg .strong { font-weight: 600; }
svg .halo { paint-order: stroke; stroke: var(--panel); stroke-width: 5px; stroke-linejoin: round; }
.grid { stroke: var(--rule); stroke-width: 1; }
.axis { stroke: var(--quiet); stroke-width: 1.2; fill: none; }
.line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.dashed { stroke-dasharray: 5 4; stroke-width: 1.4; }
.long { stroke-dasharray: 12 3; } .short { stroke-dasharray: 3 3; }
.c0 { stroke: var(--s0); } .c1 { stroke: var(--s1); } .c2 { stroke: var(--s2); }
.c3 { stroke: var(--s3); } .c4 { stroke: var(--s4); } .c5 { stroke: var(--s5); }
.dot { stroke-width: 1.5; fill: var(--panel); }
.sent { stroke: var(--s1); stroke-width: 1.6; fill: none; } .head { fill: var(--s1); }
.bar { fill: var(--s1); } .refused { fill: var(--badfill); }
.legend { display: flex; flex-wrap: wrap; gap: .2rem 1.2rem; padding: 0; margin: .6rem 0 0;
  list-style: none; font-size: .875rem; }
.legend svg { display: inline-block; width: 34px; height: 12px; margin-right: .4rem;
  vertical-align: -1px; }
.node { fill: var(--page); stroke: var(--quiet); stroke-width: 1.5; }
.safe { stroke: var(--good); fill: none; stroke-width: 2.5; }
.open { stroke: var(--bad); fill: none; stroke-width: 2.5; stroke-dasharray: 7 5; }
.idle { stroke-width: 1.5; stroke-dasharray: 2 4; }
.lock { fill: var(--good); } .shackle { fill: none; stroke: var(--good); stroke-width: 2.4; }
.plate { fill: var(--panel); } .edged { stroke: var(--bad); }
.alarm { fill: var(--badfill); }
p.alarm { color: var(--bad); font-weight: 600; }
svg text.alarmed { fill: #ffffff; font-weight: 700; letter-spacing: .04em; }
.dumps { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 33rem), 1fr));
  gap: 1rem; margin: 1rem 0; }
.hex { font: 12px/1.55 ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; margin: 0;
  overflow-x: auto; white-space: pre; }
.hex .at { color: var(--quiet); }
.f { border-radius: 2px; padding: 1px 0; }
.da { background: var(--da); } .sa { background: var(--sa); } .sectag { background: var(--tag); }
.clear, .vlan { background: var(--clear); } .secure { background: var(--secure); }
.icv { background: var(--icv); }
.fields { list-style: none; padding: 0; margin: .75rem 0 0; font-size: .875rem; }
.fields li { display: grid; grid-template-columns: 5.5rem 1fr; gap: .6rem; }
.fields .f { padding: 0 .4rem; align-self: start; }
.received { fill: var(--received); } .missing { fill: none; stroke: var(--missing);
  stroke-dasharray: 2 2; }
.late { stroke: var(--late); stroke-width: 2.2; fill: none; }
.duplicate { fill: var(--duplicate); }
.pending { fill: none; stroke: var(--rule); }
.window { fill: none; stroke: var(--text); stroke-width: 2; }
.origin { border-top: 1px dotted var(--rule); padding-top: .5rem; }
@media (max-width: 40rem) {
  main, header, footer { padding-left: .75rem; padding-right: .75rem; }
  figure { padding: .6rem; }
  .facts { grid-template-columns: 1fr; } .facts dd { margin-bottom: .35rem; }
}
@page { size: A4; margin: 12mm; }
@page broad { size: A4 landscape; }
@media print {
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 10pt; } .skip, .hint, nav { display: none; }
  main, header, footer { max-width: none; padding-left: 0; padding-right: 0; }
  .wide, .hex { overflow: visible; }
  .wide > svg, .wide > div { min-width: 0; max-width: 100%; }
  .wide > svg { max-height: 170mm; } .cards .wide > svg { max-width: 125mm; }
  .sized { container-type: normal; }
  .broad { page: broad; }
  table { font-size: 7.5pt; }
  th, td { white-space: normal; padding: .15rem .35rem; overflow-wrap: anywhere; }
  thead { display: table-header-group; }
  tr, .cards > figure, .dumps > figure, .wide > svg { break-inside: avoid; }
  figcaption, h2, h2 + p { break-after: avoid; }
  .cards, .dumps { display: block; } .cards > figure, .dumps > figure { margin-bottom: 4mm; }
  .hex { font-size: 7pt; white-space: pre-wrap; }
}
""")
