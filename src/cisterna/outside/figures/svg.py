"""Drawings as strings: elements whose paints are tokens, text with its width, one finished <svg>."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from cisterna.outside.figures import tokens

Point = tuple[float, float]
#: Drawings wider than this scroll on a phone instead of shrinking out of sight.
_WIDE = 800.0
_PAINTS = {"fill": "f", "stroke": "s", "stop_color": "c"}

# Advance widths of Helvetica in 1/1000 em (Adobe font metrics), for placing labels; bold is about 6 % wider.
_WIDTHS = dict.fromkeys("abdeghnopquL0123456789_?+=<>~", 556) | {
    **dict.fromkeys("cksvxyzJ", 500), **dict.fromkeys("ijl", 222), **dict.fromkeys("ft.,;:/!I |\\[]", 278),
    **dict.fromkeys("ABEKPSVXY&", 667), **dict.fromkeys("CDHNRUw", 722), **dict.fromkeys("FTZ", 611),
    **dict.fromkeys("GOQ", 778), **dict.fromkeys("mM", 833), **dict.fromkeys("()-r'", 333),
    "W": 944, "%": 889, "−": 584, "·": 278, "µ": 556, "×": 584, "±": 584, "°": 400, "–": 556,
    **dict.fromkeys("²³⁰¹⁴⁵⁶⁷⁸⁹⁻", 333),
}  # fmt: skip


class Html(str):
    """Text that is markup already: tables and pages do not escape it again."""


def num(x: float) -> str:
    """A coordinate with at most two decimals.

    Examples
    --------
    >>> num(3.0), num(-0.001), num(12.346)
    ('3', '0', '12.35')
    """
    text = f"{x:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def xy(p: Point) -> str:
    """A point in path data: a tenth of a px is enough."""
    a, b = f"{p[0]:.1f}", f"{p[1]:.1f}"
    return f"{a.removesuffix('.0')} {b.removesuffix('.0')}"


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Approximate width in px of a text in the figure font."""
    return sum(_WIDTHS.get(c, 600) for c in text) / 1000 * size * (1.06 if bold else 1.0)


def el(tag: str, content: str = "", **attributes: Any) -> str:
    """One element. Underscores in names become hyphens; paints that are tokens get attribute and class.

    Examples
    --------
    >>> el("circle", r=2, fill="ok")
    '<circle r="2" fill="#1E7F73" class="f-ok"/>'
    """
    classes = [str(attributes.pop("cls"))] if attributes.get("cls") else []
    attributes.pop("cls", None)
    parts = []
    for key, value in attributes.items():
        if value is None or value == "":
            continue
        if key in _PAINTS and value in tokens.TOKENS:
            classes.append(f"{_PAINTS[key]}-{value}")
            value = tokens.light(str(value))
        shown = num(value) if isinstance(value, float) else escape(str(value), quote=True)
        parts.append(f'{key.rstrip("_").replace("_", "-")}="{shown}"')
    if classes:
        parts.append(f'class="{" ".join(classes)}"')
    head = " ".join([tag, *parts])
    return f"<{head}>{content}</{tag}>" if content else f"<{head}/>"


def group(content: str, *, name: str = "", title: str = "", **attributes: Any) -> str:
    """A named group; `title` is what a screen reader or a resting pointer tells."""
    inner = (el("title", escape(title)) if title else "") + content
    return el("g", inner, id=name, **attributes)


def text(
    x: float,
    y: float,
    content: str,
    *,
    size: float = 13,
    fill: str = "ink",
    bold: bool = False,
    anchor: str = "start",
    halo: bool = False,
    **attributes: Any,
) -> str:
    """A line of text; `halo` gives it an edge in the page colour where it lies on a picture."""
    if halo:
        attributes |= {
            "stroke": "ground",
            "stroke_width": 3.5,
            "stroke_linejoin": "round",
            "paint_order": "stroke",
        }
    return el(
        "text", escape(content, quote=False), x=float(x), y=float(y), font_size=num(size), fill=fill,
        font_weight=700 if bold else None, text_anchor=None if anchor == "start" else anchor, **attributes,
    )  # fmt: skip


def line(a: Point, b: Point, stroke: str = "ink3", width: float = 1.0, **attributes: Any) -> str:
    """A straight line."""
    return el(
        "line", x1=float(a[0]), y1=float(a[1]), x2=float(b[0]), y2=float(b[1]), stroke=stroke,
        stroke_width=num(width), **attributes,
    )  # fmt: skip


def rect(x: float, y: float, width: float, height: float, fill: str, **attributes: Any) -> str:
    """A rectangle."""
    return el("rect", x=float(x), y=float(y), width=float(width), height=float(height), fill=fill, **attributes)


def circle(x: float, y: float, r: float, fill: str = "none", **attributes: Any) -> str:
    """A circle."""
    return el("circle", cx=float(x), cy=float(y), r=float(r), fill=fill, **attributes)


def polyline_d(points: Iterable[Point], close: bool = False) -> str:
    """Path data of straight pieces through points."""
    return "M" + "L".join(xy(p) for p in points) + ("Z" if close else "")


def path(d: str, *, fill: str = "none", stroke: str = "none", width: float = 1.0, **attributes: Any) -> str:
    """A path; without stroke no stroke width is written."""
    drawn = {"stroke": stroke, "stroke_width": num(width), "stroke_linejoin": "round"} if stroke != "none" else {}
    return el("path", d=d, fill=fill, **drawn, **attributes)


def polyline(points: Sequence[Point], stroke: str, width: float = 2.0, **attributes: Any) -> str:
    """An open line through points."""
    return path(polyline_d(points), stroke=stroke, width=width, **attributes)


def leader(a: Point, b: Point, stroke: str = "ink") -> str:
    """A straight 1 px leader from a label at `a` to the thing at `b`, ending in a dot."""
    return line(a, b, stroke, 1.0) + circle(*b, 2.6, stroke, stroke="ground", stroke_width=1.6, paint_order="stroke")


def hatch(name: str, stroke: str, background: str = "ground", step: float = 5.0, width: float = 1.6) -> str:
    """A pattern of slanted lines to be filled with ``url(#name)``."""
    inner = rect(0, 0, step, step, background) + line((0, 0), (0, step), stroke, width)
    return el("pattern", inner, id=name, width=step, height=step, patternUnits="userSpaceOnUse",
              patternTransform="rotate(45)")  # fmt: skip


def svg(content: str, width: float, height: float, *, title: str, desc: str, prefix: str, role: str = "img") -> str:
    """A finished drawing: title, one-sentence description, the rules of the colours used, no outside reference.

    Parameters
    ----------
    content : str
        Elements; every id in it starts with `prefix`.
    width, height : float
        Size in px at 1x; the drawing shrinks with its column.
    title, desc : str
        The finding, and what is drawn.
    prefix : str
        Makes ids unique when several drawings share a page.
    """
    head = el("title", escape(title), id=f"{prefix}-title") + el("desc", escape(desc), id=f"{prefix}-desc")
    rules = tokens.class_rules(content)
    style = f"<style>{rules}</style>" if rules else ""
    wide = ' class="wide"' if width > _WIDE else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{num(width)}" height="{num(height)}" '
        f'viewBox="0 0 {num(width)} {num(height)}" role="{role}" id="{prefix}"{wide} '
        f'aria-labelledby="{prefix}-title {prefix}-desc" font-family="{tokens.FONT_FIGURE}" '
        f'style="max-width:100%;height:auto;font-variant-numeric:tabular-nums">{head}{style}{content}</svg>'
    )


def standalone(drawing: str) -> str:
    """The drawing as a file of its own: ground behind it and dark rules for a dark system."""
    style = f"<style>svg{{background:var(--ground,#FFFFFF)}}{tokens.standalone_css()}</style>"
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + drawing.replace("</desc>", "</desc>" + style, 1)
