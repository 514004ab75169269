"""Walls of compartments: how transmural pressure grows with volume."""

from __future__ import annotations

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
