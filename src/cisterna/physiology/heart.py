"""The heart as two pumps of changing stiffness, and the vessels that the reflexes act on.

A ventricle after Ursino 1998 Am J Physiol 275:H1733 doi:10.1152/ajpheart.1998.275.5.H1733; the arrangement of
a closed loop without atria that contract after Smith et al. 2004 Med Eng Phys 26:131
doi:10.1016/j.medengphy.2003.10.001; veins that stiffen when they are full after Heldt et al. 2002
J Appl Physiol 92:1239 doi:10.1152/japplphysiol.00241.2001. Everything is smooth: systole is a periodic bump,
not a switch, so that a step of 5 ms with a matrix of half a second ago still serves.
"""

from __future__ import annotations

import math
from typing import Any

import jax.numpy as jnp

from cisterna.physiology.component import Compartment, Drive, Path, Quantity, Seen, component, quantity
from cisterna.physiology.walls import emptying

_URSINO = "Ursino 1998 Am J Physiol 275:H1733 doi:10.1152/ajpheart.1998.275.5.H1733"
_HELDT = "Heldt et al. 2002 J Appl Physiol 92:1239 doi:10.1152/japplphysiol.00241.2001"
#: ln 2: the bump falls to one half a quarter of systole before and after its peak.
_HALF = math.log(2.0)


def activation(phase: Any, rate: Any, peak: Any, systole: Any, shortening: Any) -> Any:
    """Share of full contraction, 0 in diastole and 1 at the peak of systole.

    Parameters
    ----------
    phase : array
        Phase of the heart in beats; only its fraction counts.
    rate : array
        Heart rate, 1/s.
    peak : float
        Phase at which contraction is greatest.
    systole, shortening : float
        Duration of systole T0 - k f at the rate f: T0 in s and k in s^2.

    Returns
    -------
    array
        (exp(s (c - 1)) - exp(-2 s)) / (1 - exp(-2 s)) with c = cos 2 pi (phase - peak), and s such that the
        bump is as wide at half height as Ursino's sin^2 pulse of the same duration.

    Examples
    --------
    >>> [round(float(activation(x, 1.1, 0.2, 0.5, 0.075)), 3) for x in (0.2, 1.2, 0.7)]
    [1.0, 1.0, 0.0]
    """
    duration = systole - shortening * rate
    sharpness = _HALF / (1.0 - jnp.cos(0.5 * jnp.pi * rate * duration))
    floor = jnp.exp(-2.0 * sharpness)
    bump = jnp.exp(sharpness * (jnp.cos(2.0 * jnp.pi * (phase - peak)) - 1.0))
    return (bump - floor) / (1.0 - floor)


@component
class Ventricle(Compartment):
    """p = a E (1 + g x) (V - V0) + (1 - a) P0 (exp(k V) - 1), a the activation and x the sympathetic drive.

    Filled more, it ejects more (Frank and Starling); driven more, it empties further.
    """

    elastance: Quantity = quantity("mmHg/mL", "E: end-systolic elastance at rest")
    unstressed: Quantity = quantity("mL", "V0: volume without pressure in systole")
    passive: Quantity = quantity("mmHg", "P0: scale of the filling pressure")
    stiffness: Quantity = quantity("1/mL", "k: exponent of the filling curve")
    peak: Quantity = quantity("1", "phase of greatest contraction")
    systole: Quantity = quantity("s", "duration of systole at rate 0")
    shortening: Quantity = quantity("s2", "how systole shortens with the rate")
    gain: Quantity = quantity("1", "g: contractility per unit of sympathetic drive")
    sees = {"phase": "1", "rate": "1/s", "drive": "1"}
    source = _URSINO

    def pressure(self, volume: Any, seen: Seen) -> Any:
        a = activation(seen["phase"], seen["rate"], self.peak, self.systole, self.shortening)
        systolic = self.elastance * (1.0 + self.gain * seen["drive"]) * (volume - self.unstressed)
        return a * systolic + (1.0 - a) * self.passive * (jnp.exp(self.stiffness * volume) - 1.0)


@component
class VenousReservoir(Compartment):
    """p = (s / C) sinh((V - V0 + m x) / s) - C w^2 / (4 V): veins that stiffen by the volume s, drawn tight by m x.

    At small pressure it is V / C; a leg of a person upright holds less than its compliance would let it, and a leg held
    up keeps what its collapsed veins hold (`emptying`).
    """

    compliance: Quantity = quantity("mL/mmHg", "compliance at zero transmural pressure")
    unstressed: Quantity = quantity("mL", "V0: volume at zero transmural pressure")
    stiffening: Quantity = quantity("mL", "s: volume above V0 at which the wall has stiffened")
    mobilised: Quantity = quantity("mL", "m: volume drawn in per unit of sympathetic drive")
    corner: Quantity = quantity("mmHg", "w: pressure over which they go from full to collapsed")
    sees = {"drive": "1"}
    source = _HELDT

    def pressure(self, volume: Any, seen: Seen) -> Any:
        over = volume - self.unstressed + self.mobilised * seen["drive"]
        full = self.stiffening / self.compliance * jnp.sinh(over / self.stiffening)
        return full - emptying(volume / self.compliance, self.corner)


@component
class RegulatedBed(Path):
    """q = dp / (R (1 + g x)): a vascular bed that sympathetic drive narrows."""

    resistance: Quantity = quantity("mmHg s/mL", "R at rest")
    gain: Quantity = quantity("1", "g: change of resistance per unit of sympathetic drive")
    sees = {"drive": "1"}
    source = _URSINO

    def flow(self, drop: Any, seen: Seen) -> Any:
        return drop / (self.resistance * (1.0 + self.gain * seen["drive"]))


@component
class Surrounding(Drive):
    """mean + swing: pressure around heart and lungs, below that of the air by the pull of the lungs."""

    mean: Quantity = quantity("mmHg", "value at the middle of a quiet breath")
    sees = {"swing": "mmHg"}
    unit = "mmHg"

    def signal(self, time: Any, seen: Seen) -> Any:
        return self.mean + seen["swing"]
