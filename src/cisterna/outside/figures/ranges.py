"""Model against literature: every published range stretched to one band, the model value where it falls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cisterna.ground.errors import CisternaError
from cisterna.outside.figures.numerals import fmt, plain, plus_minus, unit_text
from cisterna.outside.figures.style import SIZE, SMALL_SIZE, Axis
from cisterna.outside.figures.svg import circle, group, line, path, polyline_d, rect, svg, text, text_width

_ROW, _HEAD = 28.0, 34.0
_BAND_W, _OVER = 190.0, 0.36


def triangle(x: float, y: float, right: bool, r: float = 5.5) -> str:
    """Open triangle pointing to the side where a value left its range."""
    s = 1 if right else -1
    ring = [(x - s * r * 0.8, y - r), (x + s * r, y), (x - s * r * 0.8, y + r)]
    return path(polyline_d(ring, close=True), fill="ground", stroke="phys", width=2.0)


def published_ranges(
    groups: Sequence[Mapping[str, Any]],
    *,
    note: str = "",
    width: float = 1104.0,
    title: str = "",
    desc: str = "",
    prefix: str = "ranges",
) -> str:
    """Values of the model in the published ranges, grouped.

    Parameters
    ----------
    groups : sequence of mappings
        ``name`` and ``rows``; a row is a mapping with ``name``, ``low``, ``high``, ``value``, ``unit`` and any
        of ``sd`` (one standard deviation, drawn as a line) and ``source``.
    note : str
        A remark under the picture.

    Notes
    -----
    Inside is a filled disc, outside an open triangle pointing where the value left: shape, colour and place.
    """
    rows = [row for group_ in groups for row in group_["rows"]]
    if not rows:
        raise CisternaError("published ranges need at least one row")
    for row in rows:
        if not float(row["high"]) > float(row["low"]):
            raise CisternaError("a published range needs high above low", where=str(row["name"]),
                                found=f"{row['low']} to {row['high']}")  # fmt: skip
    name_w = max(text_width(str(row["name"]), SIZE) for row in rows)
    low_x = name_w + 90
    band0 = low_x + 60 + _OVER * _BAND_W * 0.35
    band1 = band0 + _BAND_W
    high_x, model_x = band1 + _OVER * _BAND_W + 14, width - 250.0
    unit_x, source_x = width - 244.0, width - 140.0
    out, y, inside = "", _HEAD + 4, 0
    for group_ in groups:
        out += text(0, y + 18, str(group_["name"]), size=SIZE + 1, bold=True)
        y += _ROW
        for row in group_["rows"]:
            low, high, value = (float(row[k]) for k in ("low", "high", "value"))
            axis = Axis(low, high, band0, band1)
            ok = low <= value <= high
            inside += ok
            middle = y + _ROW / 2
            edge0, edge1 = band0 - _OVER * _BAND_W * 0.5, band1 + _OVER * _BAND_W - 12
            px = min(max(axis(value), edge0), edge1)
            colour = "ok" if ok else "phys"
            inner = text(0, middle + 4, str(row["name"]), size=SIZE)
            inner += text(low_x, middle + 4, plain(low), size=SIZE, fill="ink2", anchor="end")
            inner += text(high_x, middle + 4, plain(high), size=SIZE, fill="ink2")
            sd = row.get("sd")
            if sd:
                a, b = (min(max(axis(value + s * float(sd)), edge0 - 8), edge1 + 8) for s in (-1, 1))
                inner += line((a, middle), (b, middle), colour, 2.0)
            inner += circle(px, middle, 5.5, "ok") if ok else triangle(px, middle, value > high)
            shown = plus_minus(value, None if sd is None else float(sd))
            inner += text(model_x, middle + 4, shown, size=SIZE, fill="ink" if ok else "phys", bold=True, anchor="end")
            inner += text(unit_x, middle + 4, unit_text(str(row["unit"])) or "1", size=SIZE, fill="ink2")
            inner += text(source_x, middle + 4, str(row.get("source", "")), size=SMALL_SIZE, fill="ink3")
            place = "inside" if ok else "outside, above" if value > high else "outside, below"
            told = f"{row['name']}: {fmt(value, str(row['unit']))}, {place} {plain(low)} to {plain(high)}"
            out += group(inner, title=told)
            y += _ROW
        y += 12
    top = _HEAD
    band = rect(band0, top, _BAND_W, y - top - 4, "ok", fill_opacity=0.09)
    for px, name in ((band0, "low"), (band1, "high")):
        band += line((px, top), (px, y - 4), "ok", 1.0)
        band += text(px, top - 9, name, size=SIZE, fill="ok", bold=True, anchor="middle")
    band += text(model_x, top - 9, "model", size=SIZE, fill="ink2", anchor="end")
    band += text(source_x, top - 9, "source", size=SIZE, fill="ink2")
    key = circle(band0 - 30, y + 16, 5.5, "ok") + text(band0 - 18, y + 20, "inside", size=SIZE)
    key += triangle(band0 + 60, y + 16, True) + text(band0 + 74, y + 20, "outside, points where it left", size=SIZE)
    if note:
        key += text(0, y + 46, note, size=SMALL_SIZE, fill="ink2")
    finding = f"{inside} of {len(rows)} values lie inside the published range"
    return svg(band + out + key, width, y + (56 if note else 32), title=title or finding, prefix=prefix,
               desc=desc or f"{finding}; every range is stretched to the same width.")  # fmt: skip
