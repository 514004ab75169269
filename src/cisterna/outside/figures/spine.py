"""The drawn spinal canal: its curved axis, the widths of sac and cord, and where a level lies on it.

The axis is an arc length q (mm, caudal from the foramen magnum) with a direction (sin phi, -cos phi); phi is
given in degrees at the middle of each level, interpolated monotonically and integrated every 0.5 mm.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cisterna.ground.parameter import Parameters, default_parameters
from cisterna.outside.figures.shapes import linear, pchip, table
from cisterna.outside.figures.svg import Point

CERVICAL = tuple(f"C{i}" for i in range(1, 8))
THORACIC = tuple(f"T{i}" for i in range(1, 13))
LUMBAR = tuple(f"L{i}" for i in range(1, 6))
#: Levels that carry values; FM is the foramen magnum.
LEVELS = ("FM", *CERVICAL, *THORACIC, *LUMBAR, "S1", "S2")
TAIL = ("S3", "S4", "S5", "Co1", "Co2", "Co3", "Co4")
_STEP = 0.5
_ABOVE, _ABOVE_PHI, _FM_PHI = -20.0, 2.0, 4.0
_SAC_CLOSES, _CONUS_TAPER, _CONUS_Q = 14.0, 38.0, 431.0
#: Sum of C1..S2 and stature of the adult the outlines belong to.
_TOTAL, _STATURE = 619.9, 1700.0
#: Anterior offset of the cord grows with the drawn width.
_OFFSET_SHARE = 0.6
_LUMBAR_STEPS = (("L5", 0.24), ("L4", 0.24), ("L3", 0.20), ("L2", 0.18), ("L1", 0.14))


@dataclass
class Spine:
    """Geometry of axis, sac and cord in mm; widths already exaggerated by `w`, `scale` is 1 in an adult of 1.70 m."""

    lengths: dict[str, float]
    mid: dict[str, float]
    top: dict[str, float]
    sac_end: float
    end: float
    w: float
    phi: Callable[[float], float]
    sac_open: Callable[[float], float]
    cord_open: Callable[[float], float]
    offset: Callable[[float], float]
    conus_tip: float
    scale: float = 1.0
    axis: list[Point] = field(default_factory=list)
    start: float = _ABOVE

    def point(self, q: float) -> Point:
        """(anterior, superior) of the axis at arc length q."""
        x = (min(max(q, self.start), self.end) - self.start) / _STEP
        i = min(int(x), len(self.axis) - 2)
        (a0, s0), (a1, s1) = self.axis[i], self.axis[i + 1]
        return a0 + (a1 - a0) * (x - i), s0 + (s1 - s0) * (x - i)

    def normal(self, q: float) -> Point:
        """Unit vector to anterior."""
        phi = math.radians(self.phi(q))
        return math.cos(phi), math.sin(phi)

    def tangent(self, q: float) -> Point:
        """Unit vector to caudal."""
        phi = math.radians(self.phi(q))
        return math.sin(phi), -math.cos(phi)

    def at(self, q: float, d: float) -> Point:
        """The point `d` mm in front of the axis."""
        (a, s), (na, ns) = self.point(q), self.normal(q)
        return a + d * na, s + d * ns

    def half_sac(self, q: float) -> float:
        """Half the drawn sagittal width of the dural sac; closes as a square root over its last 14 mm."""
        if q >= self.sac_end:
            return 0.0
        return self.sac_open(q) / 2 * math.sqrt(min((self.sac_end - q) / (_SAC_CLOSES * self.scale), 1.0))

    def half_canal(self, q: float) -> float:
        """Half the canal between the bones: the sac before it closes, then narrowing to the coccyx."""
        s2, s5 = self.mid["S2"], self.top["Co1"]
        open_half = self.sac_open(min(q, s2)) / 2
        if q <= s2:
            return open_half
        return open_half + (2.2 - open_half) * min((q - s2) / (s5 - s2), 1.0)

    def half_cord(self, q: float) -> float:
        """Half the drawn width of the cord; the conus tapers over its last 38 mm."""
        left = self.conus_tip - q
        if left <= 0:
            return 0.0
        return self.cord_open(q) / 2 * min(left / (_CONUS_TAPER * self.scale), 1.0) ** 0.75

    def level_q(self, level: str) -> float:
        """Arc length of the middle of a level; S2 counts only its part above the end of the sac."""
        return (self.top["S2"] + self.sac_end) / 2 if level == "S2" else self.mid[level]

    def q_at(self, s: float) -> float:
        """Arc length at which the axis passes the height `s` (mm), clipped to its ends."""
        lo, hi = 0, len(self.axis) - 1
        if s >= self.axis[0][1]:
            return self.start
        while hi - lo > 1:
            i = (lo + hi) // 2
            lo, hi = (i, hi) if self.axis[i][1] >= s else (lo, i)
        return self.start + lo * _STEP


def _widths(p: Parameters, kind: str, k_table: Mapping[str, float], mid: Mapping[str, float],
            levels: tuple[str, ...], w: float) -> Callable[[float], float]:  # fmt: skip
    k = linear([mid[lv] for lv in k_table], list(k_table.values()))
    qs = [mid[lv] for lv in levels]
    areas = [p.in_unit(f"{kind}_{lv}", "mm2") for lv in levels]
    return pchip(qs, [w * math.sqrt(4 * area / (math.pi * k(q))) for q, area in zip(qs, areas, strict=True)])


def _integrate(phi: Callable[[float], float], end: float) -> list[Point]:
    """Axis points every 0.5 mm from q = -20 to the end, with q = 0 at the origin (trapezoid)."""
    n = round(-_ABOVE / _STEP)
    count = n + math.ceil(end / _STEP) + 1
    angle = [math.radians(phi(_ABOVE + i * _STEP)) for i in range(count)]
    points = [(0.0, 0.0)]
    for p, q in zip(angle, angle[1:], strict=False):
        a, s = points[-1]
        points.append((a + _STEP * (math.sin(p) + math.sin(q)) / 2, s - _STEP * (math.cos(p) + math.cos(q)) / 2))
    a0, s0 = points[n]
    return [(a - a0, s - s0) for a, s in points]


def build_spine(
    parameters: Parameters | None = None,
    *,
    w: float = 1.45,
    lengths: Mapping[str, float] | None = None,
    stature_mm: float | None = None,
    conus_level: str | None = None,
    curvature: float = 1.0,
    neck_flexion: float = 0.0,
    lumbar_flexion: float = 0.0,
) -> Spine:
    """The drawn canal of a person.

    Parameters
    ----------
    parameters : Parameters, optional
        Lengths ``len_*`` (mm) and areas ``sac_*``, ``cord_*`` (mm2); the defaults if None.
    w : float
        How many times too wide sac and cord are drawn.
    lengths : mapping, optional
        Lengths in mm that replace ``len_*``.
    stature_mm : float, optional
        The size: the lengths keep their proportions and their sum becomes that of an adult of 1.70 m times
        stature / 1700. Without it the lengths are taken as they are.
    conus_level : str, optional
        Level in whose middle the cord ends (L3 in a newborn); the adult place at L1 if None.
    curvature : float
        Share of the adult angles: 0.2 in a newborn, 1 from ten years on.
    neck_flexion, lumbar_flexion : float
        Forward bending in degrees; T1 and S1 hold still.

    Examples
    --------
    >>> spine = build_spine()
    >>> round(spine.sac_end), round(spine.conus_tip)
    (620, 431)
    """
    p = parameters if parameters is not None else default_parameters()
    spec = table()["spine"]
    size = {lv: p.in_unit(f"len_{lv}", "mm") for lv in LEVELS[1:]} | dict(lengths or {})
    total = sum(size[lv] for lv in LEVELS[1:])
    if stature_mm is not None:
        factor = _TOTAL * stature_mm / _STATURE / total
        size, total = {lv: factor * mm for lv, mm in size.items()}, factor * total
    ratio = total / _TOTAL
    sac_part_of_s2 = size["S2"]
    size |= {lv: mm * ratio for lv, mm in spec["tail_lengths"].items()}
    mid, top, q = {"FM": 0.0}, {"FM": 0.0}, 0.0
    for level in (*LEVELS[1:], *TAIL):
        top[level], mid[level] = q, q + size[level] / 2
        q += size[level]
    names = [lv for lv in spec["phi"]]
    knots = [_ABOVE, 0.0, *(mid[lv] for lv in names)]
    neutral = [curvature * x for x in (_ABOVE_PHI, _FM_PHI, *(spec["phi"][lv] for lv in names))]

    def bend(x: float) -> float:
        neck = neck_flexion * min(max((mid["T1"] - x) / mid["T1"], 0.0), 1.0)
        return neck + lumbar_flexion * sum(share for lv, share in _LUMBAR_STEPS if x <= mid[lv] + 1e-9)

    phi = pchip(knots, [v - bend(x) for x, v in zip(knots, neutral, strict=True)])
    axis = _integrate(phi, q)
    canal = LEVELS[1:]
    sac = _widths(p, "sac", spec["k_sac"], mid, canal, w)
    cord = _widths(p, "cord", spec["k_cord"], mid, (*CERVICAL, *THORACIC), w)
    offset = linear([mid[lv] for lv in spec["cord_offset"]],
                    [_OFFSET_SHARE * w * x for x in spec["cord_offset"].values()])  # fmt: skip
    sac_end = top["S2"] + sac_part_of_s2
    tip = mid[conus_level] if conus_level else _CONUS_Q * ratio
    spine = Spine(size, mid, top, sac_end, q, w, phi, sac, cord, offset, tip, ratio, axis)
    if neck_flexion or lumbar_flexion:
        still = build_spine(p, w=w, lengths=lengths, stature_mm=stature_mm, curvature=curvature)
        fixed = "S1" if lumbar_flexion else "T1"
        (a1, s1), (a0, s0) = still.point(mid[fixed]), spine.point(mid[fixed])
        spine.axis = [(a + a1 - a0, s + s1 - s0) for a, s in spine.axis]
    return spine
