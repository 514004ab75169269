"""Vertebrae, discs, sacrum and coccyx of the sagittal body, placed along the drawn canal."""

from __future__ import annotations

import math

from cisterna.outside.figures.scene import Scene
from cisterna.outside.figures.shapes import rounded_d, smooth_d, table
from cisterna.outside.figures.spine import CERVICAL, LUMBAR, THORACIC
from cisterna.outside.figures.svg import Point, el, group, path

_WALL, _CORNER, _WAIST = 2.2, 2.4, 1.6
_HEIGHT = {"C": 0.74, "T": 0.82, "L": 0.76}
_BASE = 0.64
_DENS = 12.0
_MOBILE = (*CERVICAL, *THORACIC, *LUMBAR)


def wall(scene: Scene, q: float) -> float:
    """Distance of the bony walls from the axis, mm."""
    return scene.spine.half_canal(q) + _WALL * scene.body_scale


def _bone(scene: Scene, d: str, **attributes: object) -> str:
    return path(d, fill="bone", stroke="bone-line", width=scene.lw(0.9), **attributes)


def _off(scene: Scene, q: float, d: float) -> Point:
    """Screen position `d` mm (of the adult) in front of the front wall, or behind the back wall if negative."""
    reach = wall(scene, q) + abs(d) * scene.body_scale
    return scene.along(q, reach if d >= 0 else -reach)


def _block(scene: Scene, q0: float, q1: float, depth0: float, depth1: float, waist: float) -> str:
    """A vertebral body between two arc lengths: straight plates, front and back edge waisted."""
    middle = (q0 + q1) / 2
    corners = [(q0, 0.0), (q0, depth0), (middle, (depth0 + depth1) / 2 - waist), (q1, depth1), (q1, 0.0),
               (middle, 0.3 * waist)]  # fmt: skip
    r, soft = _CORNER * scene.k * scene.body_scale, 0.3 * (q1 - q0) * scene.k
    return rounded_d([_off(scene, q, d) for q, d in corners], [r, r, soft, r, r, soft])


def _edges(scene: Scene, level: str) -> tuple[float, float]:
    """Arc lengths of the upper and lower plate of a body."""
    mid, half = scene.spine.mid[level], scene.spine.lengths[level] * _HEIGHT[level[0]] / 2
    return mid - half, mid + half


def _atlas(scene: Scene) -> str:
    """C1 has no body: an oval in front of the dens and one behind the canal."""
    q = scene.spine.mid["C1"] - 3.0
    tilt, k = -scene.spine.phi(q), scene.k * scene.body_scale
    out = ""
    for d, rx, ry in ((15.5, 3.7, 6.4), (-6.5, 6.5, 4.0)):
        x, y = _off(scene, q, d)
        turn = f"rotate({tilt:.1f} {x:.1f} {y:.1f})"
        out += el("ellipse", cx=x, cy=y, rx=rx * k, ry=ry * k, transform=turn, fill="bone",
                  stroke="bone-line", stroke_width=f"{scene.lw(0.9):.2f}")  # fmt: skip
    return out


def _axis_body(scene: Scene, depth: float) -> str:
    """C2: its body with the dens reaching 12 mm above the segment."""
    _, low = _edges(scene, "C2")
    u, top = scene.body_scale, scene.spine.top["C2"]
    dens = top - _DENS * u
    corners = [(dens, 0.4), (dens, 6.6), (top - u, 8.6), (top + 4.5 * u, depth - 1.5), (low, depth), (low, 0.0)]
    r = scene.k * _CORNER * u
    return rounded_d([_off(scene, q, d) for q, d in corners], [r, 1.4 * r, 2 * r, 2 * r, r, r])


def spinous_tip(scene: Scene, level: str) -> float:
    """How far behind the axis the tip of a spinous process reaches, mm along the normal."""
    length, droop, _ = table()["spine"]["spinous"][level]
    return wall(scene, scene.spine.mid[level]) + scene.body_scale * length * math.cos(math.radians(droop))


def _spinous(scene: Scene, level: str) -> str:
    """A spinous process: a blade from the back wall, drooping, narrower at its tip when it is low."""
    spine, mid = scene.spine, scene.spine.mid[level]
    size, droop, tall = table()["spine"]["spinous"][level]
    length, height = size * scene.body_scale, tall * scene.body_scale
    half = _BASE * spine.lengths[level] / 2
    (na, ns), (ta, ts) = spine.normal(mid), spine.tangent(mid)
    cos, sin = math.cos(math.radians(droop)), math.sin(math.radians(droop))
    out, across = (-na * cos + ta * sin, -ns * cos + ts * sin), (na * sin + ta * cos, ns * sin + ts * cos)
    base = spine.at(mid, -wall(scene, mid))
    tip_half = height * (0.6 + 0.032 * min(max(tall - 10.0, 0.0), 10.0)) / 2
    # Upper and lower tip lie along the blade; the lower edge is slightly hollow.
    a, b = spine.at(mid - half, -wall(scene, mid - half)), spine.at(mid + half, -wall(scene, mid + half))
    centre = (base[0] + length * out[0], base[1] + length * out[1])

    def from_tip(along: float, side: float) -> Point:
        return (centre[0] + along * out[0] + side * across[0], centre[1] + along * out[1] + side * across[1])

    low_tip = from_tip(0.0, tip_half)
    hollow = ((b[0] + low_tip[0]) / 2 - 0.9 * across[0], (b[1] + low_tip[1]) / 2 - 0.9 * across[1])
    corners = scene.many([a, from_tip(-0.6, -tip_half), low_tip, hollow, b])
    r = scene.k * min(_CORNER * scene.body_scale, 0.75 * tip_half + 0.5)
    return rounded_d(corners, [r, r, r, 0.3 * length * scene.k, r])


def _sacrum(scene: Scene) -> str:
    spine, spec = scene.spine, table()["spine"]
    names, depths = list(spec["sacral_depth"]), list(spec["sacral_depth"].values())
    out = ""
    for i, level in enumerate(names):
        q0, q1 = spine.top[level] + (0.6 if i else 1.4), spine.top[level] + spine.lengths[level] - 0.6
        below = depths[i + 1] if i + 1 < len(depths) else 8.5
        front = below + 0.35 * (depths[i] - below)
        crest = spec["sacral_crest"].get(level)
        inner = ""
        if crest:
            q = [spine.top[level] + f * spine.lengths[level] for f in (0.02, 0.25, 0.72, 1.06)]
            reach = [0.6, 0.86 * crest, crest, 0.4]
            points = [_off(scene, x, -d) for x, d in zip(q, reach, strict=True)]
            r = scene.k * _CORNER * scene.body_scale
            inner += _bone(scene, rounded_d(points, [0.5 * r, 2 * r, 2 * r, 0.5 * r]))
        inner += _bone(scene, _block(scene, q0, q1, depths[i], front, 0.9))
        out += group(inner, name=f"{scene.prefix}-bone-{level}", title=f"Sacrum, {level}")
    return out


def _coccyx(scene: Scene) -> str:
    spine, depths = scene.spine, table()["spine"]["coccyx_depth"]
    out = ""
    for level, depth in depths.items():
        q0, q1 = spine.top[level] + 0.7, spine.top[level] + spine.lengths[level] - 0.7
        half0, half1 = scene.body_scale * depth / 2, 0.82 * scene.body_scale * depth / 2
        corners = [(q0, -half0), (q0, half0), (q1, half1), (q1, -half1)]
        out += _bone(scene, rounded_d([scene.along(q, d + 0.8) for q, d in corners], 0.36 * depth * scene.k))
    return group(out, name=f"{scene.prefix}-coccyx", title="Coccyx")


def _discs(scene: Scene) -> str:
    depth = table()["spine"]["body_depth"]
    d = ""
    for above, below in zip(_MOBILE[1:], (*_MOBILE[2:], "S1"), strict=True):
        q0 = _edges(scene, above)[1] - 0.6
        q1 = scene.spine.top["S1"] + 2.0 if below == "S1" else _edges(scene, below)[0] + 0.6
        lower = table()["spine"]["sacral_depth"]["S1"] if below == "S1" else depth[below]
        front0, front1 = depth[above] - 0.5, lower - 0.5
        ring = [(q0, 0.6), (q0, front0), ((q0 + q1) / 2, (front0 + front1) / 2 + 0.9), (q1, front1), (q1, 0.6)]
        d += rounded_d([_off(scene, q, x) for q, x in ring], [0.5, 1, 3 * scene.k, 1, 0.5])
    return path(d, fill="disc", id=f"{scene.prefix}-discs")


def draw_vertebrae(scene: Scene) -> str:
    """All bones below the skull, discs beneath them."""
    depth = table()["spine"]["body_depth"]
    out = _discs(scene)
    for level in _MOBILE:
        if level == "C1":
            inner = _atlas(scene)
        else:
            body = (
                _axis_body(scene, depth["C2"])
                if level == "C2"
                else _block(scene, *_edges(scene, level), depth[level], depth[level], _WAIST)
            )
            inner = _bone(scene, _spinous(scene, level)) + _bone(scene, body)
        out += group(inner, name=f"{scene.prefix}-bone-{level}", title=f"Vertebra {level}")
    hyoid = scene.head([(float(a), float(s)) for a, s in table()["shapes"]["hyoid"]])
    return out + _sacrum(scene) + _coccyx(scene) + _bone(scene, smooth_d(hyoid), id=f"{scene.prefix}-hyoid")
