"""The dural sac of the sagittal body: fluid in 3 mm strips, cord, roots, filum, dura and what lies on them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.outside.figures.numerals import fmt
from cisterna.outside.figures.scene import Scene
from cisterna.outside.figures.shapes import linear, smooth_d
from cisterna.outside.figures.spine import LEVELS
from cisterna.outside.figures.svg import Point, group, path, polyline_d

_STRIP, _OVERLAP = 3.0, 0.8
#: The dura leaves the rim of the foramen magnum as a funnel: half its opening to front and back, its depth, mm.
_RIM = {1: 17.0, -1: 17.5}
_RIM_POINTS = {1: (17.0, 2.0), -1: (-17.5, -1.0)}
_FUNNEL = 13.0
_ROOTS = (-0.62, -0.34, 0.34, 0.62)
#: Arrow width of visual.md: 1.5 + 26 px per mL at 1.6 px per mm.
_ARROW_BASE, _ARROW_PER_ML, _ARROW_K, _ARROW_HALF = 1.5, 26.0, 1.6, 17.0
_LOAD_MIN, _LOAD_MAX = 1.0, 6.5
_WEDGE_HALF, _WEDGE_OUT = 8.0, 9.0


def level_of(scene: Scene, q: float) -> str:
    """The level an arc length belongs to."""
    spine = scene.spine
    name = "FM"
    for level in LEVELS[1:]:
        if q >= spine.top[level]:
            name = level
    return name


def _check(level: str) -> str:
    if level not in LEVELS:
        raise UnknownName("level", level, list(LEVELS))
    return level


def dura_edge(scene: Scene, side: int, q: float) -> Point:
    """Screen position of the dura in front (1) or behind (-1) at arc length q."""
    half = scene.spine.half_sac(q)
    if q < _FUNNEL:
        half += (_RIM[side] * scene.head_scale - half) * (1 - q / _FUNNEL) ** 2
    return scene.along(q, side * half)


def rim_point(scene: Scene, side: int) -> Point:
    """Screen position where the spinal dura meets the skull: basion (1) or opisthion (-1)."""
    return scene.xy(scene.head_point(_RIM_POINTS[side]))


def _strip(scene: Scene, q0: float, q1: float) -> str:
    ring = [
        dura_edge(scene, 1, q0),
        dura_edge(scene, 1, q1),
        dura_edge(scene, -1, q1),
        dura_edge(scene, -1, q0),
    ]
    return polyline_d(ring, close=True)


def _fluid(scene: Scene) -> str:
    """Strips of one colour each, gathered by level."""
    spine, q = scene.spine, 0.0
    parts: dict[str, dict[str, str]] = {}
    while q < spine.sac_end:
        step = _STRIP if spine.sac_end - q > 16 else 1.0  # the closing end is round
        stop = min(q + step, spine.sac_end)
        middle = (q + stop) / 2
        shapes = parts.setdefault(level_of(scene, middle), {})
        colour = scene.colour(scene.canal(middle))
        shapes[colour] = shapes.get(colour, "") + _strip(scene, q, min(stop + _OVERLAP, spine.sac_end))
        q = stop
    out = ""
    for level, shapes in parts.items():
        value = scene.value(level)
        inner = "".join(path(d, fill=colour) for colour, d in shapes.items())
        out += group(inner, name=f"{scene.prefix}-{level}", title=scene.told(level, value),
                     data_value=None if value is None else f"{value:.6g}")  # fmt: skip
    return out


def _edge(scene: Scene, side: int, q0: float, q1: float, step: float = 4.0) -> list[Point]:
    n = max(math.ceil((q1 - q0) / step), 1)
    qs = [q0 + (q1 - q0) * i / n for i in range(n + 1)]
    return [dura_edge(scene, side, q) for q in qs]


def _dura_d(scene: Scene) -> str:
    end = scene.spine.sac_end
    front = [rim_point(scene, 1), *_edge(scene, 1, 2.0, end - 16), *_edge(scene, 1, end - 15, end, 1.0)]
    back = [rim_point(scene, -1), *_edge(scene, -1, 2.0, end - 16), *_edge(scene, -1, end - 15, end - 1, 1.0)]
    return smooth_d([*front, *reversed(back)], close=False)


def _cord(scene: Scene) -> str:
    spine, tip = scene.spine, scene.spine.conus_tip
    qs = [*(4.0 * i for i in range(1, int(tip / 4) + 1)), tip]
    front = [scene.along(q, spine.offset(q) + spine.half_cord(q)) for q in qs]
    back = [scene.along(q, spine.offset(q) - spine.half_cord(q)) for q in qs[:-1]]
    d = smooth_d([*front, *reversed(back)], close=False) + "Z"
    return group(path(d, fill="cord", stroke="cord-line", width=scene.lw(0.9)), name=f"{scene.prefix}-cord",
                 title="Spinal cord")  # fmt: skip


def _roots(scene: Scene) -> str:
    """Four root lines leaving the conus, the filum in the midline and below the sac to the coccyx."""
    spine = scene.spine
    first, last = spine.conus_tip - 26.0, spine.mid["S1"]
    d = ""
    for share in _ROOTS:
        points = []
        for i in range(25):
            q = first + (last - first) * i / 24
            spread = min((q - first) / 45.0, 1.0) ** 0.8
            start = spine.offset(first) + math.copysign(spine.half_cord(first) * 0.8, share)
            points.append(scene.along(q, start + (share * spine.half_sac(q) - start) * spread))
        d += smooth_d(points, close=False)
    roots = path(d, stroke="cord-line", width=scene.lw(0.6), stroke_opacity=0.75)
    inside = [scene.along(q, spine.offset(q) * max(1 - (q - spine.conus_tip) / 60, 0))
              for q in _range(spine.conus_tip - 2, spine.sac_end - 2.5, 8.0)]  # fmt: skip
    filum = path(smooth_d(inside, close=False), stroke="cord-line", width=scene.lw(1.4))
    outside = [scene.along(q, -1.2 * math.sin(math.pi * (q - spine.sac_end) / (spine.mid["Co1"] - spine.sac_end)))
               for q in _range(spine.sac_end - 0.5, spine.mid["Co1"] + 1.0, 7.0)]  # fmt: skip
    filum += path(smooth_d(outside, close=False), stroke="membrane", width=scene.lw(1.3), stroke_linecap="round")
    p = scene.prefix
    return group(roots, name=f"{p}-roots", title="Roots of the cauda equina") + group(
        filum, name=f"{p}-filum", title="Filum terminale"
    )


def _range(a: float, b: float, step: float) -> list[float]:
    n = max(math.ceil((b - a) / step), 1)
    return [a + (b - a) * i / n for i in range(n + 1)]


def draw_canal(scene: Scene) -> str:
    """Fluid, cord, roots, filum and the dura line."""
    dura = path(_dura_d(scene), stroke="membrane", width=scene.lw(1.4))
    return _fluid(scene) + _roots(scene) + _cord(scene) + group(
        dura, name=f"{scene.prefix}-dura-spine", title="Spinal dura"
    )  # fmt: skip


def dura_load(scene: Scene, load: Mapping[str, float]) -> str:
    """Membrane load as a line 1 to 6.5 px wide on the dura; `load` maps levels to 0..1 of the largest."""
    if not load:
        return ""
    names = [lv for lv in LEVELS if lv in {_check(k) for k in load}]
    share = linear([scene.spine.level_q(lv) for lv in names], [float(load[lv]) for lv in names])
    out = ""
    for side in (1, -1):
        for q0, q1 in pairwise(_range(0.0, scene.spine.sac_end, 4.0)):
            width = _LOAD_MIN + (_LOAD_MAX - _LOAD_MIN) * min(max(share((q0 + q1) / 2), 0.0), 1.0)
            out += path(
                polyline_d(_edge(scene, side, q0, q1, 2.0)),
                stroke="hand",
                width=width,
                stroke_linecap="round",
            )
    return group(out, name=f"{scene.prefix}-load", title="Load of the spinal dura, line width")


def _arrow_d(scene: Scene, q: float, millilitres: float) -> str:
    unit = scene.k / _ARROW_K
    shaft = (_ARROW_BASE + _ARROW_PER_ML * abs(millilitres)) * unit
    head, wing, half = 8 * unit + 0.75 * shaft, 4.5 * unit + 0.28 * shaft, _ARROW_HALF * scene.k
    (x0, y0), (x1, y1) = scene.along(q - 5), scene.along(q + 5)
    size = math.dist((x0, y0), (x1, y1))
    t = ((x1 - x0) / size, (y1 - y0) / size)
    x, y = scene.along(q, scene.spine.offset(q) * 0.5)
    s, h = shaft / 2, min(head, 0.8 * half)
    local = [(-half, 0.0), (-half + h, s + wing), (-half + h, s), (half - h, s), (half - h, s + wing), (half, 0.0),
             (half - h, -s - wing), (half - h, -s), (-half + h, -s), (-half + h, -s - wing)]  # fmt: skip
    return polyline_d([(x + u * t[0] - v * t[1], y + u * t[1] + v * t[0]) for u, v in local], close=True)


def flow_arrows(scene: Scene, arrows: Mapping[str, float]) -> str:
    """Double arrows along the canal whose width is the stroke volume in mL."""
    out = ""
    for level, volume in arrows.items():
        q = scene.spine.level_q(_check(level))
        drawn = path(_arrow_d(scene, q, float(volume)), fill="ink", stroke="ground", width=scene.lw(2.6),
                     paint_order="stroke")  # fmt: skip
        out += group(drawn, name=f"{scene.prefix}-arrow-{level}",
                     title=f"Stroke volume at {level}: {fmt(float(volume), 'mL')}")  # fmt: skip
    return out


def wedges(scene: Scene, restrictions: Mapping[str, float]) -> str:
    """Restrictions: two black wedges biting into the canal as deep as the share (0..1) of the area lost."""
    spine, out = scene.spine, ""
    for level, lost in restrictions.items():
        if not 0 <= lost <= 1:
            raise CisternaError("a restriction takes away a share from 0 to 1", where=level, found=f"{lost:g}")
        q = spine.level_q(_check(level))
        half, cord, shift = spine.half_sac(q), spine.half_cord(q), spine.offset(q)
        d = ""
        for side in (1, -1):
            gap = half - cord - side * shift if cord else half
            tip, base = side * (half - lost * gap), side * (half + _WEDGE_OUT)
            ring = [
                scene.along(q, tip),
                scene.along(q - _WEDGE_HALF, base),
                scene.along(q + _WEDGE_HALF, base),
            ]
            d += polyline_d(ring, close=True)
        told = f"Restriction at {level}: {100 * (1 - lost):.0f} % of the area left"
        drawn = path(d, fill="ink", stroke="ground", width=scene.lw(1.0))
        out += group(drawn, name=f"{scene.prefix}-wedge-{level}", title=told)
    return out
