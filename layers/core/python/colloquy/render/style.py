"""How the page looks: one style sheet, inside the page, which its policy names by digest."""

import base64
from hashlib import sha256
from typing import Final

# Colours: each text has a contrast of 4.5 : 1 or more on what it stands on, in both schemes
# (WCAG 2.2, 1.4.3); the browser test measures it.
_CSS: Final = """
:root{color-scheme:light dark;--paper:#fcfbf8;--ink:#25221e;--soft:#6a635a;--line:#e3ded4;
--said:#f2efe8;--code:#f5f2ec;--link:#8a3b1c;--mark:#b4552d;--on:var(--paper);--edge:#0003;
--k:#8a2463;--s:#3b6420;--n:#8a4200;--f:#1d568c;--c:#6b6459;--d:#a32b20}
@media screen and (prefers-color-scheme:dark){:root{--paper:#191816;--ink:#e9e4db;--soft:#a8a094;
--line:#38352f;--said:#24221f;--code:#211f1c;--link:#eba883;--mark:#d9825a;--edge:#000b;
--k:#e59ac6;--s:#a9cd86;--n:#e8b06f;--f:#8fc0ee;--c:#a1998c;--d:#f2938a}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);
font:1.0625rem/1.65 Charter,"Bitstream Charter","Charis SIL","Sitka Text",Cambria,Georgia,serif;
overflow-wrap:break-word;text-rendering:optimizeLegibility}
header,main,footer,.pages{max-width:43rem;margin:0 auto;padding:0 1.5rem}
header{padding-top:4.5rem}
.small,.who,.pages,footer,figcaption,.skip,th{
font-family:Inter,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
.small{margin:0;color:var(--soft);font-size:.8125rem;line-height:1.6}
.over{color:var(--mark);font-weight:600;letter-spacing:.06em;text-transform:uppercase;
font-size:.6875rem}
@media(prefers-color-scheme:light){.over{color:var(--link)}}
h1{font-size:2.125rem;line-height:1.2;letter-spacing:-.015em;font-weight:600;
margin:.5rem 0 .75rem;text-wrap:balance}
main{padding-top:2.75rem;padding-bottom:1rem}
article{margin:0 0 2.5rem;scroll-margin-top:1rem}
article.user{--on:var(--said);background:var(--on);border-radius:.875rem;
padding:1.125rem 1.375rem 1.25rem;
margin-left:-1.375rem;margin-right:-1.375rem}
article.system,article.developer,article.tool{border-inline-start:3px solid var(--line);
padding-inline-start:1.1em}
.who{display:flex;gap:.625rem;align-items:baseline;margin:0 0 .375rem;font-size:.8125rem;
font-weight:600;line-height:1.5}
.who time,.who small{color:var(--soft);font-weight:400;font-size:.75rem}
.text>:first-child{margin-top:0}.text>:last-child{margin-bottom:0}
p,ul,ol,dl,blockquote,figure,details,.wide,.plain,.alert,.formula{margin:0 0 1em}
.text :is(p,li,dt,dd,summary,h3,h4,h5,h6){unicode-bidi:plaintext}
h3,h4,h5,h6{line-height:1.3;margin:1.6em 0 .5em;font-weight:600}
h3{font-size:1.3125rem}h4{font-size:1.125rem}h5,h6{font-size:1rem}
ul,ol{padding-inline-start:1.5em}li{margin:.25em 0}li>p{margin-bottom:.5em}
li.task{list-style:none;margin-inline-start:-1.375em}.box{color:var(--mark)}
blockquote,.alert{border-inline-start:3px solid var(--line);padding-inline-start:1.1em;
margin-inline:0}
blockquote{color:var(--soft)}.alert{border-color:var(--mark)}.alert .over{margin-bottom:.25rem}
.alert>:last-child,dd>:last-child,details>:last-child{margin-bottom:0}
dt{font-weight:600}dd{margin:0 0 .5em;margin-inline-start:1.5em}
summary{cursor:pointer;font-weight:600}details[open]>summary{margin-bottom:.5em}
details{border:1px solid var(--line);border-radius:.625rem;padding:.5rem 1rem}
sub,sup{line-height:0}mark{background:var(--said);color:inherit;border-bottom:2px solid var(--mark)}
kbd{font:.8125em/1.4 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;background:var(--code);
border:1px solid var(--line);border-bottom-width:2px;border-radius:.3em;padding:.08em .4em}
.attachment{color:var(--soft);border:1px dashed var(--line);border-radius:.5rem;
padding:.375rem .75rem;width:fit-content;max-width:100%}
.footnotes{font-size:.875em;color:var(--soft);border-top:1px solid var(--line);margin-top:1.5em;
padding-top:.75em}
math{direction:ltr;font-size:1.05em;
font-family:"Cambria Math","STIX Two Math","Latin Modern Math","Libertinus Math",math}
.formula{display:block;overflow:auto hidden;padding:.25rem 0}
mtd.left{text-align:-moz-left;text-align:-webkit-left}
mtd.right{text-align:-moz-right;text-align:-webkit-right;padding-right:.1em}
mtd.right+mtd.left{padding-left:.1em}menclose{border:1px solid;padding:.2em .4em}
a{color:var(--link);text-decoration-thickness:.06em;text-underline-offset:.18em}
a:hover{text-decoration-thickness:.12em}
:focus-visible{outline:2px solid var(--link);outline-offset:3px;border-radius:3px}
hr{border:0;border-top:1px solid var(--line);margin:2em 0}
img{max-width:100%;height:auto;border-radius:.5rem}
code,pre{direction:ltr;unicode-bidi:isolate;text-align:left;
font-family:ui-monospace,SFMono-Regular,"JetBrains Mono",Menlo,Consolas,monospace;
font-size:.875em}
code{background:var(--code);border:1px solid var(--line);border-radius:.3em;padding:.08em .3em}
article.user code{background:var(--paper)}
.code{--on:var(--code);direction:ltr;border:1px solid var(--line);border-radius:.625rem;
background:var(--on);overflow:hidden}
article.user .code{--on:var(--paper);background:var(--on)}
figcaption{font-size:.75rem;color:var(--soft);padding:.5rem 1rem 0}
.wide,.formula,.code pre{background:
linear-gradient(90deg,var(--on) 30%,transparent) left/2.5rem 100%,
linear-gradient(270deg,var(--on) 30%,transparent) right/2.5rem 100%,
linear-gradient(90deg,var(--edge),transparent) left/.75rem 100%,
linear-gradient(270deg,var(--edge),transparent) right/.75rem 100%;
background-repeat:no-repeat;background-attachment:local,local,scroll,scroll}
pre{margin:0;overflow-x:auto;line-height:1.55;tab-size:4}
.code pre{padding:.75rem 1rem .875rem}pre code{background:none!important;border:0;padding:0;
font-size:1em}
.plain{direction:inherit;unicode-bidi:plaintext;text-align:start;white-space:pre-wrap;
font-family:inherit;font-size:1em;line-height:inherit}
.wide{overflow-x:auto}
table{border-collapse:collapse;font-size:.9375em;min-width:50%;width:max-content}
th,td{text-align:start;padding:.45em 0;padding-inline-end:1.75em;
border-bottom:1px solid var(--line);vertical-align:top;max-width:min(22rem,56vw)}
th:last-child,td:last-child{padding-inline-end:0}
th{font-size:.8125rem;font-weight:600;border-bottom-color:var(--soft)}
.right{text-align:end}.center{text-align:center}
.none{color:var(--soft);font-style:italic}
.k,.kd,.kn,.kr,.kt,.kc,.ow,.nt{color:var(--k)}
.s,.s1,.s2,.sa,.sb,.sc,.sd,.se,.sh,.si,.sr,.ss,.sx,.dl,.gi{color:var(--s)}
.m,.mi,.mf,.mh,.mb,.mo,.il,.nb,.bp,.no{color:var(--n)}
.nf,.fm,.nc,.nd,.nn,.na,.ne,.vi,.gh,.gu{color:var(--f)}
.c,.c1,.cm,.cp,.cs,.ch,.cpf{color:var(--c);font-style:italic}.gd,.gr,.err{color:var(--d)}
.pages{display:flex;justify-content:space-between;gap:1rem;font-size:.875rem;padding-top:.5rem;
padding-bottom:.5rem}.pages [rel=next]{margin-inline-start:auto}
footer{padding-top:1.75rem;padding-bottom:4rem}
footer::before{content:"";display:block;width:2.5rem;border-top:1px solid var(--soft);
margin-bottom:1.25rem}
.skip{position:absolute;left:-99rem;top:.75rem;background:var(--paper);padding:.5rem 1rem;
font-size:.875rem;z-index:1}.skip:focus{left:.75rem}
.notice header{padding-top:22vh}.notice main{padding-top:0;font-size:1.125rem}
@media(max-width:34rem){body{font-size:1rem}header,main,footer,.pages{padding-left:1.125rem;
padding-right:1.125rem}header{padding-top:2.25rem}main{padding-top:2rem}h1{font-size:1.6875rem}
article.user{margin-left:-.5rem;margin-right:-.5rem;padding:.875rem 1rem 1rem}
article{margin-bottom:2rem}}
@media print{:root{--paper:#fff;--ink:#000;--soft:#444;--said:#fff;--code:#fff;--line:#bbb;
--link:#000;--mark:#000}body{font-size:10.5pt}.skip,.pages{display:none}
header{padding-top:0}header,main,footer{max-width:none;padding-left:0;padding-right:0}
article.user{border:0;border-inline-start:2pt solid #bbb;border-radius:0;margin-inline:0;
padding:0;padding-inline-start:10pt}h2,h3,h4,figcaption{break-after:avoid}
tr,img,math{break-inside:avoid}p,li,pre{orphans:3;widows:3}
pre,.code,.wide,.formula{overflow:visible}.wide,.formula,.code pre{background:none}
pre{white-space:pre-wrap}td a{overflow-wrap:anywhere}footer{break-before:avoid;padding:1em 0 0}
details::details-content{content-visibility:visible;height:auto}
table{width:auto}th,td{max-width:none}
.text a[href]:not(.bare,[href^="#"])::after{content:" <" attr(href) ">";font-size:.85em;
display:inline-block;padding-inline-start:.3em;overflow-wrap:anywhere}}
"""

STYLE: Final = "".join(line for line in _CSS.splitlines() if line)
"""The style sheet in one line, as it stands in the page and is digested."""

POLICY: Final = (
    "default-src 'none'; "
    f"style-src 'sha256-{base64.b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy: this style, pictures inside the page, and nothing else at all."""
