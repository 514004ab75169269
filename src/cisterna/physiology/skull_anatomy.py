"""The human skull on its ellipsoid: plates, where the sutures run, and where each head station touches it.

Eight rigid plates: frontal (with the ethmoid), two parietals, occiput, two temporals, sphenoid, and the
facial skeleton as one body hung on frontal, sphenoid and temporals. Left out: a separate ethmoid, single
facial bones, the metopic suture of the newborn, the foramen magnum (the base is closed here; the spine
carries its own pull). Landmarks are directions from the centre, given by the angles of
``parameters/skull.csv``; all are assumed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from cisterna.ground.parameter import Parameters
from cisterna.physiology.skull_geometry import (
    Array,
    Line,
    Pad,
    SkullGeometry,
    arc,
    build,
    disc,
    vault_borders,
)
from cisterna.physiology.stations import Station, in_region, station

PLATES: tuple[str, ...] = (
    "frontal", "parietal.R", "parietal.L", "occiput", "temporal.R", "temporal.L", "sphenoid", "face",
)  # fmt: skip
#: Sutures that a touch or a pressure is asked about by name; the other lines are joints of base and face.
SUTURES: tuple[str, ...] = ("sagittal", "coronal", "lambdoid", "squamosal")
_MIDLINE = {"bregma": 90.0, "lambda": -90.0, "sphenofrontal_mid": 90.0}
_PAIRED = (
    "pterion", "sphenion", "squamosal_apex", "asterion", "jugular", "petrous", "wing_upper", "wing_lower",
    "orbit_roof", "euryon",
)  # fmt: skip
#: Paired sutures, right side: name, plate to the left of travel, plate to the right, landmarks on the way.
_PAIRED_LINES = (
    ("coronal", "frontal", "parietal", ("bregma", "pterion")),
    ("lambdoid", "parietal", "occiput", ("lambda", "asterion")),
    ("squamosal", "temporal", "parietal", ("sphenion", "squamosal_apex", "asterion")),
    ("sphenoparietal", "sphenoid", "parietal", ("pterion", "sphenion")),
    ("sphenofrontal", "frontal", "sphenoid", ("pterion", "orbit_roof", "sphenofrontal_mid")),
    ("sphenosquamosal", "sphenoid", "temporal", ("sphenion", "wing_upper", "wing_lower", "petrous")),
    ("occipitomastoid", "temporal", "occiput", ("asterion", "jugular")),
    ("petro-occipital", "temporal", "occiput", ("jugular", "petrous")),
)
#: Joints of the face: name, plate it hangs on, axis of the line, opening direction towards the face.
_FACE_JOINTS = (
    ("frontonasal", "frontal", (1.0, 0.0, 0.0), (0.0, 0.0, -1.0)),
    ("frontozygomatic", "frontal", (0.0, 1.0, 0.0), (0.0, 0.0, -1.0)),
    ("sphenozygomatic", "sphenoid", (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)),
    ("pterygomaxillary", "sphenoid", (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)),
    ("zygomaticotemporal", "temporal", (0.0, 0.0, 1.0), (0.0, 1.0, 0.0)),
)
#: Stations off the vault: the plate that takes the load. A jaw pushes on the temporal through its joint.
_OFF_VAULT = {
    "mandible": "temporal", "zygoma": "face", "nasal": "face", "maxilla": "face", "vomer": "face",
    "palatine": "face", "pterygoid": "sphenoid",
}  # fmt: skip
#: A flat palm touches no more than this part of a small head's radius.
_WIDEST_PAD = 0.6
#: Radius of a caliper tip, head radii.
_CALIPER = 0.05


Point = tuple[float, float, float]


@dataclass(frozen=True)
class Anatomy:
    """The measures of an adult skull that its geometry is built from (hashable, so the build is done once).

    Attributes
    ----------
    axes : 3 floats
        Half axes of the vault, right, front, up, cm.
    centre : 3 floats
        Centre of the vault from the centre of the foramen magnum, RAS, cm.
    angles : tuple of (name, azimuth, elevation)
        Landmark directions, rad; paired ones of the right side.
    joints : tuple of (name, midpoint, length)
        Joints of the face, right side, RAS, cm; the jaw joint has length 0.
    """

    axes: Point
    centre: Point
    angles: tuple[tuple[str, float, float], ...]
    joints: tuple[tuple[str, Point, float], ...]

    @property
    def radius(self) -> float:
        """Geometric-mean half axis, cm."""
        return math.prod(self.axes) ** (1 / 3)

    @property
    def shape(self) -> Array:
        """Half axes in head radii."""
        return np.array(self.axes) / self.radius

    def landmarks(self) -> dict[str, Array]:
        """Directions on the unit sphere; paired landmarks as ``name.R`` and ``name.L``."""
        found = {}
        for name, a, e in self.angles:
            mark = np.array([math.cos(e) * math.cos(a), math.cos(e) * math.sin(a), math.sin(e)])
            if name in _MIDLINE:
                found[name] = mark * (0.0, 1.0, 1.0)
            else:
                found[f"{name}.R"], found[f"{name}.L"] = mark, mark * (-1.0, 1.0, 1.0)
        return found

    def joint(self, name: str, side: str) -> tuple[Array, float]:
        """Midpoint in head radii from the centre, and length in head radii."""
        middle, length = next((m, n) for label, m, n in self.joints if label == name)
        mirrored = np.array(middle) * ((-1.0 if side == "L" else 1.0), 1.0, 1.0)
        return (mirrored - self.centre) / self.radius, length / self.radius

    def spot(self, place: Station) -> Array:
        """Position of a station in head radii from the centre."""
        return (np.array(place.position) - self.centre) / self.radius


def anatomy(parameters: Parameters) -> Anatomy:
    """The adult measures of a parameter set.

    Examples
    --------
    >>> from cisterna.ground.parameter import default_parameters
    >>> round(anatomy(default_parameters()).radius, 2)
    7.68
    """
    value = parameters.value

    def joint(name: str) -> tuple[str, Point, float]:
        x = 0.0 if name == "frontonasal" else value(f"skull_{name}_x")
        length = 0.0 if name == "tmj" else value(f"skull_{name}_length")
        return name, (x, value(f"skull_{name}_y"), value(f"skull_{name}_z")), length

    axes = (value("skull_half_width"), value("skull_half_length"), value("skull_half_height"))
    midline = [(name, math.radians(a), value(f"skull_{name}_el")) for name, a in _MIDLINE.items()]
    paired = [(name, value(f"skull_{name}_az"), value(f"skull_{name}_el")) for name in _PAIRED]
    return Anatomy(
        axes=axes,
        centre=(0.0, value("skull_center_y"), value("skull_center_z")),
        angles=tuple(midline + paired),
        joints=tuple(joint(name) for name in (*(row[0] for row in _FACE_JOINTS), "tmj")),
    )


def _vault_lines(marks: dict[str, Array], shape: Array) -> list[Line]:
    def sided(plate: str, side: str) -> str:
        return f"{plate}.{side}" if plate in ("parietal", "temporal") else plate

    lines = [
        Line("sagittal", "parietal.R", "parietal.L", arc([marks["bregma"], marks["lambda"]], shape)),
        Line("spheno-occipital", "sphenoid", "occiput", arc([marks["petrous.L"], marks["petrous.R"]], shape)),
    ]
    for side in "RL":
        for name, left, right, way in _PAIRED_LINES:
            chain = arc([marks[m] if m in marks else marks[f"{m}.{side}"] for m in way], shape)
            mirrored = chain if side == "R" else chain[::-1]
            lines.append(Line(f"{name}.{side}", sided(left, side), sided(right, side), mirrored))
    return lines


def _face_lines(body: Anatomy) -> list[Line]:
    lines = []
    for name, plate, axis, opening in _FACE_JOINTS:
        for side in "M" if name == "frontonasal" else "RL":
            middle, length = body.joint(name, side)
            chain = middle + length * np.linspace(-0.5, 0.5, 9)[:, None] * np.array(axis)
            label = name if side == "M" else f"{name}.{side}"
            hung_on = f"{plate}.{side}" if plate == "temporal" else plate
            lines.append(Line(label, "face", hung_on, chain, np.array(opening)))
    return lines


def touched() -> tuple[Station, ...]:
    """Stations where a hand loads the skull, in the order of the table."""
    return in_region("head", "face", "cranial_base")


def _pad(place: Station, body: Anatomy, radius: float, borders: dict[str, Array]) -> Pad:
    reach = min(place.radius / radius, _WIDEST_PAD)
    if place.base in _OFF_VAULT:
        plate = _OFF_VAULT[place.base]
        jaw = place.base == "mandible"
        spot = body.joint("tmj", place.side)[0] if jaw else body.spot(place)
        plate = f"{plate}.{place.side}" if plate == "temporal" else plate
        return Pad(place.id, (plate,), spot[None, :], np.array(place.outward), reach * radius)
    pad = disc(body.spot(place) / body.shape, reach, body.shape, borders, place.id)
    outward = np.array(place.outward) if place.has_own_outward else pad.outward
    return replace(pad, outward=outward, radius=reach * radius)


@lru_cache(maxsize=32)
def human_skull(body: Anatomy, radius: float) -> SkullGeometry:
    """Geometry of a human head of adult proportions and any size.

    Parameters
    ----------
    body : Anatomy
        Adult measures; only their ratios enter.
    radius : float
        Geometric-mean half axis of this head, cm: hands keep their size, so pads cover more of a small head.
    """
    marks, shape = body.landmarks(), body.shape
    vault = _vault_lines(marks, shape)
    borders = vault_borders(vault, shape)

    def ends(first: Array, second: Array) -> tuple[Pad, Pad]:
        return disc(first, _CALIPER, shape, borders, "a"), disc(second, _CALIPER, shape, borders, "b")

    back, front = (body.spot(station(name)) / shape for name in ("occiput", "fronto_occipital"))
    return build(
        PLATES,
        vault + _face_lines(body),
        shape,
        [_pad(place, body, radius, borders) for place in touched()],
        width=ends(marks["euryon.L"], marks["euryon.R"]),
        depth=ends(back, front),
    )
