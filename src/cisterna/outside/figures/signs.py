"""Verdicts, grades, ranges and palpation as sign, colour and word together; in a terminal as sign and word."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from cisterna.ground.errors import UnknownName
from cisterna.outside.figures.svg import Html, circle, el, line, path, polyline_d, rect

_BOX = 16.0


@dataclass(frozen=True)
class Sign:
    """One sign: what it says, its drawing in a 16 px box, and its form in a terminal."""

    word: str
    draw: Callable[[], str]
    glyph: str
    plain: str
    colour: str = "default"


def _tick(width: float = 2.2, stroke: str = "ok") -> str:
    return path(polyline_d([(4.2, 8.4), (7, 11.2), (12, 5)]), stroke=stroke, width=width, stroke_linecap="round")


def _cross(stroke: str = "stop") -> str:
    return line((4.6, 4.6), (11.4, 11.4), stroke, 2.2, stroke_linecap="round") + line(
        (11.4, 4.6), (4.6, 11.4), stroke, 2.2, stroke_linecap="round"
    )


def _none() -> str:
    return circle(8, 8, 7.5, "ok") + _tick(2.0, "ground")


def _care() -> str:
    return path("M8 1.2L15.2 14.2H.8Z", fill="care", stroke="care", width=1.0) + line(
        (8, 6), (8, 9.6), "ground", 1.8, stroke_linecap="round") + circle(8, 12, 1.1, "ground")  # fmt: skip


def _physician() -> str:
    return rect(0.8, 0.8, 14.4, 14.4, "phys", rx=3) + line((8, 4.2), (8, 11.8), "ground", 2.2) + line(
        (4.2, 8), (11.8, 8), "ground", 2.2)  # fmt: skip


def _stop() -> str:
    a, b = 5.0, 11.0
    ring = [(a, 0.6), (b, 0.6), (15.4, a), (15.4, b), (b, 15.4), (a, 15.4), (0.6, b), (0.6, a)]
    return path(polyline_d(ring, close=True), fill="stop") + line((4.2, 8), (11.8, 8), "ground", 2.4)


def _undecided() -> str:
    return line((4, 6.2), (12, 6.2), "ink2", 2.0) + line((4, 10), (12, 10), "ink2", 2.0)


def _not_testable() -> str:
    return line((3, 8), (13, 8), "ink2", 2.0, stroke_dasharray="3.4 3.2")


def _filled() -> str:
    return circle(8, 8, 6, "ink")


def _half() -> str:
    left = path("M8 2.7A5.3 5.3 0 0 0 8 13.3Z", fill="ink")
    return circle(8, 8, 5.3, "ground", stroke="ink", stroke_width=1.4) + left


def _slashed() -> str:
    return circle(8, 8, 5.3, "none", stroke="ink", stroke_width=1.4) + line((4.4, 11.6), (11.6, 4.4), "ink", 1.4)


def _hypothesis() -> str:
    return circle(8, 8, 5.3, "none", stroke="hyp", stroke_width=1.6, stroke_dasharray="2.4 1.76")


def _contradicted_grade() -> str:
    small = el("g", _cross(), transform="translate(2.4 2.4) scale(.7)")
    return circle(8, 8, 6.8, "none", stroke="stop", stroke_width=1.4) + small


def _assumed() -> str:
    return circle(8, 8, 5.3, "none", stroke="ink2", stroke_width=1.4)


def _required() -> str:
    return path("M8 1.8L14.2 8L8 14.2L1.8 8Z", stroke="stop", width=1.6)


def _inside() -> str:
    return circle(8, 8, 5.2, "ok")


def _above() -> str:
    return path("M4.2 3.2L12.6 8L4.2 12.8Z", stroke="phys", width=1.8)


def _below() -> str:
    return path("M11.8 3.2L3.4 8L11.8 12.8Z", stroke="phys", width=1.8)


def _not_felt() -> str:
    return circle(8, 8, 5.2, "none", stroke="ink2", stroke_width=1.4, stroke_dasharray="2.1 1.98")


#: Screening, from nothing listed to stop.
SCREENING = {
    "none": Sign("no listed contraindication reported", _none, "✓", "[ok]", "green"),
    "care": Sign("care", _care, "!", "[care]", "yellow"),
    "physician first": Sign("physician first", _physician, "✚", "[physician first]", "red"),
    "stop": Sign("stop", _stop, "■", "[STOP]", "red"),
}
CLAIMS = {
    "supported": Sign("supported", _tick, "✓", "supported", "green"),
    "contradicted": Sign("contradicted", _cross, "✗", "contradicted", "red"),
    "undecided": Sign("undecided", _undecided, "=", "undecided"),
    "not testable": Sign("not testable", _not_testable, "-", "not testable"),
}
#: Grades of laws and tags of numbers.
GRADES = {
    "established": Sign("established", _filled, "●", "established"),
    "plausible": Sign("plausible", _half, "◐", "plausible"),
    "contested": Sign("contested", _slashed, "⊘", "contested"),
    "hypothesis": Sign("hypothesis", _hypothesis, "◌", "[H] hypothesis", "magenta"),
    "contradicted": Sign("contradicted", _contradicted_grade, "✗", "contradicted", "red"),
    "measured": Sign("measured", _filled, "●", "measured"),
    "derived": Sign("derived", _half, "◐", "derived"),
    "assumed": Sign("assumed", _assumed, "○", "assumed"),
    "required": Sign("required", _required, "◇", "[required]", "red"),
}
RANGES = {
    "inside": Sign("inside", _inside, "●", "inside", "green"),
    "above": Sign("outside, above", _above, "▷", "HIGH", "yellow"),
    "below": Sign("outside, below", _below, "◁", "LOW", "yellow"),
}
FELT = {
    "felt": Sign("felt", _inside, "●", "felt", "green"),
    "not felt": Sign("not felt", _not_felt, "○", "not felt"),
}
_ANSI = {"green": "32", "yellow": "33", "red": "31", "magenta": "35", "blue": "34"}


def _find(name: str, table: dict[str, Sign], kind: str) -> Sign:
    if name not in table:
        raise UnknownName(kind, name, list(table))
    return table[name]


def _svg(sign: Sign, size: float) -> str:
    return el("svg", sign.draw(), width=size, height=size, viewBox="0 0 16 16", aria_hidden="true", cls="sign-mark",
              style="vertical-align:-0.15em")  # fmt: skip


def _worded(sign: Sign, word: str | None, size: float) -> Html:
    return Html(f'<span class="sign">{_svg(sign, size)} {escape(sign.word if word is None else word)}</span>')


def screening_sign(name: str, word: str | None = None, size: float = 22.0) -> Html:
    """Screening result: none, care, physician first or stop.

    Examples
    --------
    >>> "no listed contraindication reported" in screening_sign("none")
    True
    """
    return _worded(_find(name, SCREENING, "screening result"), word, size)


def verdict_sign(name: str, word: str | None = None, size: float = 15.0) -> Html:
    """Verdict on a claim: supported, contradicted, undecided or not testable."""
    return _worded(_find(name, CLAIMS, "verdict"), word, size)


def grade_sign(name: str, word: str | None = None, size: float = 12.0) -> Html:
    """Grade of a law or tag of a number: disc and word in a rounded outline."""
    sign = _find(name, GRADES, "grade")
    return Html(f'<span class="grade">{_svg(sign, size)} {escape(sign.word if word is None else word)}</span>')


def range_sign(value: float, low: float, high: float, size: float = 14.0) -> Html:
    """Where a value lies against a published range.

    Examples
    --------
    >>> "outside, above" in range_sign(14.2, 1.4, 11.6)
    True
    """
    name = "above" if value > high else "below" if value < low else "inside"
    return _worded(RANGES[name], None, size)


def felt_sign(felt: bool, word: str | None = None, size: float = 14.0) -> Html:
    """Whether a hand feels it."""
    return _worded(FELT["felt" if felt else "not felt"], word, size)


def terminal(kind: str, name: str, *, colour: bool = False, ascii_only: bool = False, word: str | None = None) -> str:
    """Sign and word for a terminal: colour on these two only; ASCII gives words without sign.

    Parameters
    ----------
    kind : str
        screening, claim, grade, range or felt.
    colour : bool
        The user's own sixteen colours; leave off for a pipe or ``NO_COLOR``.

    Examples
    --------
    >>> terminal("claim", "supported"), terminal("range", "above", ascii_only=True)
    ('✓ supported', 'HIGH')
    """
    tables = {"screening": SCREENING, "claim": CLAIMS, "grade": GRADES, "range": RANGES, "felt": FELT}
    if kind not in tables:
        raise UnknownName("kind of sign", kind, list(tables))
    sign = _find(name, tables[kind], kind)
    if ascii_only:
        return sign.plain if word is None else f"{sign.plain} {word}" if sign.plain.startswith("[") else word
    shown = f"{sign.glyph} {sign.word if word is None else word}"
    return f"\x1b[{_ANSI[sign.colour]}m{shown}\x1b[0m" if colour and sign.colour in _ANSI else shown
