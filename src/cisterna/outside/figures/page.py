"""A report as one HTML file: style inside, drawings inline, no script, no address of anything elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from cisterna.outside.figures import tokens
from cisterna.outside.figures.signs import screening_sign
from cisterna.outside.figures.svg import Html, circle, el, path

_LAYOUT = """
*{box-sizing:border-box}
html{background:var(--ground);-webkit-text-size-adjust:100%}
body{margin:0;background:var(--ground);color:var(--ink);font:15px/1.5 FONT;font-variant-numeric:tabular-nums}
.page{max-width:1200px;margin:0 auto;padding:40px 48px 48px}
header{border-bottom:2px solid var(--ink);padding-bottom:16px;margin-bottom:24px;display:flex;gap:32px;justify-content:space-between;align-items:flex-end}
.kind{display:flex;align-items:center;gap:8px;color:var(--ink2);font-size:15px;margin:0 0 4px}
h1{font-size:28px;line-height:1.2;margin:0 0 8px;font-weight:700}
h2{font-size:18px;line-height:1.3;margin:0 0 4px;font-weight:700}
h3{font-size:15px;margin:24px 0 4px;font-weight:700}
p{margin:0 0 8px;max-width:75ch}
.note,.sub,figcaption,.meta,footer,caption{color:var(--ink2);font-size:13px}
.sub{font-size:15px;margin:0}
.meta{text-align:right;white-space:nowrap;flex:none;margin:0}
.meta .mark,.mark{color:var(--stop);font-weight:700}
main{display:grid;grid-template-columns:repeat(12,minmax(0,1fr));gap:32px 32px}
section{grid-column:span 12;min-width:0}
SPANS
.block+.block{margin-top:32px}
.panel{background:var(--panel);border-radius:8px;padding:16px 24px;display:flex;gap:16px;align-items:flex-start}
.panel p{margin:0;max-width:none}
.panel .sign-mark{margin-top:2px;flex:none}
figure{margin:8px 0 0}
figure>svg,.row>svg{display:block;max-width:100%;height:auto}
.row{display:flex;gap:16px;align-items:flex-end;flex-wrap:nowrap}
.row>svg{min-width:0;flex:0 1 auto}
details{margin-top:8px;font-size:13px;color:var(--ink2)}
summary{cursor:pointer;padding:4px 0}
:focus-visible{outline:2px solid var(--ink);outline-offset:2px}
.table{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-size:14px;line-height:1.4}
caption{text-align:left;padding-bottom:4px}
th,td{text-align:left;padding:7px 12px 7px 0;border-bottom:1px solid var(--rule);vertical-align:top;font-weight:400}
thead th{color:var(--ink2);font-size:13px;border-bottom:1px solid var(--ink2);vertical-align:bottom}
thead .unit{display:block;color:var(--ink2)}
th:last-child,td:last-child{padding-right:0}
.num{text-align:right;white-space:nowrap}
th.num{text-align:right}
tbody .bold{font-weight:700}
td.unit{color:var(--ink2);white-space:nowrap;padding-left:0}
tr.hyp>*{color:var(--hyp);border-bottom:1px dashed var(--hyp)}
tr.hyp>:first-child{border-left:2px dashed var(--hyp);padding-left:8px}
tr.required>*{color:var(--stop)}
tr.required>:first-child{border-left:3px solid var(--stop);padding-left:8px}
.sign{white-space:nowrap}
.grade{display:inline-block;white-space:nowrap;border:1px solid var(--rule);border-radius:12px;padding:1px 9px 1px 7px;font-size:13px;color:var(--ink)}
.keys{display:flex;flex-wrap:wrap;gap:16px 48px;margin:0}
.keys div{min-width:120px}
.keys dt{color:var(--ink2);font-size:13px}
.keys dd{margin:0;font-size:28px;font-weight:700;line-height:1.2}
.keys dd small{font-size:15px;font-weight:400;color:var(--ink2)}
.keys dd+dd{font-size:13px;font-weight:400;color:var(--ink2)}
code{font:13px/1.5 ui-monospace,"Liberation Mono",Menlo,monospace}
pre{overflow-x:auto;background:var(--panel);border-radius:8px;padding:12px 16px}
footer{border-top:1px solid var(--rule);margin-top:40px;padding-top:16px;display:flex;justify-content:space-between;gap:32px;flex-wrap:wrap}
footer p{max-width:none;overflow-wrap:anywhere}
@media screen and (max-width:900px){.page{padding:24px 16px}header{display:block}.meta{text-align:left;margin-top:8px}main{display:block}section{margin-bottom:32px}}
@media (prefers-reduced-motion:reduce){*{animation:none!important;transition:none!important}}
@media print{@page{size:A4;margin:12mm}html,body{background:#fff}body{font-size:9.5pt}.page{padding:0;max-width:none}
h1{font-size:16pt}h2{font-size:12pt}h3{font-size:9.5pt}.note,.sub,figcaption,.meta,footer,table,thead th,.grade,details{font-size:8pt}
h2,h3,caption{break-after:avoid}figure,.block,.panel,tr,.keys{break-inside:avoid}main{gap:16px 20px}th,td{padding-top:3px;padding-bottom:3px}
details{display:none}.table{overflow:visible}a[href^=http]::after{content:" (" attr(href) ")"}}
"""


def _style(body: str) -> str:
    spans = "".join(f".s{n}{{grid-column:span {n}}}" for n in range(1, 13))
    layout = _LAYOUT.replace("FONT", tokens.FONT_PAGE).replace("SPANS", spans)
    return tokens.css() + layout.strip() + "\n" + tokens.class_rules(body)


def logo(size: float = 26.0) -> str:
    """The mark: a head, open at the back, and the canal that leaves it."""
    head = path("M7.6 16.4A7.4 7.4 0 1 1 20.2 10.4C20.2 14.4 16.8 15.4 15.6 18", stroke="ink", width=2.2,
                stroke_linecap="round")  # fmt: skip
    canal = path("M15.6 18C14.6 20.2 15.2 22 14.4 24.6", stroke="fluid", width=2.2, stroke_linecap="round")
    return el("svg", head + canal + circle(13, 10, 1.8, "fluid"), width=size, height=size, viewBox="2 0 24 27",
              aria_hidden="true")  # fmt: skip


def panel(result: str, bold: str, text: str = "", note: str = "") -> Html:
    """The screening box: sign, sentence, small print."""
    sign = screening_sign(result, "", 22.0)
    mark = sign[sign.index("<svg") : sign.index("</svg>") + 6]
    small = f'<p class="note">{escape(note)}</p>' if note else ""
    return Html(f'<div class="panel">{mark}<div><p><b>{escape(bold)}</b> {escape(text)}</p>{small}</div></div>')


def figure(*drawings: str, note: str = "", numbers: str = "") -> Html:
    """Drawings side by side with a line below and, behind a disclosure, the table of what they show."""
    inner = drawings[0] if len(drawings) == 1 else f'<div class="row">{"".join(drawings)}</div>'
    caption = f"<figcaption>{escape(note)}</figcaption>" if note else ""
    behind = f"<details><summary>Numbers of this picture</summary>{numbers}</details>" if numbers else ""
    return Html(f"<figure>{inner}{caption}{behind}</figure>")


def block(title: str, *content: str, note: str = "") -> Html:
    """A titled part of a section; several stand under each other."""
    small = f'<p class="note">{escape(note)}</p>' if note else ""
    return Html(f'<div class="block"><h2>{escape(title)}</h2>{small}{"".join(content)}</div>')


def paragraph(text: str, small: bool = False) -> Html:
    """Escaped text."""
    return Html(f'<p{" class=" + chr(34) + "note" + chr(34) if small else ""}>{escape(text)}</p>')


def key_numbers(rows: Sequence[tuple[str, str, str, str]]) -> Html:
    """Large numbers in a row: label, value, unit, interval or remark."""
    cells = "".join(
        f"<div><dt>{escape(label)}</dt><dd>{escape(value)} <small>{escape(unit)}</small></dd><dd>{escape(remark)}</dd></div>"
        for label, value, unit, remark in rows
    )
    return Html(f'<dl class="keys">{cells}</dl>')


def _section(given: Mapping[str, Any] | str) -> str:
    if isinstance(given, str):
        return f"<section>{given}</section>"
    span = min(max(int(given.get("span", 12)), 1), 12)
    content = given.get("html", "")
    inner = content if isinstance(content, str) else "".join(content)
    title = str(given.get("title", ""))
    if title:
        inner = block(title, inner, note=str(given.get("note", "")))
    return f'<section class="s{span}">{inner}</section>'


def page(
    title: str,
    subtitle: str,
    sections: Sequence[Mapping[str, Any] | str],
    footer: Sequence[str] | str = "",
    meta: Sequence[str] | str = (),
    *,
    kind: str = "report",
    mark: str = "",
) -> str:
    """One self-contained HTML file.

    Parameters
    ----------
    title, subtitle : str
        The finding; below it what, who and how.
    sections : sequence
        Markup, or mappings with ``html`` (markup or a list of it) and any of ``title``, ``note``, ``span`` (of
        12 columns; below 900 px everything stands in one).
    footer : str or sequence of str
        Provenance: version, parameters changed, hypotheses on, seed, hash, time.
    meta : str or sequence of str
        Lines at the right of the title (date, seed).
    kind : str
        What the page is ("session report").
    mark : str
        A warning in red beside title and footer ("invented data").

    Examples
    --------
    >>> html = page("Nothing changed", "computed", [{"title": "Table", "html": "<p>none</p>"}])
    >>> html.startswith("<!doctype html>"), "<script" in html
    (True, False)
    """
    body = "\n".join(_section(s) for s in sections)
    lines = [meta] if isinstance(meta, str) else list(meta)
    right = "<br>".join(escape(m) for m in lines if m)
    if mark:
        right += f'{"<br>" if right else ""}<span class="mark">{escape(mark)}</span>'
    notes = [footer] if isinstance(footer, str) else list(footer)
    foot = "".join(f"<p>{n if isinstance(n, Html) else escape(n)}</p>" for n in notes if n)
    if mark:
        foot += f'<p class="mark">{escape(mark)}</p>'
    top = (
        f'<header><div><p class="kind">{logo()}<span>Cisterna · {escape(kind)}</span></p>'
        f'<h1>{escape(title)}</h1><p class="sub">{escape(subtitle)}</p></div><p class="meta">{right}</p></header>'
    )
    inner = f'<div class="page">{top}<main>\n{body}\n</main><footer>{foot}</footer></div>'
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>\n{_style(inner)}\n</style></head>\n<body>{inner}</body></html>\n"
    )
