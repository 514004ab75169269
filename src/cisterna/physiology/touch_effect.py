"""What one touch does at rest, in closed form: skin, bone, sutures, volume, pressure; with ranges.

A cross-check for the dynamic model and a quick answer for a table. Linear in the force, and exactly zero without
one; only an open fontanelle is not linear. With F the load, g and c of the skull's port, C the craniospinal
compliance:

    dV_skull = g . F,        dICP = -dV_skull / C,        bone = c F (with the local dent).

Ranges: each material row is moved to its low and high end alone; the changes are added in quadrature, as
logarithms where the sign does not change.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameter, Parameters
from cisterna.ground.units import from_internal
from cisterna.physiology.contact import Contact, contact_at, creep
from cisterna.physiology.fontanelle import Membrane, anterior_fontanelle, press
from cisterna.physiology.skull import SkullMaterial, by_age, condense, skull_material
from cisterna.physiology.skull_anatomy import SUTURES, anatomy, human_skull, touched
from cisterna.physiology.skull_geometry import SkullGeometry
from cisterna.physiology.stations import Station, Vector, direction, station

_LOG10_E = math.log10(math.e)


class Span(NamedTuple):
    """A value with its low and high end."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Span:
        """The span scaled; its ends stay in order."""
        low, high = sorted((self.low * factor, self.high * factor))
        return Span(self.value * factor + 0.0, low + 0.0, high + 0.0)

    def plus(self, other: Span) -> Span:
        """Sum of two independent spans."""
        down = math.hypot(self.value - self.low, other.value - other.low)
        up = math.hypot(self.high - self.value, other.high - other.value)
        value = self.value + other.value
        return Span(value, value - down, value + up)


@dataclass(frozen=True)
class TouchEffect:
    """Static answer to one touch, internal units (cm, mL, mmHg).

    Attributes
    ----------
    station, age, force, load
        Place, years, size (mmHg cm^2) and unit vector of the load, RAS.
    tissue, tissue_held : Span
        Give of the soft layers along the load at once, and after a minute.
    bone : Span
        Motion of the bone along the load; of the membrane, on an open fontanelle. Zero off the head.
    gaps, joints : dict of Span
        Opening of each named suture's own gap, and of the joint with the bone in series; closing is negative.
    volume : Span
        Change of skull volume, mL; squeezing is negative.
    icp : Span
        Change of intracranial pressure, mmHg.
    compliance : Span
        Craniospinal compliance it was divided by, mL/mmHg.
    note : str
        What to know before using it.
    """

    station: str
    age: float
    force: float
    load: Vector
    tissue: Span
    tissue_held: Span
    bone: Span
    gaps: dict[str, Span]
    joints: dict[str, Span]
    volume: Span
    icp: Span
    compliance: Span
    note: str

    def rows(self) -> list[tuple[str, str, float, float, float]]:
        """(quantity, unit, value, low, high) in units that read well."""
        listed = [
            ("force", "gf", Span(self.force, self.force, self.force)),
            ("skin at once", "um", self.tissue),
            ("skin after 60 s", "um", self.tissue_held),
            ("bone", "nm", self.bone),
            *((f"{name} gap", "nm", span) for name, span in self.gaps.items()),
            *((f"{name} joint", "nm", span) for name, span in self.joints.items()),
            ("skull volume", "uL", self.volume),
            ("ICP", "mmHg", self.icp),
        ]
        return [(name, unit, *(from_internal(part, unit) for part in span)) for name, unit, span in listed]


def touch_effect(
    age: float,
    where: str,
    force: float,
    way: str | Vector,
    icp: float,
    compliance: float | None,
    parameters: Parameters,
    support: str = "free",
) -> TouchEffect:
    """Static effect of a touch on a person.

    Parameters
    ----------
    age : float
        Years; 0 is a term newborn.
    where : str
        Station (`stations.station`).
    force : float
        Size of the load, mmHg cm^2 (5 gf = 3.678).
    way : str or vector
        Direction of the load: ``inward``, ``medial``, ... or RAS (`stations.direction`).
    icp : float
        Intracranial pressure before the touch, mmHg.
    compliance : float or None
        Craniospinal compliance, mL/mmHg; None takes 0.4343 PVI / (ICP - P0) with the pressure volume index of
        the age.
    support : str
        How the reaction is carried (`skull.condense`).

    Examples
    --------
    >>> from cisterna.ground.parameter import default_parameters
    >>> e = touch_effect(40.0, "frontal.R", 3.678, "inward", 10.0, None, default_parameters())
    >>> e.icp.high < 2e-5  # mmHg: five grams on an adult forehead
    True
    """
    if not 0.0 <= force < math.inf:
        found, mend = f"{force:g}", "give its size; the direction has its own place"
        raise CisternaError("a force must be a finite number, not negative", found=found, mend=mend)
    if not math.isfinite(icp):
        raise CisternaError("intracranial pressure must be a finite number", found=f"{icp:g}")
    place = station(where)
    store = _compliance(age, icp, compliance, parameters)
    on_skull = place in touched()
    material = skull_material(age, parameters)
    geometry = human_skull(anatomy(parameters), float(material.radius))
    outward = place.outward
    if on_skull:
        x, y, z = (float(part) for part in geometry.outward[geometry.pad(where)])
        outward = (x, y, z)
    load = direction(way, outward, place.side, where)
    tissue, held = (_tissue(place, parameters, load, outward, time).times(force) for time in (0.0, 60.0))
    bone, volume, gaps, joints, note = Span(0.0, 0.0, 0.0), Span(0.0, 0.0, 0.0), {}, {}, "off the skull"
    if on_skull:
        note = "linear and static; adult soft layers at every age"
        per_force = _bone_spans(age, material, geometry, geometry.pad(where), load, support, parameters)
        bone, volume = per_force[0].times(force), per_force[1].times(force)
        half = 2 + len(SUTURES)
        gaps = {name: span.times(force) for name, span in zip(SUTURES, per_force[2:half], strict=True)}
        joints = {name: span.times(force) for name, span in zip(SUTURES, per_force[half:], strict=True)}
        membrane = anterior_fontanelle(age, parameters) if where == "fontanelle" else None
        if membrane is not None:
            inward = -sum(a * b for a, b in zip(load, outward, strict=True)) * force
            dent, moved = _membrane_spans(membrane, parameters, icp, inward, place.radius)
            bone, volume = bone.plus(dent), volume.plus(moved)
            note = "an open fontanelle is never to be loaded; this says what would happen"
    rise = Span(*sorted((-volume.low / store.low, -volume.high / store.high)), 0.0)  # placeholder order, see below
    rise = _quotient(volume.times(-1.0), store)
    return TouchEffect(where, age, force, load, tissue, held, bone, gaps, joints, volume, rise, store, note)
