"""Walls of compartments: how transmural pressure grows with volume."""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp

from cisterna.physiology.component import Compartment, Quantity, Seen, Tissue, component, quantity


@component
class LinearWall(Compartment):
    """p = (V - V0) / C."""

    compliance: Quantity = quantity("mL/mmHg", "volume per pressure")
    unstressed: Quantity = quantity("mL", "volume at zero transmural pressure", default=0.0)

    def pressure(self, volume: Any, seen: Seen) -> Any:
        return (volume - self.unstressed) / self.compliance


#: Share of the width of its corner below which an emptied vein goes on with the slope it has there, so that a solver
#: that overshoots meets a pressure and no pole; it then holds nothing at 500 widths below zero, less than a vacuum.
_LEAST = 1e-3
#: Halvings after which a volume is as exact as a number holds it.
_HALVINGS = 60


def emptying(height: Any, corner: Any) -> Any:
    """Pressure, mmHg, that an emptying vein lacks: w^2 / (4 y) at a filling y = V / C, w the width of the corner.

    With it p = y - w^2 / (4 y), that is y = (p + sqrt(p^2 + w^2)) / 2: linear where full, above 0 at any pressure.

    Examples
    --------
    >>> float(emptying(2.0, 4.0)), bool(emptying(-1.0, 4.0) > 900.0)
    (2.0, True)
    """
    least = _LEAST * corner
    held = jnp.maximum(height, least)
    return 0.25 * corner**2 * (1.0 + (held - height) / held) / held


@component
class CollapsingWall(Compartment):
    """p = y (1 + (k y)^4) - V0 / C - w^2 / (4 y), y = V / C: a vein that is linear where full and cannot be emptied.

    Pulled on, its walls lie together: the little it holds goes as 1 / pressure. Filled far beyond 1 / k it widens no
    more.
    """

    compliance: Quantity = quantity("mL/mmHg", "C: compliance of the full vein")
    corner: Quantity = quantity("mmHg", "w: pressure over which it goes from full to collapsed")
    unstressed: Quantity = quantity("mL", "V0: volume at zero transmural pressure, but for the corner", default=0.0)
    stiffening: Quantity = quantity("1/mmHg", "k: one over the filling at which it has stiffened", default=0.0)
    grade = "plausible"
    source = "a linear wall with a floor at no volume and an end of stretch: assumed"

    def pressure(self, volume: Any, seen: Seen) -> Any:
        filling = volume / self.compliance
        bent = jnp.square(jnp.square(self.stiffening * filling))
        return filling * (1.0 + bent) - self.unstressed / self.compliance - emptying(filling, self.corner)

    def volume(self, pressure: float) -> float:
        """Volume, mL, at a transmural pressure, mmHg.

        Examples
        --------
        >>> vein = CollapsingWall(compliance=2.0, corner=2.5)
        >>> [round(vein.volume(p), 2) for p in (10.0, 0.0, -10.0)]
        [20.31, 2.5, 0.31]
        """
        n = self.numbers("vein")
        over = pressure + n["unstressed"] / n["compliance"]
        return float(n["compliance"] * _filling(over, n["corner"], n["stiffening"]))

    @classmethod
    def working(cls, pressure: float, compliance: float, corner: float, stiffening: float = 0.0) -> CollapsingWall:
        """A vein without unstressed volume that has a compliance at a transmural pressure it works at.

        Examples
        --------
        >>> vein = CollapsingWall.working(pressure=5.0, compliance=2.0, corner=2.5, stiffening=0.05)
        >>> round((vein.volume(5.01) - vein.volume(4.99)) / 0.02, 4)
        2.0
        """
        y = _filling(pressure, corner, stiffening)
        steeper = 1.0 + 5.0 * (stiffening * y) ** 4 + (0.5 * corner / y) ** 2
        return cls(compliance=compliance * steeper, corner=corner, stiffening=stiffening)


def _filling(over: float, corner: float, stiffening: float) -> float:
    """y of `CollapsingWall` for a pressure above that of V0; it lies below that of a vein that never stiffens."""
    low, high = 0.0, 0.5 * (over + math.hypot(over, corner))
    for _ in range(_HALVINGS):
        y = 0.5 * (low + high)
        beyond = y * (1.0 + (stiffening * y) ** 4) - (0.5 * corner) ** 2 / y > over
        low, high = (low, y) if beyond else (y, high)
    return high


@component
class ExponentialWall(Compartment):
    """p = (p_rest - p_asym) exp(V / (C (p_rest - p_asym))) + p_asym.

    V is the deviation from rest, C the compliance there; the wall stiffens in proportion to p - p_asym.
    With p_asym = 0 it is the pressure-volume relation of Marmarou: C = 0.4343 PVI / p_rest.
    """

    rest: Quantity = quantity("mmHg", "transmural pressure at rest")
    asymptote: Quantity = quantity("mmHg", "pressure the law tends to when emptied", default=0.0)
    compliance: Quantity = quantity("mL/mmHg", "compliance at rest")
    source = "Marmarou et al. 1978 J Neurosurg 48:332 doi:10.3171/jns.1978.48.3.0332"

    def pressure(self, volume: Any, seen: Seen) -> Any:
        height = self.rest - self.asymptote
        return height * jnp.exp(volume / (self.compliance * height)) + self.asymptote


def collapse(share: Any) -> Any:
    """x^3 / (1 - x) of the part x of a volume that is gone: nothing at rest, without bound when all is gone.

    Value, slope and curvature vanish at rest, so a law with it keeps its pressure and compliance there.
    """
    gone = jnp.clip(share, 0.0, 1.0)
    # Below a fiftieth of the volume the wall goes on with the slope it has there: finite, and never soft again.
    held = jnp.minimum(gone, 0.98)
    slope = held**2 * (3.0 - 2.0 * held) / (1.0 - held) ** 2
    return held**3 / (1.0 - held) + slope * (jnp.maximum(share, held) - held)


@component
class SacWall(ExponentialWall):
    """Dural sac: `ExponentialWall` less K x^3 / (1 - x), x = -V / V_0 the share of the resting volume V_0 that is gone.

    An exponential alone has no floor: it would give a segment less than no volume.
    """

    capacity: Quantity = quantity("mL", "V_0: fluid in the segment at rest")
    resistance: Quantity = quantity("mmHg", "K: how strongly it resists being emptied")
    grade = "plausible"
    source = "exponential after Marmarou et al. 1978 doi:10.3171/jns.1978.48.3.0332; floor assumed"

    def pressure(self, volume: Any, seen: Seen) -> Any:
        return super().pressure(volume, seen) - self.resistance * collapse(-volume / self.capacity)


@component
class MarmarouSpace(Compartment):
    """p = p_ref + (p_rest - p_ref) exp(k V): one craniospinal space with elastance k (p - p_ref)."""

    rest: Quantity = quantity("mmHg", "resting pressure")
    reference: Quantity = quantity("mmHg", "reference pressure", default=0.0)
    elastance_coefficient: Quantity = quantity("1/mL", "k = 1 / (0.4343 PVI)")
    source = "Marmarou et al. 1978 J Neurosurg 48:332 doi:10.3171/jns.1978.48.3.0332"

    def pressure(self, volume: Any, seen: Seen) -> Any:
        return self.reference + (self.rest - self.reference) * jnp.exp(self.elastance_coefficient * volume)


@component
class ViscousBranch(Tissue):
    """Maxwell branch of a standard linear solid: p = (V - z) / C_v, tau z' = V - z.

    A volume that comes within a heartbeat meets the branch and a stiffer wall; a slow one does not.
    """

    compliance: Quantity = quantity("mL/mmHg", "compliance of the branch")
    time: Quantity = quantity("s", "relaxation time")

    def pressure(self, volume: Any, inner: Any, seen: Seen) -> Any:
        return (volume - inner) / self.compliance

    def rate(self, volume: Any, inner: Any, seen: Seen) -> Any:
        return (volume - inner) / self.time
