"""Enlargements of the body: the head and the end of the sac, with labelled values in a frame."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

from cisterna.outside.figures.body import anatomy, default_exaggeration, make_scene
from cisterna.outside.figures.numerals import number
from cisterna.outside.figures.scene import SPACES, Scene
from cisterna.outside.figures.svg import Point, el, group, leader, rect, svg, text, text_width

_SIZE = 12.0
_LINE = 19.0
#: Where a leader points to in each space of the head, mm.
ANCHORS: dict[str, Point] = {
    "cortical": (-13.0, 130.0),
    "lateral": (47.0, 83.0),
    "third": (30.0, 57.0),
    "basal": (24.5, 44.0),
    "aqueduct": (8.0, 56.0),
    "fourth": (-4.0, 40.0),
    "cisterna_magna": (-33.0, 13.0),
}
_HEAD_SIDES = {"left-top": ("lateral",), "left": ("third", "basal"), "right-top": ("cortical",),
               "right": ("cisterna_magna", "fourth", "aqueduct")}  # fmt: skip
#: Frame of an enlargement in mm: anterior and superior edge.
HEAD_FRAME, SACRUM_FRAME = (143.0, 157.0), (104.0, -498.0)


def crossing(a: Point, b: Point, c: Point, d: Point) -> bool:
    """Whether the segments a-b and c-d cross."""

    def turn(p: Point, q: Point, r: Point) -> float:
        return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])

    return turn(a, b, c) * turn(a, b, d) < 0 and turn(c, d, a) * turn(c, d, b) < 0


def _arrange(ends: Sequence[tuple[str, Point, float]], slots: Sequence[float], edge: float, left: bool
             ) -> list[tuple[str, Point, Point]]:  # fmt: skip
    """Slots for labels of one side such that no two leaders cross and their length is least."""
    widest = max(width for _, _, width in ends)
    best: tuple[float, list[tuple[str, Point, Point]]] | None = None
    for order in permutations(range(len(ends))):
        rows = []
        for slot, i in zip(slots, order, strict=True):
            name, anchor, width = ends[i]
            rows.append((name, (edge + width + 5 if left else edge - widest - 5, slot), anchor))
        lines = [(start, anchor) for _, start, anchor in rows]
        crossed = sum(crossing(*p, *q) for i, p in enumerate(lines) for q in lines[:i])
        for i, (start, anchor) in enumerate(lines):
            for j, ((x, y), _) in enumerate(lines):
                # Nor may a leader run over another label: its box is tested by two of its lines.
                far = (x - 5 - widest if left else x + 5 + widest, y)
                crossed += i != j and any(
                    crossing(start, anchor, (x + 2 if left else x - 2, y + dy), (far[0], y + dy)) for dy in (-6, 6)
                )
        cost = 1e6 * crossed + sum(math.dist(*p) for p in lines)
        if best is None or cost < best[0]:
            best = (cost, rows)
    return best[1] if best else []


def _label(name: str, value: str, x: float, y: float, end: bool = False) -> str:
    """Name and bold value as one line, with an edge in the page colour."""
    halo = {"stroke": "ground", "stroke_width": 3.5, "stroke_linejoin": "round", "paint_order": "stroke"}
    inner = el("tspan", name) + (el("tspan", value, dx=0.35 * _SIZE, font_weight=700) if value else "")
    return el("text", inner, x=x, y=y + 4, font_size=_SIZE, fill="ink", text_anchor="end" if end else None, **halo)


def _width(name: str, value: str) -> float:
    return text_width(name + " ", _SIZE) + text_width(value, _SIZE, True)


def head_labels(scene: Scene, x: float, y: float, width: float, height: float) -> str:
    """Names and values of the fluid spaces of the head with straight leaders that do not cross."""
    slots = {"left-top": [y + 54], "left": [y + height - 108, y + height - 108 + _LINE],
             "right-top": [y + 24], "right": [y + height - 86 + _LINE * i for i in range(3)]}  # fmt: skip
    out_lines, out_texts = "", ""
    for side, places in _HEAD_SIDES.items():
        left = side.startswith("left")
        edge = x + 10 if left else x + width - 10
        ends, shown = [], {}
        for place in places:
            value = scene.value(place)
            shown[place] = "" if value is None else number(value)
            ends.append((place, scene.head([ANCHORS[place]])[0], _width(SPACES[place], shown[place])))
        for place, start, anchor in _arrange(ends, slots[side], edge, left):
            out_lines += leader(start, anchor)
            out_texts += _label(SPACES[place], shown[place], edge if left else start[0] + 5, start[1])
    return out_lines + out_texts


def sacral_labels(scene: Scene, x: float, y: float, width: float, height: float) -> str:
    """Roots, sac, filum, sacrum and coccyx with straight leaders."""
    spine = scene.spine
    value = scene.value("S2")
    q_sac = spine.sac_end - 22
    rows = [
        ("Roots of the cauda equina", "", scene.along(spine.mid["L5"] - 6, -4.0), False),
        ("Dural sac, S2", "" if value is None else number(value), scene.along(q_sac, 1.0), False),
        ("Filum", "", scene.along(spine.mid["S4"], -0.8), False),
        ("Coccyx", "", scene.along(spine.mid["Co2"], 0.8), False),
        ("Sacrum", "", scene.along(spine.mid["S1"], 18.0), True),
    ]
    out_lines, out_texts, last = "", "", y + 34
    for name, shown, anchor, left in rows:
        if left:
            slot = min(anchor[1] + 24, y + height - 40)
            start: Point = (x + 10 + _width(name, shown) + 4, slot)
        else:
            slot = max(last, min(anchor[1] - 14, y + height - 20))
            last = slot + 2 * _LINE
            start = (x + width - 10 - _width(name, shown) - 5, slot)
        out_lines += leader(start, anchor)
        out_texts += _label(name, shown, x + 10 if left else x + width - 10, slot, not left)
    return out_lines + out_texts


def frame(content: str, x: float, y: float, width: float, height: float, heading: str, name: str) -> str:
    """A quiet frame of 8 px radius that cuts its content."""
    clip = el("clipPath", rect(x, y, width, height, "ink", rx=8), id=f"{name}-clip")
    out = el("defs", clip) + el("g", content, clip_path=f"url(#{name}-clip)")
    out += rect(x, y, width, height, "none", stroke="rule", stroke_width=1, rx=8)
    return out + text(x + 10, y + 20, heading, size=_SIZE, fill="ink2", halo=True)


def closeup(
    values: Mapping[str, float],
    *,
    scale: tuple[float, float],
    view: str = "head",
    unit: str = "mmHg",
    quantity: str = "pressure",
    width_px: float = 420.0,
    height_px: float | None = None,
    k: float = 1.7,
    title: str = "",
    desc: str = "",
    prefix: str = "closeup",
    **person: Any,
) -> str:
    """The head (``view="head"``) or the end of the sac (``view="sacrum"``) with its values written at the places.

    ``k`` is the scale in px per mm; the other arguments are those of `sagittal_body`.
    """
    height = height_px or (400.0 if view == "head" else 310.0)
    edge = HEAD_FRAME if view == "head" else SACRUM_FRAME
    origin = (edge[0] * k, edge[1] * k)
    exaggeration = person.pop("exaggeration", default_exaggeration(900.0 * k))
    scene = make_scene(values, scale, k=k, origin=origin, unit=unit, quantity=quantity, prefix=prefix,
                       exaggeration=exaggeration, **person)  # fmt: skip
    heading = f"{'Head' if view == 'head' else 'Sacral end'}, {quantity} in {unit}"
    out = frame(group(anatomy(scene), name=f"{prefix}-anatomy"), 0.5, 0.5, width_px - 1, height - 1, heading, prefix)
    out += (head_labels if view == "head" else sacral_labels)(scene, 0, 0, width_px, height)
    told = ", ".join(f"{name.lower()} {number(scene.value(p))}" for p, name in SPACES.items())
    what = told if view == "head" else f"end of the sac {number(scene.value('S2'))}"
    return svg(out, width_px, height, title=title or heading, prefix=prefix, role="graphics-document",
               desc=desc or f"Midline cut, facing left. {quantity.capitalize()} in {unit}: {what}.")  # fmt: skip
