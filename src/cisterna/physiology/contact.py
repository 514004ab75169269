"""The soft tissue under a hand: immediate give, then creep, along the skin's normal and across it.

A Kelvin chain per direction, one elastic step and two creeping branches k with share f_k and time tau_k:

    u = J F + z_1 + z_2,       tau_k z_k' = f_k J F - z_k,       J = 1 / stiffness.

For a force that runs straight from F0 to F1 within a step h the branches have a closed form, so there is no
time error and no smallest step. Stiffness of a layer of depth H under a disc of radius a and area A =
pi a^2 on bone (nearly incompressible): normal E (2 a / (1 - nu^2) + A / H), shear (E / 3) A / H, nu = 1/2.
Directions, axis 0 of every array: normal (inward positive) and two tangents. Units: cm, s, force mmHg cm^2.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameters
from cisterna.physiology.stations import Station

#: Poisson ratio of soft tissue: it keeps its volume.
_NU = 0.5


class Contact(NamedTuple):
    """give : (3,) immediate compliance J, cm/(mmHg cm^2); share : (2,) of creep; tau : (2,) s."""

    give: Any
    share: Any
    tau: Any


def layer_stiffness(modulus: float, area: float, depth: float) -> tuple[float, float]:
    """Normal and shear stiffness of a soft layer on bone under a disc, mmHg cm.

    Parameters
    ----------
    modulus : float
        mmHg.
    area, depth : float
        cm2, cm.

    Examples
    --------
    >>> normal, shear = layer_stiffness(19.5 * 7.5006, 3.2, 0.85)  # finger vault hold, 19.5 kPa
    >>> round(normal / 750.06, 2), round(shear / 750.06, 3)  # N/mm; the table has 1.26 and 0.245
    (1.26, 0.245)
    """
    radius = math.sqrt(area / math.pi)
    return modulus * (2.0 * radius / (1.0 - _NU**2) + area / depth), modulus / 3.0 * area / depth


def half_space_stiffness(modulus: float, area: float) -> tuple[float, float]:
    """Normal and shear stiffness of a deep soft mass under a disc, mmHg cm (Boussinesq, Mindlin)."""
    radius, shear = math.sqrt(area / math.pi), modulus / (2.0 * (1.0 + _NU))
    return 2.0 * modulus * radius / (1.0 - _NU**2), 16.0 * shear * radius * (1.0 - _NU) / (7.0 - 8.0 * _NU)


def layers_modulus(layers: tuple[float, float, float, float], parameters: Parameters) -> float:
    """Modulus of skin, fat, fascia and muscle layers in series, mmHg, without load on them.

    A station that carries body weight is stiffer: the table gives it 9-16 times this value.
    """
    ids = ("skin_E", "tissue_fat_E", "tissue_fascia_E", "tissue_muscle_E")
    give = sum(depth / parameters.value(key) for depth, key in zip(layers, ids, strict=True))
    return sum(layers) / give


def contact_at(place: Station, parameters: Parameters | None = None, area: float | None = None) -> Contact:
    """The tissue at a station.

    Parameters
    ----------
    place : Station
        From `stations.station`.
    parameters : Parameters, optional
        With them, a station without bone also rests on a deep mass of muscle, in series.
    area : float, optional
        Contact area, cm2, when the hand differs from the station's pose.

    Examples
    --------
    >>> from cisterna.physiology.stations import station
    >>> c = contact_at(station("vault.R"))
    >>> round(float(c.give[0]) * 3.678 * 1e4)  # um under 5 gf at once
    39
    """
    if area is not None and not 0.0 < area < math.inf:
        raise CisternaError("contact area must be positive", where=place.id, found=f"{area:g} cm2")
    normal, shear = place.stiffness, place.shear
    if area is not None:
        normal, shear = layer_stiffness(place.modulus, area, place.depth)
    give = [1.0 / normal, 1.0 / shear]
    if parameters is not None and place.soft_below:
        below = half_space_stiffness(parameters.value("tissue_muscle_E"), area or place.area)
        give = [part + 1.0 / mass for part, mass in zip(give, below, strict=True)]
    shares, times = zip(*place.creep, strict=True)
    return Contact(jnp.array([give[0], give[1], give[1]]), jnp.array(shares), jnp.array(times))


def creep(contact: Contact, time: Any) -> Any:
    """Give after a force has been held for `time`, s: shape of time + (3,), cm/(mmHg cm^2)."""
    t = jnp.asarray(time)[..., None]
    grown = 1.0 + jnp.sum(contact.share * -jnp.expm1(-t / contact.tau), axis=-1)
    return grown[..., None] * contact.give


def rest(contact: Contact) -> Any:
    """Branches without history, (3, 2)."""
    return jnp.zeros((contact.give.shape[0], contact.tau.shape[0]))


def _weights(contact: Contact, step: Any) -> tuple[Any, Any, Any]:
    """Decay of a branch over a step, and its weights of the force at the start and at the end."""
    x = step / contact.tau
    safe = jnp.where(x > 0.0, x, 1.0)
    decay = jnp.exp(-x)
    mean = jnp.where(x > 0.0, -jnp.expm1(-safe) / safe, 1.0)  # mean of the decay over the step
    return decay, contact.share * (mean - decay), contact.share * (1.0 - mean)


def advance(contact: Contact, branches: Any, start: Any, end: Any, step: Any) -> tuple[Any, Any]:
    """One step under a force that runs straight from `start` to `end`, (3,); exact.

    Returns
    -------
    branches : (3, 2)
        At the end of the step, cm.
    displacement : (3,)
        At the end of the step, cm.
    """
    decay, early, late = _weights(contact, step)
    pushed = jnp.asarray(start)[:, None] * early + jnp.asarray(end)[:, None] * late
    branches = decay * branches + contact.give[:, None] * pushed
    return branches, contact.give * jnp.asarray(end) + branches.sum(axis=1)


def advance_held(contact: Contact, branches: Any, start: Any, moved: Any, step: Any) -> tuple[Any, Any]:
    """One step of a hand that imposes the displacement at its end, (3,): (branches, force at the end).

    Exact inverse of `advance`: a held hand turns motion of the body into force.
    """
    decay, early, late = _weights(contact, step)
    known = decay * branches + contact.give[:, None] * jnp.asarray(start)[:, None] * early
    force = (jnp.asarray(moved) - known.sum(axis=1)) / (contact.give * (1.0 + late.sum()))
    return known + contact.give[:, None] * force[:, None] * late, force


def displacement(contact: Contact, time: Any, force: Any) -> Any:
    """Displacement history of a force history that runs straight between its samples.

    Parameters
    ----------
    time : (n,)
        Increasing, s. A repeated time is a jump of the force.
    force : (n, 3) or (n,)
        mmHg cm^2; one column is along the normal.

    Returns
    -------
    array like `force`
        cm. Nothing is applied before the first sample.
    """
    t, load = jnp.asarray(time, dtype=float), jnp.asarray(force, dtype=float)
    wide = load if load.ndim == 2 else jnp.stack([load, 0.0 * load, 0.0 * load], axis=1)
    if t.ndim != 1 or t.shape[0] != wide.shape[0] or wide.shape[1:] != (3,):
        found = f"time {t.shape}, force {load.shape}"
        mend = "give (n,) and (n,) or (n, 3)"
        raise CisternaError("time and force do not fit together", found=found, mend=mend)

    def one(carry: tuple[Any, Any], now: tuple[Any, Any]) -> tuple[tuple[Any, Any], Any]:
        (branches, before), (step, end) = carry, now
        branches, moved = advance(contact, branches, before, end, step)
        return (branches, end), moved

    first = (rest(contact), wide[0])
    _, moved = jax.lax.scan(one, first, (jnp.diff(t, prepend=t[:1]), wide))
    return moved if load.ndim == 2 else moved[:, 0]
