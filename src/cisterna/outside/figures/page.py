"""A report as one HTML file: style inside, drawings inline, no script, no address of anything elsewhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from importlib import resources
from typing import Any

from cisterna.outside.figures import tokens
from cisterna.outside.figures.signs import screening_sign
from cisterna.outside.figures.svg import Html, circle, el, path


def _style(body: str) -> str:
    spans = "".join(f".s{n}{{grid-column:span {n}}}" for n in range(1, 13))
    sheet = resources.files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    layout = sheet.replace("/*FONT*/", tokens.FONT_PAGE).replace("/*SPANS*/", spans)
    return tokens.css() + layout + tokens.class_rules(body)


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
    return Html(f'<p class="note">{escape(text)}</p>' if small else f"<p>{escape(text)}</p>")


def key_numbers(rows: Sequence[tuple[str, str, str, str]]) -> Html:
    """Large numbers in a row: label, value, unit, interval or remark."""
    cells = "".join(
        f"<div><dt>{escape(label)}</dt><dd>{escape(value)} <small>{escape(unit)}</small></dd>"
        f"<dd>{escape(remark)}</dd></div>"
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
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(title)}</title><style>\n{_style(inner)}\n</style></head>\n<body>{inner}</body></html>\n"
    )
