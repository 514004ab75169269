"""What every part of a body drawing shares: screen coordinates, the spine, the value of a place, its colour."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.outside.figures import tokens
from cisterna.outside.figures.numerals import fmt
from cisterna.outside.figures.shapes import linear
from cisterna.outside.figures.spine import LEVELS, Spine
from cisterna.outside.figures.svg import Point

#: Fluid spaces of the head and their names in words.
SPACES = {
    "cortical": "Cortical space",
    "lateral": "Lateral ventricle",
    "third": "Third ventricle",
    "aqueduct": "Aqueduct",
    "fourth": "Fourth ventricle",
    "cisterna_magna": "Cisterna magna",
    "basal": "Basal cisterns",
}
#: Lines are drawn at their nominal px at this scale (px per mm) and thinner below it.
_NOMINAL = 1.3


def _known(values: Mapping[str, float]) -> dict[str, float]:
    places = ("cranial", *SPACES, *LEVELS)
    for place in values:
        if place not in places:
            raise UnknownName("place of the body picture", place, list(places))
    return {k: float(v) for k, v in values.items() if v is not None and math.isfinite(v)}


@dataclass
class Scene:
    """One body on the page.

    Attributes
    ----------
    spine : Spine
        Geometry of the canal.
    k : float
        Screen px per mm.
    origin : tuple
        Screen position of the centre of the foramen magnum.
    values : mapping
        Place -> number; missing levels are interpolated along the canal, missing cranial spaces take
        ``cranial``, else the mean of the given ones, else the value at the top of the canal.
    scale : tuple
        Limits of the colour scale.
    head_turn : float
        Forward nod of the head in degrees.
    neutral : Spine
        The spine before bending; the skin follows the difference.
    """

    spine: Spine
    k: float
    origin: Point
    values: Mapping[str, float]
    scale: tuple[float, float]
    unit: str = "mmHg"
    quantity: str = "pressure"
    prefix: str = "body"
    head_scale: float = 1.0
    body_scale: float = 1.0
    head_turn: float = 0.0
    volumes: Mapping[str, float] = field(default_factory=dict)
    neutral: Spine | None = None

    def __post_init__(self) -> None:
        if not self.scale[1] > self.scale[0]:
            found = f"{self.scale[0]:g} to {self.scale[1]:g}"
            raise CisternaError("a colour scale needs a low and a higher limit", where="scale", found=found)
        self.values = _known(self.values)
        self._turn = math.radians(self.head_turn)
        self.neutral = self.neutral or self.spine
        self._fm = self.spine.point(0.0)
        given = [lv for lv in LEVELS if lv in self.values]
        self._canal = (
            linear([self.spine.level_q(lv) for lv in given], [self.values[lv] for lv in given]) if given else None
        )

    def xy(self, p: Point) -> Point:
        """Screen position of a point (anterior, superior) in mm; the figure faces left."""
        return self.origin[0] - p[0] * self.k, self.origin[1] - p[1] * self.k

    def trunk_point(self, p: Point) -> Point:
        """A point of the trunk (neutral position, mm) carried along by the bent spine."""
        if self.neutral is None or self.neutral is self.spine:
            return p
        q = self.neutral.q_at(p[1])
        (a0, s0), (a1, s1) = self.neutral.point(q), self.spine.point(q)
        turn = math.radians(self.spine.phi(q) - self.neutral.phi(q))
        a, s = p[0] - a0, p[1] - s0
        return a1 + a * math.cos(turn) - s * math.sin(turn), s1 + a * math.sin(turn) + s * math.cos(turn)

    def many(self, points: Iterable[Point]) -> list[Point]:
        """Screen positions of points."""
        return [self.xy(p) for p in points]

    def head_point(self, p: Point) -> Point:
        """A point of the head after its scaling and the nod about the foramen magnum, in mm."""
        a, s = p[0] * self.head_scale, p[1] * self.head_scale
        cos, sin = math.cos(self._turn), math.sin(self._turn)
        return self._fm[0] + a * cos + s * sin, self._fm[1] - a * sin + s * cos

    def head(self, points: Iterable[Point]) -> list[Point]:
        """Screen positions of points of the head."""
        return [self.xy(self.head_point(p)) for p in points]

    def along(self, q: float, d: float = 0.0) -> Point:
        """Screen position `d` mm in front of the axis at arc length q."""
        return self.xy(self.spine.at(q, d))

    def lw(self, px: float) -> float:
        """Line width for this size of drawing."""
        return px * min(max((self.k / _NOMINAL) ** 0.8, 0.5), 1.15)

    def value(self, place: str) -> float | None:
        """The number of a cranial space or level, None if nothing is known."""
        if place in LEVELS:
            return self.canal(self.spine.level_q(place))
        if place in self.values:
            return self.values[place]
        if "cranial" in self.values:
            return self.values["cranial"]
        known = [self.values[s] for s in SPACES if s in self.values]
        if known:
            return sum(known) / len(known)
        return self._canal(0.0) if self._canal else None

    def canal(self, q: float) -> float | None:
        """The number at arc length q of the canal, None if nothing is known."""
        if self._canal:
            return self._canal(q)
        return self.value("cisterna_magna") if self.values else None

    def colour(self, value: float | None) -> str:
        """Colour of a number; without one the fluid is quiet."""
        return "quiet-fluid" if value is None else tokens.tide(value, *self.scale)

    def told(self, name: str, value: float | None) -> str:
        """What a part says: its name and its value."""
        return f"{name}: no value" if value is None else f"{name}: {fmt(value, self.unit)}"
