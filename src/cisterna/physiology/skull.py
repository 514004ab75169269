"""The skull as a wall: how pressure and a hand move it, condensed once per person to a few numbers.

Rigid plates hang on suture lines; the bone's own give acts in series with each line, and a local dent is
added under a hand (geometry and matrices: `skull_geometry`). Everything is static, linear and
differentiable in the material. Per unit length of a suture, in opening 1/c, in sliding 1/(2 (1 + nu) c), in
hinging t^2 / (12 c):

    c = w / (E_s t) + 1.4 R / (E_b t),      dent = f R / (E_b t^2) / (1 + (r / 1.3 sqrt(R t))^2),

f = sqrt(3 (1 - nu^2)) / 4 = 0.413 (Reissner's point load on a shell). With q = (p, F_1, ...):

    V_skull = V0 + C p + g . F,             u = g p + c F,

one vector g being both volume per force and motion per pressure (Betti). Outward and opening count positive.
Units: cm, mL, mmHg; force mmHg cm^2, so g is in cm/mmHg = mL/(mmHg cm^2) and c in cm/(mmHg cm^2).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.parameter import Parameters
from cisterna.physiology.skull_anatomy import anatomy, human_skull
from cisterna.physiology.skull_geometry import SkullGeometry
from cisterna.physiology.stations import Vector, direction, station

#: How the reaction of a touch is carried: over the whole vault by area, or by the occiput on its rest.
SUPPORTS: tuple[str, ...] = ("free", "occiput")
#: Parameters behind each entry of the material but the radius: newborn, child, adult, or one for all ages.
MATERIAL_ROWS: dict[str, tuple[str, ...]] = {
    "suture_E": ("suture_infant_E", "suture_child_E", "skull_suture_E"),
    "suture_width": ("suture_width_newborn", "suture_width_child", "suture_width"),
    "thickness": ("infant_skull_thick", "skull_thick_child", "skull_thick"),
    "bone_E": ("skull_bone_E_newborn", "skull_bone_E_child", "skull_bone_E"),
    "poisson": ("skull_poisson",),
    "series": ("skull_bone_series",),
    "dent_reach": ("skull_dent_reach",),
}
SUTURE_STATES: tuple[str, ...] = ("fused", "fractured")


class SkullMaterial(NamedTuple):
    """What the plates and sutures are made of; floats or arrays over the lines (suture_E, suture_width).

    suture_E, bone_E : mmHg; suture_width, thickness, radius : cm; poisson, series, dent_reach : 1.
    """

    suture_E: Any
    suture_width: Any
    thickness: Any
    bone_E: Any
    radius: Any
    poisson: Any
    series: Any
    dent_reach: Any


@partial(
    jax.tree_util.register_dataclass,
    data_fields=[
        "compliance",
        "touch",
        "touch_compliance",
        "opening",
        "touch_opening",
        "gap_share",
        "width",
        "depth",
        "geometry",
    ],
    meta_fields=[],
)
@dataclasses.dataclass(frozen=True)
class SkullPort:
    """The condensed skull; m head stations, s suture lines.

    Attributes
    ----------
    compliance : ()
        C: volume per pressure, mL/mmHg, without the fontanelle.
    touch : (m, 3)
        g: motion of each station per pressure, RAS, cm/mmHg; equally volume per force, mL/(mmHg cm^2).
    touch_compliance : (m, 3, m, 3)
        c: motion of station i along a per force at station j along b, cm/(mmHg cm^2), dent included.
    opening : (s,)
        Mean opening of each joint (suture and the bone in series) per pressure, cm/mmHg.
    touch_opening : (s, m, 3)
        The same per force at a station, cm/(mmHg cm^2).
    gap_share : (s,)
        Part of a joint's opening that lies in the suture itself.
    width, depth : ()
        Growth between the parietals, and from occiput to forehead, per pressure, cm/mmHg.
    geometry : SkullGeometry
        Names and directions.
    """

    compliance: Any
    touch: Any
    touch_compliance: Any
    opening: Any
    touch_opening: Any
    gap_share: Any
    width: Any
    depth: Any
    geometry: SkullGeometry

    def towards(self, name: str, way: str | Vector = "inward") -> Any:
        """Unit vector of a load at a head station, RAS (see `stations.direction`)."""
        place = station(name)
        outward = tuple(float(part) for part in self.geometry.outward[self.geometry.pad(name)])
        return jnp.asarray(direction(way, (outward[0], outward[1], outward[2]), place.side, where=name))

    def g(self, name: str, way: str | Vector = "outward") -> Any:
        """Motion of a station along a direction per pressure = volume per force along it, cm/mmHg."""
        return self.touch[self.geometry.pad(name)] @ self.towards(name, way)

    def c(self, name: str, way: str | Vector = "outward") -> Any:
        """Give of the bone at a station along a direction, cm/(mmHg cm^2)."""
        i, d = self.geometry.pad(name), self.towards(name, way)
        return d @ self.touch_compliance[i, :, i, :] @ d

    def gap(self, suture: str) -> Any:
        """Opening of a suture's own gap per pressure, cm/mmHg; both sides averaged when no side is named."""
        i = np.asarray(self.geometry.line(suture))
        return jnp.mean((self.gap_share * self.opening)[i])

    def touch_gap(self, suture: str, name: str, way: str | Vector = "inward") -> Any:
        """Opening of a suture's own gap per force at a station, cm/(mmHg cm^2)."""
        i = np.asarray(self.geometry.line(suture))
        per_force = self.touch_opening[i, self.geometry.pad(name)] @ self.towards(name, way)
        return jnp.mean(self.gap_share[i] * per_force)


def suture_compliance(material: SkullMaterial) -> tuple[Any, Any]:
    """Line compliance of the sutures' gaps and of the bone in series: cm per (mmHg cm^2 / cm) = 1/mmHg."""
    gap = material.suture_width / (material.suture_E * material.thickness)
    bone = material.series * material.radius / (material.bone_E * material.thickness)
    return gap, bone


def dent_compliance(material: SkullMaterial, patch: Any) -> Any:
    """Local give of the bone under a patch of radius `patch`, cm: cm/(mmHg cm^2).

    Examples
    --------
    >>> adult = SkullMaterial(8.25e6, 0.02, 0.65, 3.75e7, 8.0, 0.3, 1.4, 1.3)
    >>> round(float(dent_compliance(adult, 0.6)) * 75.006 * 1e7)  # nm/N; a shell of finite elements gives 168
    150
    """
    factor = jnp.sqrt(3.0 * (1.0 - jnp.square(material.poisson))) / 4.0
    point = factor * material.radius / (material.bone_E * jnp.square(material.thickness))
    reach = jnp.square(patch) / (jnp.square(material.dent_reach) * material.radius * material.thickness)
    return point / (1.0 + reach)


@jax.jit
def stiffness(material: SkullMaterial, geometry: SkullGeometry) -> Any:
    """Stiffness matrix of the plates, mmHg cm, (6n, 6n); rotations counted as R times the angle.

    Positive semidefinite with exactly the six rigid motions at zero.
    """
    gap, bone = suture_compliance(material)
    line = jnp.broadcast_to(material.radius / (gap + bone), (len(geometry.lines),))
    slide = line / (2.0 * (1.0 + material.poisson))
    hinge = line * jnp.square(material.thickness / material.radius) / 12.0
    add = partial(jnp.einsum, "s,sij->ij")
    return add(line, geometry.opens) + add(slide, geometry.slides) + add(hinge, geometry.hinges)


def _bearing(geometry: SkullGeometry, support: str) -> Any:
    """Mass matrix M by which a rigid reaction is spread: the motion has no M-mean rigid part."""
    if support == "free":
        return jnp.asarray(geometry.spread)
    if support == "occiput":
        held = np.zeros(geometry.spread.shape)
        held[geometry.plate("occiput"), geometry.plate("occiput")] = np.eye(6)
        return jnp.asarray(held)
    raise UnknownName("support", support, list(SUPPORTS))


@partial(jax.jit, static_argnames=("support",))
def respond(material: SkullMaterial, geometry: SkullGeometry, loads: Any, support: str = "free") -> Any:
    """Motions of the plates under loads, (6n, k) to (6n, k); the rigid part is carried by `support`."""
    matrix = stiffness(material, geometry)
    bearing = _bearing(geometry, support)
    lower = jnp.linalg.cholesky(geometry.rigid.T @ bearing @ geometry.rigid)
    rigid = jax.scipy.linalg.solve_triangular(lower, geometry.rigid.T, lower=True).T  # orthonormal in M
    anchor = bearing @ rigid @ rigid.T @ bearing
    scale = jnp.trace(matrix) / jnp.trace(anchor)
    factor = jax.scipy.linalg.cho_factor(matrix + scale * anchor)
    return jax.scipy.linalg.cho_solve(factor, loads) - rigid @ (rigid.T @ loads) / scale


@partial(jax.jit, static_argnames=("support",))
def condense(material: SkullMaterial, geometry: SkullGeometry, support: str = "free") -> SkullPort:
    """Condense a skull to its port.

    Parameters
    ----------
    material : SkullMaterial
        Bone and sutures; the result is differentiable in every entry.
    geometry : SkullGeometry
        Plates, lines, pads.
    support : str
        ``free``: the reaction of a touch is spread over the vault by area and motions are relative to the
        head's mean, so no rest is preferred. ``occiput``: the occiput lies still. A balanced pair of
        touches, and pressure, do the same to volume and sutures in both.
    """
    m, size = len(geometry.pads), geometry.push.shape[0]
    push = jnp.square(material.radius) * geometry.push
    pads = geometry.touch.reshape(3 * m, size)
    moved = respond(material, geometry, jnp.concatenate([push[:, None], pads.T], axis=1), support)
    swell, yielding = moved[:, 0], moved[:, 1:]
    dent = dent_compliance(material, geometry.reach)
    local = dent[:, None, None] * geometry.outward[:, :, None] * geometry.outward[:, None, :]
    each = jnp.arange(m)
    give = (pads @ yielding).reshape(m, 3, m, 3).at[each, :, each, :].add(local)
    gap, bone = suture_compliance(material)
    return SkullPort(
        compliance=push @ swell,
        touch=(pads @ swell).reshape(m, 3),
        touch_compliance=give,
        opening=geometry.jump @ swell,
        touch_opening=(geometry.jump @ yielding).reshape(-1, m, 3),
        gap_share=jnp.broadcast_to(gap / (gap + bone), (len(geometry.lines),)),
        width=geometry.width @ swell,
        depth=geometry.depth @ swell,
        geometry=geometry,
    )


def by_age(age: float, values: tuple[float, float, float], parameters: Parameters) -> float:
    """A value between newborn, child and adult: its logarithm runs straight in log(age + time before birth).

    Examples
    --------
    >>> from cisterna.ground.parameter import default_parameters
    >>> round(by_age(6.0, (1.0, 10.0, 20.0), default_parameters()), 6)
    10.0
    """
    if not 0.0 <= age < 130.0:
        raise CisternaError("age must lie between 0 and 130 years", found=f"{age:g}")
    before, child, adult = (parameters.in_unit(f"skull_age_{key}", "yr") for key in ("before_birth", "child", "adult"))
    places = np.log(np.array([0.0, child, adult]) + before)
    return float(np.exp(np.interp(np.log(age + before), places, np.log(values))))


def head_radius(age: float, parameters: Parameters) -> float:
    """Geometric-mean half axis of the vault at an age in years, cm."""
    small, child = parameters.value("skull_radius_newborn"), parameters.value("skull_radius_child")
    return by_age(age, (small, child, anatomy(parameters).radius), parameters)


def skull_material(age: float, parameters: Parameters) -> SkullMaterial:
    """Bone and sutures at an age in years, between the newborn, six-year and adult rows (see `by_age`).

    The course between the three ages is assumed; the newborn's metopic suture is left out.
    """

    rows = {entry: [parameters.value(key) for key in ids] for entry, ids in MATERIAL_ROWS.items()}
    aged = {entry: by_age(age, (v[0], v[1], v[2]), parameters) for entry, v in rows.items() if len(v) == 3}
    plain = {entry: v[0] for entry, v in rows.items() if len(v) == 1}
    return SkullMaterial(radius=head_radius(age, parameters), **aged, **plain)


def with_states(
    material: SkullMaterial, geometry: SkullGeometry, states: Mapping[str, str], parameters: Parameters
) -> SkullMaterial:
    """Sutures that are ``fused`` (the gap is bone) or ``fractured`` (the gap is clot), by name.

    A name without side means both sides. Only the suture's own modulus changes.
    """
    modulus = jnp.broadcast_to(jnp.asarray(material.suture_E, dtype=float), (len(geometry.lines),))
    for name, state in states.items():
        if state not in SUTURE_STATES:
            raise UnknownName("suture state", state, list(SUTURE_STATES), where=name)
        filled = material.bone_E if state == "fused" else parameters.value("suture_fracture_E")
        modulus = modulus.at[np.asarray(geometry.line(name))].set(filled)
    return material._replace(suture_E=modulus)


def skull_port(
    age: float,
    parameters: Parameters,
    support: str = "free",
    sutures: Mapping[str, str] | None = None,
) -> SkullPort:
    """The condensed skull of a person.

    Parameters
    ----------
    age : float
        Years; 0 is a term newborn. The fontanelle is a separate wall (`fontanelle`).
    parameters : Parameters
        Numbers; overriding ``skull_suture_E`` is how adult sutures are made to yield.
    support : str
        See `condense`.
    sutures : Mapping, optional
        Suture name to ``fused`` or ``fractured``.

    Examples
    --------
    >>> from cisterna.ground.parameter import default_parameters
    >>> port = skull_port(40.0, default_parameters())
    >>> 0.0007 < float(port.compliance) < 0.0012  # mL/mmHg
    True
    """
    material = skull_material(age, parameters)
    geometry = human_skull(anatomy(parameters), float(material.radius))
    if sutures:
        material = with_states(material, geometry, sutures, parameters)
    return condense(material, geometry, support)
