"""Displacement under a hand on a log axis, one row per place, with the band of what a hand can feel."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from cisterna.ground.errors import CisternaError
from cisterna.outside.figures.numerals import fmt, length_unit, plain
from cisterna.outside.figures.style import SIZE, SMALL_SIZE, Axis
from cisterna.outside.figures.svg import circle, group, line, rect, svg, text, text_width

_ROW = 32.0
_FLOOR = 1e-10


def _tick(metres: float) -> str:
    factor, unit = length_unit(metres)
    return f"{plain(metres * factor)} {unit}"


def decade_dots(
    rows: Sequence[Mapping[str, Any]],
    *,
    threshold: tuple[float, float],
    name: str = "this touch",
    other: str = "breath, same place",
    width: float = 360.0,
    limits: tuple[float, float] = (_FLOOR, 2e-3),
    title: str = "Displacement under a hand",
    desc: str = "",
    prefix: str = "dots",
) -> str:
    """Displacements from below a nanometre to millimetres.

    Parameters
    ----------
    rows : sequence of mappings
        ``name``, ``value`` in metres and, optionally, ``other``: a second displacement at the same place, m.
    threshold : (low, high)
        What a resting hand begins to feel, m.
    name, other : str
        What disc and ring mean.
    limits : (low, high)
        Ends of the axis, m; a smaller value is a dot at the left end with its bound in words.
    """
    if not rows:
        raise CisternaError("displacement dots need at least one row")
    if not 0 < threshold[0] < threshold[1]:
        found = f"{threshold[0]:g} to {threshold[1]:g}"
        raise CisternaError("the threshold of a hand is a band above zero", found=found)
    names = max(text_width(str(r["name"]), SIZE) for r in rows) + 26
    x = Axis(*limits, names, width - 22, log=True)
    top = 24.0
    bottom = top + len(rows) * _ROW
    a, b = (x(min(max(t, limits[0]), limits[1])) for t in threshold)
    out = rect(a, top - 4, b - a, bottom - top + 8, "ink3", fill_opacity=0.18)
    out += text((a + b) / 2, top - 10, "a hand feels", size=SMALL_SIZE, fill="ink2", anchor="middle")
    for decade in range(math.ceil(math.log10(limits[0])), math.floor(math.log10(limits[1])) + 1):
        value = 10.0**decade
        if decade % 3 == 0:
            out += line((x(value), top - 4), (x(value), bottom), "grid", 1.0)
            out += text(x(value), bottom + 18, _tick(value), size=SMALL_SIZE, fill="ink2",
                        anchor="middle")  # fmt: skip
    felt = []
    for i, row in enumerate(rows):
        y = top + (i + 0.5) * _ROW
        value = abs(float(row["value"]))
        below = value < limits[0]
        px = x(min(max(value, limits[0]), limits[1]))
        px = max(px, x.start + 1.5)
        inner = text(0, y + 4, str(row["name"]), size=SIZE)
        inner += line((x.start, y), (px, y), "hand", 2.0)
        label = f"< {_tick(limits[0])}" if below else fmt(value, "m")
        second = row.get("other")
        ring = None if second is None else x(min(max(abs(float(second)), limits[0]), limits[1]))
        if ring is not None:
            inner += circle(ring, y, 4.5, "ground", stroke="breath", stroke_width=1.6)
        inner += circle(px, y, 5.0, "hand")
        size = text_width(label, SMALL_SIZE, True)
        clear = px + 10 + size < (a - 2 if px < a else width) and (ring is None or not px < ring < px + 18 + size)
        if clear:
            inner += text(px + 10, y + 4, label, size=SMALL_SIZE, bold=True)
        else:
            inner += text(px - 4, y - 8, label, size=SMALL_SIZE, bold=True, anchor="end", halo=True)
        told = f"{row['name']}: {label}" + (f"; {other}: {fmt(abs(float(second)), 'm')}" if second is not None else "")
        out += group(inner, name=f"{prefix}-{i}", title=told)
        if value >= threshold[0]:
            felt.append(str(row["name"]).lower())
    y = bottom + 44
    key = circle(5, y - 4, 5.0, "hand") + text(16, y, name, size=SMALL_SIZE, fill="ink2")
    if any(r.get("other") is not None for r in rows):
        start = 16 + text_width(name, SMALL_SIZE) + 24
        key += circle(start, y - 4, 4.5, "ground", stroke="breath", stroke_width=1.6)
        key += text(start + 11, y, other, size=SMALL_SIZE, fill="ink2")
    key += rect(0, y + 10, 11, 11, "ink3", fill_opacity=0.18)
    span = " to ".join(_tick(t) for t in threshold)
    key += text(16, y + 20, f"threshold of a resting hand, {span}", size=SMALL_SIZE, fill="ink2")
    told = ", ".join(felt) if felt else "no place"
    finding = f"Displacement at {len(rows)} places on a log axis; above the threshold of a hand: {told}."
    return svg(out + key, width, y + 28, title=title, desc=desc or finding, prefix=prefix)
