"""Places on the body where a hand rests: position, contact area, soft layers, direction of a load.

The table ``stations.csv`` beside this file is the shared one, unchanged. Frame: RAS, x right, y front, z up
the spine, origin at the centre of the foramen magnum, adult of 1.70 m lying supine on a table at y =
-90 mm. Almost every number in it is assumed, and its `status` says so. This module needs no JAX and no NumPy.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.parameter import Parameters
from cisterna.ground.units import to_internal

Vector = tuple[float, float, float]

#: The seven listening stations of an evaluation, in the order they are taken; each is a left and right pair.
LISTENING: tuple[str, ...] = ("heel", "dorsum", "thigh", "asis", "ribs", "shoulder", "vault")
#: Listening stations held beside the seven.
BESIDE: tuple[str, ...] = ("sacrum", "occiput")
#: Direction words a load may be given in, besides a vector.
DIRECTIONS: tuple[str, ...] = (
    "inward", "outward", "medial", "lateral", "cephalad", "caudad", "anterior", "posterior",
)  # fmt: skip
_AXIS: dict[str, Vector] = {
    "anterior": (0.0, 1.0, 0.0),
    "posterior": (0.0, -1.0, 0.0),
    "cephalad": (0.0, 0.0, 1.0),
    "caudad": (0.0, 0.0, -1.0),
}
#: Outward side of the skin where the hand does not lie on the front or back of the trunk (right; x mirrors).
_OUTWARD: dict[str, Vector] = {
    "shoulder": (1.0, 0.0, 1.0),
    "mandible": (1.0, 0.0, 0.0),
    "zygoma": (1.0, 1.0, 0.0),
    "ear": (1.0, 0.0, 0.0),
    "vomer": (0.0, 0.0, -1.0),
    "palatine": (0.0, 0.0, -1.0),
    "pterygoid": (-1.0, 0.0, 0.0),
    "hyoid": (1.0, 1.0, 0.0),
}
_WORDS = (
    "id", "name", "side", "kind", "region", "landmark", "load_direction", "hand_pose", "status", "source",
)  # fmt: skip
#: Stations without bone that lie on no deep soft mass either: free cartilage, and a membrane over fluid.
_NO_MASS_BELOW = ("ear", "fontanelle")


@dataclass(frozen=True)
class Station:
    """One place under a hand.

    Attributes
    ----------
    id, name, side, kind, region, landmark, load_direction, hand_pose, status, source : str
        As in the table; side ``L``, ``R`` or ``M``; kind ``station`` (listening), ``site`` or ``both``.
    position : tuple of 3 floats
        RAS, cm.
    area : float
        Contact area of the hand, cm2.
    layers : tuple of 4 floats
        Thickness of skin, fat, fascia and muscle, cm.
    bone : float
        Thickness of the bone below, cm; 0 means a soft mass.
    preload : float
        Body weight that rests on the hand, mmHg cm2.
    modulus, modulus_low, modulus_high : float
        Modulus of the layers together, mmHg.
    stiffness, shear : float
        Immediate stiffness of the layers along and across the outward direction, mmHg cm.
    creep : tuple of 2 pairs
        (share of the immediate deflection, time constant in s) of the two creeping branches.
    cells : Mapping
        The row as it stands in the table, in its own units (motions, frequency bands, arteries).
    """

    id: str
    name: str
    side: str
    kind: str
    region: str
    landmark: str
    load_direction: str
    hand_pose: str
    status: str
    source: str
    position: Vector
    area: float
    layers: tuple[float, float, float, float]
    bone: float
    preload: float
    modulus: float
    modulus_low: float
    modulus_high: float
    stiffness: float
    shear: float
    creep: tuple[tuple[float, float], tuple[float, float]]
    cells: Mapping[str, str]

    @property
    def base(self) -> str:
        """Name without the side."""
        return self.id.split(".")[0]

    @property
    def radius(self) -> float:
        """Radius of the disc of the contact area, cm."""
        return math.sqrt(self.area / math.pi)

    @property
    def depth(self) -> float:
        """Depth of the soft layers, cm."""
        return sum(self.layers)

    @property
    def soft_below(self) -> bool:
        """Whether the layers rest on a soft mass instead of bone."""
        return self.bone == 0.0 and self.base not in _NO_MASS_BELOW

    @property
    def outward(self) -> Vector:
        """Unit vector out of the skin, RAS. On the trunk and limbs front or back, whichever is nearer.

        The head uses the normal of the skull instead (`skull_geometry`), except at the ear and the face.
        """
        mirror = -1.0 if self.side == "L" else 1.0
        x, y, z = _OUTWARD.get(self.base, (0.0, 1.0 if self.position[1] > 0 else -1.0, 0.0))
        length = math.sqrt(x * x + y * y + z * z)
        return (mirror * x / length, y / length, z / length)

    @property
    def has_own_outward(self) -> bool:
        """Whether the outward direction is listed for this station by hand pose."""
        return self.base in _OUTWARD


def _station(cells: Mapping[str, str]) -> Station:
    def number(key: str, unit: str) -> float:
        return to_internal(float(cells[key]), unit)

    position = (number("x_mm", "mm"), number("y_mm", "mm"), number("z_mm", "mm"))
    skin, fat, fascia, muscle = (number(f"{layer}_mm", "mm") for layer in ("skin", "fat", "fascia", "muscle"))
    return Station(
        **{key: cells[key] for key in _WORDS},
        position=position,
        area=number("contact_area_cm2", "cm2"),
        layers=(skin, fat, fascia, muscle),
        bone=number("bone_mm", "mm"),
        preload=number("preload_N", "N"),
        modulus=number("E_eff_kPa", "kPa"),
        modulus_low=number("E_low_kPa", "kPa"),
        modulus_high=number("E_high_kPa", "kPa"),
        stiffness=number("stiffness_N_per_mm", "N/mm"),
        shear=number("shear_N_per_mm", "N/mm"),
        creep=(
            (float(cells["creep1_fraction"]), float(cells["creep1_tau_s"])),
            (float(cells["creep2_fraction"]), float(cells["creep2_tau_s"])),
        ),
        cells=dict(cells),
    )


@lru_cache(maxsize=1)
def stations() -> Mapping[str, Station]:
    """All stations by name, in the order of the table.

    Examples
    --------
    >>> len(stations())
    67
    """
    text = (resources.files("cisterna.physiology") / "stations.csv").read_text(encoding="utf-8")
    return {cells["id"]: _station(cells) for cells in csv.DictReader(text.splitlines())}


def station(name: str) -> Station:
    """A station by name.

    Raises
    ------
    CisternaError
        Unknown name, with the nearest right one; a paired place without its side.

    Examples
    --------
    >>> station("frontal.R").area
    1.6
    >>> station("frontl.R")
    Traceback (most recent call last):
        ...
    cisterna.ground.errors.UnknownName: no station 'frontl.R'
      mend    did you mean 'frontal.R'?
    """
    known = stations()
    if name in known:
        return known[name]
    if f"{name}.L" in known:
        raise CisternaError(f"station '{name}' has two sides", mend=f"write '{name}.L' or '{name}.R'")
    raise UnknownName("station", name, list(known))


def sides(name: str) -> tuple[Station, ...]:
    """Both sides of a paired place, or the one station of the midline.

    Examples
    --------
    >>> [s.id for s in sides("vault")], [s.id for s in sides("sacrum")]
    (['vault.L', 'vault.R'], ['sacrum'])
    """
    known = stations()
    pair = tuple(known[f"{name}.{side}"] for side in "LR" if f"{name}.{side}" in known)
    return pair or (station(name),)


def in_region(*regions: str) -> tuple[Station, ...]:
    """Stations of the named regions (feet, limb, pelvis, trunk, neck, cranial_base, head, face)."""
    known = sorted({s.region for s in stations().values()})
    for region in regions:
        if region not in known:
            raise UnknownName("region", region, known)
    return tuple(s for s in stations().values() if s.region in regions)


def direction(word: str | Vector, outward: Vector, side: str = "M", where: str = "") -> Vector:
    """Unit vector of a load, RAS.

    Parameters
    ----------
    word : str or vector
        One of `DIRECTIONS`, or three numbers (right, front, up the spine) of any length.
    outward : vector
        Outward unit vector of the place.
    side : str
        ``L``, ``R`` or ``M``; the midline has no medial and no lateral.

    Examples
    --------
    >>> direction("medial", (1.0, 0.0, 0.0), "R")
    (-1.0, 0.0, 0.0)
    """
    if not isinstance(word, str):
        x, y, z = (float(part) for part in word)
        length = math.sqrt(x * x + y * y + z * z)
        if not 0.0 < length < math.inf:
            what = "a direction needs three finite numbers, not all zero"
            raise CisternaError(what, where=where, found=str(word))
        return (x / length, y / length, z / length)
    if word in ("inward", "outward"):
        sign = 1.0 if word == "outward" else -1.0
        return (sign * outward[0], sign * outward[1], sign * outward[2])
    if word in ("medial", "lateral"):
        if side not in ("L", "R"):
            mend = "load both sides, or give a vector"
            raise CisternaError(f"the midline has no '{word}' direction", where=where, mend=mend)
        return ((1.0 if (side == "R") == (word == "lateral") else -1.0), 0.0, 0.0)
    if word not in _AXIS:
        raise UnknownName("direction", word, list(DIRECTIONS), where)
    return _AXIS[word]


def force_levels(place: Station, parameters: Parameters) -> dict[str, tuple[float, float, float]]:
    """Forces of a hand at a place as (value, low, high), mmHg cm2: what is taught, and what was measured.

    ``taught`` is the claimed touch of 5 gf whatever the area. ``practice`` is the measured pressure times the
    contact area; it was measured under fingers, so over a palm it is an upper estimate.

    Examples
    --------
    >>> from cisterna.ground.parameter import default_parameters
    >>> levels = force_levels(station("frontal.R"), default_parameters())
    >>> round(levels["taught"][0], 2), round(levels["practice"][0], 1)
    (3.68, 64.8)
    """
    taught, pressure = parameters["touch_5g_force"], parameters["practice_pressure"]

    def band(row: object, factor: float) -> tuple[float, float, float]:
        numbers = (getattr(row, key) for key in ("value", "low", "high"))
        value, low, high = (factor * to_internal(number, getattr(row, "unit")) for number in numbers)  # noqa: B009
        return value, low, high

    return {"taught": band(taught, 1.0), "practice": band(pressure, place.area)}
