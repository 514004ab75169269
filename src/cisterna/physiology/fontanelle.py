"""The anterior fontanelle: a round membrane in the newborn vault, stiffer the more it bulges.

Radius a, centre deflection w outward, transmural pressure p (ICP less the air outside), membrane force E t:

    p = 4 T0 w / a^2 + (8/3) E t w^3 / ((1 - nu) a^4),        V = (pi a^2 / 2) w.

The shape is taken as a paraboloid. A touch enters by the work it does on that shape (so volume per force
equals motion per pressure, Betti), and dents the membrane locally on top of it without moving more volume.
The tangent compliance falls as p^(-2/3). T0 is a small floor: without it a slack membrane has no stiffness
at all. Units: cm, mL, mmHg; force mmHg cm^2.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameters

#: Newton steps of the scalar solve; 6 reach rounding error from the start used.
_STEPS = 8


class Membrane(NamedTuple):
    """radius : cm; tension T0 and stretch E t : mmHg cm; poisson : 1."""

    radius: Any
    tension: Any
    stretch: Any
    poisson: Any


class MembraneTouch(NamedTuple):
    """dent : inward motion of the membrane under the patch, cm; volume : change of enclosed volume, mL."""

    dent: Any
    volume: Any


def anterior_fontanelle(age: float, parameters: Parameters) -> Membrane | None:
    """The membrane at an age in years, or None when it has closed.

    Its area falls linearly with age (assumed).

    Examples
    --------
    >>> from cisterna.ground.parameter import default_parameters
    >>> round(anterior_fontanelle(0.0, default_parameters()).radius, 2)
    1.13
    >>> anterior_fontanelle(3.0, default_parameters()) is None
    True
    """
    if age < 0.0:
        raise CisternaError("age must not be negative", found=f"{age:g}")
    open_share = 1.0 - age / parameters.in_unit("fontanelle_close_age", "yr")
    if open_share <= 0.0:
        return None
    return Membrane(
        radius=math.sqrt(parameters.value("fontanelle_area") * open_share / math.pi),
        tension=parameters.value("fontanelle_T0"),
        stretch=parameters.value("fontanelle_Et"),
        poisson=parameters.value("fontanelle_poisson"),
    )


def _coefficients(membrane: Membrane) -> tuple[Any, Any]:
    """p = k1 w + k3 w^3."""
    square = jnp.square(membrane.radius)
    stiffening = 8.0 / 3.0 * membrane.stretch / (1.0 - membrane.poisson)
    return 4.0 * membrane.tension / square, stiffening / square**2


def bulge_pressure(membrane: Membrane, deflection: Any) -> Any:
    """Transmural pressure, mmHg, at a centre deflection, cm."""
    k1, k3 = _coefficients(membrane)
    return k1 * deflection + k3 * deflection**3


def bulge(membrane: Membrane, pressure: Any) -> Any:
    """Centre deflection, cm, at a transmural pressure, mmHg: Newton with a fixed number of steps.

    Examples
    --------
    >>> newborn = Membrane(1.13, 0.75, 6000.0, 0.3)
    >>> round(float(bulge_pressure(newborn, bulge(newborn, 2.8))), 12)
    2.8
    """
    k1, k3 = _coefficients(membrane)
    p = jnp.asarray(pressure, dtype=float)
    start = p / (k1 + jnp.cbrt(k3 * p**2))
    w = jax.lax.stop_gradient(start)
    for _ in range(_STEPS):
        w = w - (k1 * w + k3 * w**3 - p) / (k1 + 3.0 * k3 * w**2)
    return w


def bulge_volume(membrane: Membrane, deflection: Any) -> Any:
    """Volume under the membrane, mL."""
    return 0.5 * jnp.pi * jnp.square(membrane.radius) * deflection


def bulge_compliance(membrane: Membrane, pressure: Any) -> Any:
    """Tangent volume compliance, mL/mmHg."""
    k1, k3 = _coefficients(membrane)
    w = bulge(membrane, pressure)
    return 0.5 * jnp.pi * jnp.square(membrane.radius) / (k1 + 3.0 * k3 * w**2)


def press(membrane: Membrane, pressure: Any, force: Any, patch: Any) -> MembraneTouch:
    """What an inward force on a patch in the middle does, at constant inner pressure.

    Parameters
    ----------
    pressure : float
        Transmural pressure, mmHg.
    force : float
        Inward, mmHg cm^2.
    patch : float
        Radius of the patch, cm; not larger than the membrane.
    """
    a = membrane.radius
    share = jnp.square(jnp.minimum(patch, a) / a)
    as_pressure = 2.0 * force / (jnp.pi * a**2) * (1.0 - 0.5 * share)
    before, after = bulge(membrane, pressure), bulge(membrane, pressure - as_pressure)
    # Tension along the way, for the part of the dent that the paraboloid cannot show.
    square = (before**2 + before * after + after**2) / 3.0
    tension = membrane.tension + 2.0 / 3.0 * membrane.stretch * square / ((1.0 - membrane.poisson) * a**2)
    local = force / (2.0 * jnp.pi * tension) * 0.5 * (share - 1.0 - jnp.log(share))
    return MembraneTouch(dent=before - after + local, volume=bulge_volume(membrane, after - before))
