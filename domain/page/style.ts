/** Colours meet a contrast of 4.5 to 1 on their ground; a state is told by words, and by its border. */
export const PAGE_STYLE = `
:root{--ground:#fff;--ink:#1c2024;--faint:#5a6470;--edge:#d5dae0;--tint:#f4f6f8;--good:#15703a;--bad:#b3261e;--unknown:#8a5a00;--one:#1f5fbf;--two:#b04a00}
@media (prefers-color-scheme:dark){:root{--ground:#14171a;--ink:#e8ebee;--faint:#a3adb8;--edge:#39424c;--tint:#1d2226;--good:#6fd598;--bad:#ff9a92;--unknown:#f2c063;--one:#86b6ff;--two:#ffb27a}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main,footer{max-width:72rem;margin:0 auto;padding:1rem}
footer{color:var(--faint);font-size:.875rem;overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:.5rem 0 1rem}
h2{font-size:1.25rem;margin:3rem 0 1rem;padding-top:1rem;border-top:1px solid var(--edge)}
h3{font-size:1rem;margin:2rem 0 .5rem}
h1,h2,h3,p,li,dd,dt,td,th{overflow-wrap:anywhere}
code,pre{font:.9em/1.45 ui-monospace,monospace;background:var(--tint);border-radius:3px}
code{padding:0 .25em}
pre{padding:.75rem;white-space:pre-wrap;overflow-wrap:anywhere}
.verdict{border-left:6px solid var(--faint);background:var(--tint);padding:.5rem 1rem;font-size:1.125rem}
.verdict p{margin:.25rem 0}
.verdict.good{border-color:var(--good)}.verdict.bad{border-color:var(--bad)}.verdict.unknown{border-color:var(--unknown)}
.verdict.good strong{color:var(--good)}.verdict.bad strong{color:var(--bad)}.verdict.unknown strong{color:var(--unknown)}
.verdict ul{font-size:1rem;margin:.25rem 0}
ul{padding-left:1.25rem}
dl{margin:1.5rem 0}
dl div{display:grid;grid-template-columns:minmax(10rem,1fr) 3fr;gap:0 1rem;padding:.35rem 0;border-bottom:1px solid var(--edge)}
dt{color:var(--faint)}dd{margin:0}
dd.bad,dd.unknown{font-weight:600}dd.bad{color:var(--bad)}dd.unknown{color:var(--unknown)}
table{border-collapse:collapse;width:100%;font-size:.9375rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;border-bottom:1px solid var(--edge)}
th{color:var(--faint);font-weight:600}
figure{margin:0}
svg{display:block;width:100%;height:auto;max-width:48rem;font:12px system-ui,sans-serif}
svg text{fill:var(--ink)}svg .faint{fill:var(--faint)}svg .axis{stroke:var(--edge)}
svg .mark{stroke:var(--faint);stroke-dasharray:3 3}
svg .fill0{fill:var(--one)}svg .fill1{fill:var(--two)}
svg .line0,svg .line1{fill:none;stroke-width:2}svg .line0{stroke:var(--one)}svg .line1{stroke:var(--two);stroke-dasharray:6 3}
details{margin:.5rem 0;font-size:.9375rem}summary{color:var(--faint);cursor:pointer}
@media (max-width:40rem){
main,footer{padding:.75rem}
dl div{grid-template-columns:1fr}
thead{position:absolute;clip-path:inset(50%);height:1px;overflow:hidden}
tr{display:block;border-bottom:1px solid var(--edge);padding:.4rem 0}
td{display:block;border:0;padding:.1rem 0}
td[data-head]:not(:first-child)::before{content:attr(data-head) ": ";color:var(--faint)}
td:first-child{font-weight:600}
svg{font-size:20px}
}
@media print{details:not([open])>:not(summary){display:block}}
`.trim();
