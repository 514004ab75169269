"""The outside of the sagittal body: skin, stations, halos of displacement, the hand with its force."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.outside.figures.numerals import fmt
from cisterna.outside.figures.scene import Scene
from cisterna.outside.figures.shapes import linear, outline, pchip, smooth_d, table
from cisterna.outside.figures.spine import LEVELS
from cisterna.outside.figures.svg import Point, circle, el, group, line, path, text
from cisterna.outside.figures.vertebrae import spinous_tip

_SKIN_GAP, _BACK_STEP = 13.0, 18.0
_CHIN, _COLLAR = -20.0, -110.0
#: In front of and above this point the skin belongs to the lower jaw and nods with the head.
_JAW = (65.0, -82.0)
#: The silhouette fades out over this stretch (mm, superior coordinate).
_FADE = (-612.0, -738.0)
_TILT, _TILT_VERTEX, _ARROW = 23.0, 32.0, 36.0
_HALO_MM, _FIRST_DECADE = 11.0, 1e-9
_BACK = ("C4", "C5", "C6", "C7", "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9", "T10", "T11", "T12",
         "L1", "L2", "L3", "L4")  # fmt: skip


def _placed(scene: Scene, p: Point) -> Point:
    """A point of the skin list moved with head and spine and scaled with the body, in mm."""
    if p[1] >= _CHIN or (p[0] > _JAW[0] and p[1] > _JAW[1]):
        return scene.head_point(p)
    share = min((_CHIN - p[1]) / (_CHIN - _COLLAR), 1.0)
    k = scene.head_scale + share * (scene.body_scale - scene.head_scale)
    return scene.trunk_point((p[0] * k, p[1] * k))


def back_skin(scene: Scene) -> list[Point]:
    """Skin of the back, C4 to L5: as far behind the axis as the spinous tips plus a layer, mm."""
    gap = table()["spine"]["skin_gap"]
    spine = scene.spine
    reach = [-(spinous_tip(scene, lv) + scene.body_scale * gap.get(lv, _SKIN_GAP)) for lv in _BACK]
    smooth = [sum(reach[max(i - 1, 0) : i + 2]) / len(reach[max(i - 1, 0) : i + 2]) for i in range(len(reach))]
    return [spine.at(spine.mid[lv], d) for lv, d in zip(_BACK, smooth, strict=True)]


def _behind(points: list[Point]) -> list[Point]:
    """The line down the back through unevenly spaced points, monotone between them, every 18 mm of its way."""
    down, way = [points[0]], [0.0]
    for p in points[1:]:
        if math.dist(p, down[-1]) > 6.0:
            way.append(way[-1] + math.dist(p, down[-1]))
            down.append(p)
    curve_a, curve_s = pchip(way, [a for a, _ in down]), pchip(way, [s for _, s in down])
    n = math.ceil(way[-1] / _BACK_STEP)
    return [(curve_a(way[-1] * i / n), curve_s(way[-1] * i / n)) for i in range(1, n + 1)]


def silhouette(scene: Scene) -> list[Point]:
    """The open outline of the skin in mm: front from below up to the vertex, then down the back."""
    front = [_placed(scene, p) for p in outline("skin_front")]
    head = [_placed(scene, p) for p in outline("skin_head_back")]
    seat = [_placed(scene, p) for p in outline("skin_seat")]
    return [*reversed(front), *head[1:-2], *_behind([*head[-3:], *back_skin(scene), *seat])]


def _dropped(scene: Scene) -> float:
    """How far the pelvis moved up by bending (mm): the fade moves with it."""
    q = scene.spine.mid["S1"]
    return scene.spine.point(q)[1] - scene.neutral.point(q)[1] if scene.neutral else 0.0


def draw_skin(scene: Scene) -> str:
    """Pale silhouette that fades out below the pelvis."""
    name = f"{scene.prefix}-fade"
    y = [scene.xy((0.0, s * scene.body_scale + _dropped(scene)))[1] for s in _FADE]

    def ramp(part: str, token: str) -> str:
        stops = el("stop", offset=0, stop_color=token) + el("stop", offset=1, stop_color=token, stop_opacity=0)
        return el("linearGradient", stops, id=f"{name}-{part}", gradientUnits="userSpaceOnUse", x1=0, x2=0,
                  y1=y[0], y2=y[1])  # fmt: skip

    d = smooth_d(scene.many(silhouette(scene)), close=False)
    drawn = path(d, fill=f"url(#{name}-skin)", stroke=f"url(#{name}-line)", width=scene.lw(1.1))
    return el("defs", ramp("skin", "skin") + ramp("line", "skin-line")) + group(
        drawn, name=f"{scene.prefix}-skin", title="Skin"
    )


def skin_at(scene: Scene, level: str) -> Point:
    """The point of the back skin at a level, mm."""
    spine = scene.spine
    q = spine.level_q(level)
    if q > spine.mid[_BACK[-1]]:
        a, s = spine.at(q, -scene.spine.half_canal(q) - 34.0)
        return a, s
    back = back_skin(scene)
    qs = [spine.mid[lv] for lv in _BACK]
    return linear(qs, [p[0] for p in back])(q), linear(qs, [p[1] for p in back])(q)


def place_at(scene: Scene, where: Any) -> Point:
    """Screen position of a station: its name, a level (skin of the back) or (anterior, superior) in mm."""
    known = table()["stations"]
    if isinstance(where, str):
        if where in known:
            return scene.xy(_placed(scene, (float(known[where][0]), float(known[where][1]))))
        if where in LEVELS:
            return scene.xy(skin_at(scene, where))
        raise UnknownName("station or level", where, [*known, *LEVELS])
    try:
        a, s = (float(x) for x in where)
    except (TypeError, ValueError):
        raise CisternaError("a position is a name, a level or (anterior, superior) in mm", found=str(where)) from None
    return scene.xy(_placed(scene, (a, s)))


def halo(x: float, y: float, displacement: float, k: float) -> str:
    """Rings about a point, one for each whole decade of displacement above 1 nm; `displacement` in metres."""
    size = abs(displacement)
    decades = math.log10(size / _FIRST_DECADE) if size > 0 else 0.0
    out = ""
    radii = [float(i) for i in range(1, math.floor(decades + 1e-9) + 1)]
    if decades > 0 and decades - math.floor(decades + 1e-9) > 0.05:
        radii.append(decades)
    for r in reversed(radii):
        edge = {"stroke": "hand", "stroke_opacity": 0.45, "stroke_width": 0.8}
        out += circle(x, y, r * _HALO_MM * k, "hand", fill_opacity=0.1, **edge)
    return out


def draw_stations(scene: Scene, stations: Any) -> str:
    """Stations on the skin with halo, disc or ring, and label.

    A station is a mapping with ``name`` and any of ``at``, ``felt``, ``loaded``, ``displacement`` (m), ``label``.
    """
    halos, marks = "", ""
    for i, station in enumerate(stations):
        name = str(station.get("name", f"station {i + 1}"))
        where = station.get("at", station.get("level", station.get("position", name)))
        x, y = place_at(scene, where)
        r = min(max(7.0 * scene.k / 1.3, 4.5), 7.0)
        moved = station.get("displacement")
        told = name
        if moved is not None:
            halos += halo(x, y, float(moved), scene.k)
            told += f": {fmt(float(moved), 'm')}"
        felt = station.get("felt")
        if station.get("loaded"):
            mark = circle(x, y, r, "hand", stroke="ground", stroke_width=1.5)
            told += ", under the hand"
        elif felt is True:
            mark = circle(x, y, r, "ok", stroke="ground", stroke_width=1.5)
        elif felt is False:
            mark = circle(x, y, r, "ground", stroke="ink2", stroke_width=1.4, stroke_dasharray="2.6 2.2")
        elif moved is not None:
            mark = circle(x, y, 2.6, "hand")
        else:
            mark = circle(x, y, r, "ground", stroke="ink2", stroke_width=1.4)
        told += {True: ", felt", False: ", not felt"}.get(felt, "")
        if station.get("label"):
            left = x < scene.origin[0]
            mark += text(x + (-r - 4 if left else r + 4), y + 4, str(station["label"]), size=11, fill="ink2",
                         anchor="end" if left else "start", halo=True)  # fmt: skip
        key = "".join(c if c.isalnum() else "-" for c in name.lower())
        marks += group(mark, name=f"{scene.prefix}-station-{i}-{key}", title=told)
    return halos + marks


def _hand_frame(scene: Scene, touch: Mapping[str, Any]) -> tuple[Callable[[Any], Point], float]:
    """Map from the hand's own mm (fingertip at 0, wrist to +x) to the screen, and its side (-1 from the front)."""
    x, y = place_at(scene, touch.get("at", touch.get("level", "sacrum")))
    vertex = y < scene.xy(scene.head_point((0.0, 115.0)))[1]
    front = x < scene.along(scene.spine.q_at((scene.origin[1] - y) / scene.k))[0] and not vertex
    tilt = math.radians(_TILT_VERTEX if vertex else _TILT)
    mirror = -1.0 if front else 1.0

    def put(p: Any) -> Point:
        u, v = float(p[0]) * scene.k, float(p[1]) * scene.k
        return x + mirror * (u * math.cos(tilt) - v * math.sin(tilt)), y - (u * math.sin(tilt) + v * math.cos(tilt))

    return put, mirror


def hand_points(scene: Scene, touch: Mapping[str, Any]) -> list[Point]:
    """Screen points the hand and its arrow reach."""
    put, _ = _hand_frame(scene, touch)
    force = _force(scene, touch)
    return [*(put(p) for p in (*table()["hand"]["palm"], *table()["hand"]["back"])), *(force or ())]


def _force(scene: Scene, touch: Mapping[str, Any]) -> tuple[Point, Point] | None:
    """Screen start and tip of the force arrow: beside the hand, on the side it points to."""
    way = touch.get("direction")
    if way is None:
        return None
    size = math.hypot(float(way[0]), float(way[1])) or 1.0
    dx, dy = -float(way[0]) / size, -float(way[1]) / size
    put, _ = _hand_frame(scene, touch)
    (x0, y0), (x1, y1) = put((0.0, 0.0)), put((0.0, 1.0))
    away = dx * (x1 - x0) + dy * (y1 - y0) > 0
    start = put((50.0, 24.0 if away else -26.0))
    return start, (start[0] + dx * _ARROW * scene.k, start[1] + dy * _ARROW * scene.k)


def draw_hand(scene: Scene, touch: Mapping[str, Any] | None) -> str:
    """A hand from the side at ``at``, and its force: ``direction`` (anterior, superior) as an arrow beside it."""
    if not touch:
        return ""
    spec = table()["hand"]
    put, mirror = _hand_frame(scene, touch)
    k = scene.k
    palm, thumb, back = ([put(p) for p in spec[key]] for key in ("palm", "thumb", "back"))
    edge = smooth_d(palm, close=False)
    edge += smooth_d(thumb, close=False, move=False) + smooth_d(back, close=False, move=False)
    inner = path(edge, fill="cream") + path(edge, stroke="hand", width=2.0, stroke_linecap="round")
    for finger in spec["fingers"]:
        inner += path(smooth_d([put(p) for p in finger], close=False), stroke="hand", width=1.0)
    told = str(touch.get("label", "Hand"))
    force = _force(scene, touch)
    if force is not None:
        start, tip = force
        wing, length = 9 * k, math.dist(start, tip)
        dx, dy = (tip[0] - start[0]) / length, (tip[1] - start[1]) / length
        inner += line(start, tip, "hand", 2.6, stroke_linecap="round")
        for s in (1, -1):
            barb = (tip[0] - wing * (dx * 0.8 + s * dy * 0.6), tip[1] - wing * (dy * 0.8 - s * dx * 0.6))
            inner += line(tip, barb, "hand", 2.6, stroke_linecap="round")
        if touch.get("label"):
            inner += text(tip[0] + mirror * 8, tip[1] + 4, told, size=12, fill="handtext",
                          anchor="end" if mirror < 0 else "start", halo=True)  # fmt: skip
    return group(inner, name=f"{scene.prefix}-hand", title=told)
