"""What one touch does at rest, in closed form: skin, bone, sutures, volume, pressure; with ranges.

A cross-check for the dynamic model and a quick answer for a table. Linear in the force, and exactly zero
without one; only an open fontanelle is not linear. With F the load, g and c of the skull's port, C the
craniospinal compliance:

    dV_skull = g . F,        dICP = -dV_skull / C,        bone = c F (with the local dent).

Ranges: each material row is moved to its low and high end alone (head size and landmarks stay); the changes
are added in quadrature, as logarithms where the sign does not change.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameter, Parameters
from cisterna.ground.units import from_internal, to_internal
from cisterna.physiology.contact import contact_at, creep
from cisterna.physiology.fontanelle import anterior_fontanelle, press
from cisterna.physiology.skull import MATERIAL_ROWS, SkullMaterial, by_age, condense, skull_material
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
        """The span scaled; its ends stay in order, and nothing times anything is a plain zero."""
        low, high = sorted((self.low * factor, self.high * factor))
        return Span(self.value * factor + 0.0, low + 0.0, high + 0.0)


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
        shown = []
        for name, unit, span in listed:
            value, low, high = (from_internal(part, unit) for part in span)
            shown.append((name, unit, value, low, high))
        return shown


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
    bone = volume = Span(0.0, 0.0, 0.0)
    gaps: dict[str, Span] = {}
    joints: dict[str, Span] = {}
    note = "off the skull"
    if on_skull:
        note = "linear and static; adult soft layers at every age"
        spans = _skull_spans(age, material, geometry, where, load, support, parameters)
        bone, volume, *openings = (span.times(force) for span in spans)
        gaps = dict(zip(SUTURES, openings[: len(SUTURES)], strict=True))
        joints = dict(zip(SUTURES, openings[len(SUTURES) :], strict=True))
        if where == "fontanelle" and anterior_fontanelle(age, parameters) is not None:
            inward = -sum(a * b for a, b in zip(load, outward, strict=True)) * force
            bone, volume = _membrane_spans(age, parameters, icp, inward, place.radius)
            note = "an open fontanelle is never to be loaded; this is what a load would do"
    rise = combine(
        -volume.value / store.value,
        [(-v / store.value, -volume.value / c) for v, c in zip(volume[1:], store[1:], strict=True)],
    )
    return TouchEffect(where, age, force, load, tissue, held, bone, gaps, joints, volume, rise, store, note)


def combine(value: float, moved: Sequence[Sequence[float]]) -> Span:
    """Span of a result from what it becomes when one input at a time sits at an end of its range.

    The changes are independent: added in quadrature, as logarithms while all results have the sign of
    `value`, else as they are.

    Examples
    --------
    >>> combine(1.0, [(0.5, 2.0)])
    Span(value=1.0, low=0.5, high=2.0)
    """
    if value == 0.0 and all(part == 0.0 for row in moved for part in row):
        return Span(0.0, 0.0, 0.0)
    results = np.array(moved, dtype=float).reshape(-1)
    if value != 0.0 and np.all(results / value > 0.0):
        logs = np.log(results / value)
        grown = math.exp(math.sqrt(float(np.sum(np.maximum(logs, 0.0) ** 2))))
        shrunk = math.exp(-math.sqrt(float(np.sum(np.minimum(logs, 0.0) ** 2))))
        low, high = sorted((value * shrunk, value * grown))
        return Span(value, low, high)
    change = results - value
    down = math.sqrt(float(np.sum(np.minimum(change, 0.0) ** 2)))
    up = math.sqrt(float(np.sum(np.maximum(change, 0.0) ** 2)))
    return Span(value, value - down, value + up)


def _ends(parameters: Parameters, key: str) -> tuple[float, float, float]:
    """Value, low and high of a parameter, internal units."""
    row: Parameter = parameters[key]
    if row.status == "set":  # a number that was chosen has no range
        return row.internal, row.internal, row.internal
    low, high = (to_internal(end, row.unit) for end in (row.low, row.high))
    return row.internal, min(low, row.internal), max(high, row.internal)


def _compliance(age: float, icp: float, given: float | None, parameters: Parameters) -> Span:
    if given is not None:
        if not 0.0 < given < math.inf:
            raise CisternaError("craniospinal compliance must be positive", found=f"{given:g} mL/mmHg")
        return Span(given, given, given)
    above = icp - parameters.value("p0_ref")
    if above <= 0.0:
        mend = "give the craniospinal compliance"
        what = "no compliance follows from an ICP at or below P0"
        raise CisternaError(what, found=f"{icp:g} mmHg", mend=mend)
    rows = [_ends(parameters, key) for key in ("pvi_infant", "pvi_child", "pvi_adult")]
    indices = [by_age(age, (a, b, c), parameters) for a, b, c in zip(*rows, strict=True)]
    return Span(*(_LOG10_E * index / above for index in indices))


def _tissue(place: Station, parameters: Parameters, load: Vector, outward: Vector, held: float) -> Span:
    """Give of the soft layers along a unit load after `held` seconds, cm/(mmHg cm^2)."""
    give = creep(contact_at(place, parameters), held)
    along = sum(a * b for a, b in zip(load, outward, strict=True)) ** 2
    value = float(along * give[0] + (1.0 - along) * give[1])
    return Span(value, value * place.modulus / place.modulus_high, value * place.modulus / place.modulus_low)


@partial(jax.jit, static_argnames=("support",))
def _ports(materials: SkullMaterial, geometry: SkullGeometry, support: str) -> tuple[Any, Any, Any, Any]:
    """Of a stack of materials: g, local compliance, joint openings per force, and the suture's share of them."""

    def one(material: SkullMaterial) -> tuple[Any, Any, Any, Any]:
        port = condense(material, geometry, support)
        local = jnp.einsum("iaib->iab", port.touch_compliance)
        return port.touch, local, port.touch_opening, port.gap_share

    return jax.vmap(one)(materials)


@lru_cache(maxsize=8)
def _stacked_ports(stack: tuple[SkullMaterial, ...], shape: tuple[float, ...], support: str) -> tuple[np.ndarray, ...]:
    """`_ports` once per person: a table of touches asks for the same skull again and again."""
    materials = SkullMaterial(*(jnp.array(column, dtype=float) for column in zip(*stack, strict=True)))
    return tuple(np.asarray(part) for part in _ports(materials, _SHAPES[shape], support))


#: Geometries by head size, so that a cached answer can name the one it belongs to.
_SHAPES: dict[tuple[float, ...], SkullGeometry] = {}


def material_ends(age: float, parameters: Parameters) -> list[tuple[SkullMaterial, SkullMaterial]]:
    """The material with one entry at a time at its low and at its high end."""
    centre = skull_material(age, parameters)
    pairs = []
    for entry, ids in MATERIAL_ROWS.items():
        value, low, high = zip(*(_ends(parameters, key) for key in ids), strict=True)
        if len(ids) == 1:
            pairs.append((centre._replace(**{entry: low[0]}), centre._replace(**{entry: high[0]})))
            continue
        ends = [by_age(age, (end[0], end[1], end[2]), parameters) for end in (low, high)]
        pairs.append((centre._replace(**{entry: ends[0]}), centre._replace(**{entry: ends[1]})))
    return pairs


def _skull_spans(
    age: float,
    material: SkullMaterial,
    geometry: SkullGeometry,
    where: str,
    load: Vector,
    support: str,
    parameters: Parameters,
) -> list[Span]:
    """Bone motion, volume, then gaps and joints of the named sutures, per unit load."""
    stack = (material, *(m for pair in material_ends(age, parameters) for m in pair))
    plain = tuple(SkullMaterial(*(_plain(part) for part in m)) for m in stack)
    shape = (float(material.radius), *(float(v) for v in np.ravel(geometry.outward)))
    _SHAPES.setdefault(shape, geometry)
    touch, local, opened, share = _stacked_ports(plain, shape, support)
    pad, way = geometry.pad(where), np.array(load)
    opening = opened[:, :, pad] @ way
    named = [np.asarray(geometry.line(name)) for name in SUTURES]
    columns = [np.einsum("a,nab,b->n", way, local[:, pad], way), touch[:, pad] @ way]
    columns += [(share * opening)[:, i].mean(axis=1) for i in named]
    columns += [opening[:, i].mean(axis=1) for i in named]
    return [combine(float(column[0]), column[1:].reshape(-1, 2).tolist()) for column in columns]


def _plain(part: Any) -> Any:
    """A material entry that can be a key: a number, or numbers line by line."""
    values = np.asarray(part, dtype=float)
    return float(values) if values.ndim == 0 else tuple(values.tolist())


def _membrane_spans(age: float, parameters: Parameters, icp: float, inward: float, patch: float) -> tuple[Span, Span]:
    """Dent and change of volume of the open fontanelle."""

    def answer(numbers: Parameters) -> tuple[float, float]:
        membrane = anterior_fontanelle(age, numbers)
        if membrane is None:
            return 0.0, 0.0
        touch = press(membrane, icp, inward, patch)
        return float(touch.dent), float(touch.volume)

    def at(key: str, end: float) -> Parameters:
        return parameters.replace_rows({key: replace(parameters[key], value=end)})

    centre = answer(parameters)
    rows = [parameters[key] for key in ("fontanelle_area", "fontanelle_Et", "fontanelle_T0")]
    moved = [(answer(at(row.id, row.low)), answer(at(row.id, row.high))) for row in rows]
    dent, volume = (combine(centre[i], [(low[i], high[i]) for low, high in moved]) for i in (0, 1))
    return dent, volume
