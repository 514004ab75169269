"""Scale bars and keys: the two colour scales, stroke-volume widths, tissues, a length."""

from __future__ import annotations

import math

from cisterna.outside.figures import tokens
from cisterna.outside.figures.numerals import fmt, number
from cisterna.outside.figures.style import nice_ticks, tick_texts
from cisterna.outside.figures.svg import circle, el, line, path, polyline_d, rect, text

_BAR = 12.0


def _ramp(name: str, stops: tuple[str, ...]) -> str:
    inner = "".join(el("stop", offset=f"{i / (len(stops) - 1):.3f}", stop_color=c) for i, c in enumerate(stops))
    return el("linearGradient", inner, id=name, x1=0, x2=1, y1=0, y2=0)


def tide_bar(lo: float, hi: float, unit: str, *, label: str = "", width: float = 320.0, x: float = 8.0, y: float = 4.0,
             prefix: str = "tide") -> str:  # fmt: skip
    """The sequential scale as a bar; low and high are its limits, the tick at 0 is bold."""
    fine = tuple(tokens.tide(i / 24) for i in range(25))
    out = el("defs", _ramp(f"{prefix}-ramp", fine))
    if label:
        out += text(x, y + 10, label, size=12, bold=True)
        y += 18
    out += rect(x, y, width, _BAR, f"url(#{prefix}-ramp)")
    ticks = nice_ticks(lo, hi, 6)
    for value, shown in zip(ticks, tick_texts(ticks), strict=True):
        px = x + width * (value - lo) / (hi - lo)
        zero = value == 0 and lo < 0
        stroke, weight, end = ("ink", 1.6, 5.0) if zero else ("ink3", 1.0, 3.5)
        out += line((px, y + _BAR), (px, y + _BAR + end), stroke, weight)
        out += text(px, y + _BAR + 16, shown, size=11, fill="ink" if zero else "ink2", bold=zero, anchor="middle")
    return out + (text(x + width + 12, y + 10, unit, size=12, fill="ink2") if unit else "")


def ebb_bar(limit: float, unit: str, *, width: float = 320.0, x: float = 8.0, y: float = 4.0) -> str:
    """The diverging scale as a row of its classes, symmetric about zero, with the meaning of its signs."""
    n = tokens.EBB_CLASSES
    out = "".join(rect(x + width * i / n, y, width / n + 0.5, _BAR, f"ebb-{i}") for i in range(n))
    for share in (-1.0, -0.5, 0.0, 0.5, 1.0):
        px = x + width * (share + 1) / 2
        out += text(px, y + _BAR + 15, number(share * limit), size=11, fill="ink2", anchor="middle")
    words = f"{unit}: − to the head, + to the feet"
    return out + text(x + width + 16, y + 10, words, size=11, fill="ink2")


def stroke_key(k: float, x: float, y: float, volumes: tuple[float, ...] = (0.05, 0.2, 0.6)) -> str:
    """Arrow widths of three stroke volumes at the scale `k` (px per mm) of the body."""
    out = text(x, y, "Stroke volume, mL", size=12, bold=True)
    for i, volume in enumerate(volumes):
        width = (1.5 + 26 * volume) * k / 1.6
        out += line((x, y + 18 + 20 * i), (x + 50, y + 18 + 20 * i), "ink", width)
        out += text(x + 64, y + 22 + 20 * i, f"{volume:.2f}", size=11, fill="ink2")
    return out


def tissue_key(x: float, y: float) -> str:
    """What the pale colours and the membrane lines are."""
    out, px = "", x
    for name, fill, edge in (("Bone", "bone", "bone-line"), ("Nervous tissue", "tissue", "tissue-line"),
                             ("Cord and roots", "cord", "cord-line"), ("Disc", "disc", "none")):  # fmt: skip
        out += rect(px, y - 10, 13, 13, fill, stroke=edge, stroke_width=0.9, rx=2.0)
        out += text(px + 19, y, name, size=11, fill="ink2")
        px += 19 + 6.3 * len(name) + 22
    y += 24
    out += line((x, y - 4), (x + 24, y - 4), "membrane", 1.9)
    out += text(x + 30, y, "Dura, tentorium", size=11, fill="ink2")
    out += line((x + 146, y - 4), (x + 172, y - 4), "membrane", 1.5, stroke_dasharray="5 3.5")
    return out + text(x + 178, y, "Falx, free edge (beside the midline cut)", size=11, fill="ink2")


def length_bar(k: float, x: float, y: float, mm: float = 100.0, what: str = "") -> str:
    """A bar of a length at the scale of the drawing."""
    end = x + mm * k
    out = line((x, y), (end, y), "ink", 1.0) + line((x, y - 4), (x, y + 4), "ink", 1.0)
    out += line((end, y - 4), (end, y + 4), "ink", 1.0)
    return out + text(end + 8, y + 4, f"{fmt(mm, '')} mm" + (f" ({what})" if what else ""), size=11, fill="ink2")


def wedge_key(x: float, y: float) -> str:
    """What the black wedges of a restriction mean."""
    mark = path(polyline_d([(x, y - 9), (x + 14, y - 9), (x + 7, y + 3)], close=True), fill="ink")
    return mark + text(x + 22, y, "restriction, depth = share of area lost", size=11, fill="ink2")


#: Angle of the trunk over the horizontal and what is said about the drawing.
_POSTURES = {"standing": 90.0, "upright": 90.0, "seated": 90.0, "sitting": 90.0, "supine": 0.0, "prone": 0.0,
             "lateral": 0.0, "head-up": 30.0, "head-down": -15.0}  # fmt: skip


def posture_glyph(posture: str, x: float, y: float, size: float = 16.0) -> str:
    """A small figure in the posture told, head to the left when lying, and its words; lying is drawn upright."""
    words = posture if _POSTURES.get(posture, 90.0) == 90.0 else f"{posture}, drawn upright"
    if posture not in _POSTURES:
        return text(x, y, words, size=10.5, fill="ink3")
    angle = math.radians(_POSTURES[posture])
    along = (-math.cos(angle), -math.sin(angle))  # from the feet to the head, screen
    cx, cy = x + size / 2 + 2, y - 4
    half = size / 2
    head = (cx + along[0] * half, cy + along[1] * half)
    hip = (cx - along[0] * 0.15 * half, cy - along[1] * 0.15 * half)
    ends = [(head[0] - along[0] * 2.6, head[1] - along[1] * 2.6), hip]
    if posture in ("seated", "sitting"):
        ends += [(hip[0] - 0.7 * half, hip[1]), (hip[0] - 0.7 * half, hip[1] + 0.8 * half)]
    else:
        ends.append((cx - along[0] * half, cy - along[1] * half))
    out = circle(*head, 2.6, "ink3")
    out += path(polyline_d(ends), stroke="ink3", width=1.8, stroke_linecap="round")
    if angle == 0:
        out += line((x, y + 2), (x + size + 4, y + 2), "ink3", 1.0)
    return out + text(x + size + 10, y, words, size=10.5, fill="ink3")
