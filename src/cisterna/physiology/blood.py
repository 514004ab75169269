"""Cerebral blood: arteries with tone, resistances that follow their calibre, veins, lacunae, regulation.

Pial bed, veins and regulation after Gadda et al. 2015 AJNR 36:1971 doi:10.3174/ajnr.A4409; the lumped form
after Ursino and Lodi 1997 J Appl Physiol 82:1256 doi:10.1152/jappl.1997.82.4.1256.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp

from cisterna.physiology.component import Compartment, Path, Quantity, Reflex, Seen, component, quantity
from cisterna.physiology.paths import positive
from cisterna.physiology.walls import collapse

_URSINO = "Ursino & Lodi 1997 J Appl Physiol 82:1256 doi:10.1152/jappl.1997.82.4.1256"
_GADDA = "Gadda et al. 2015 AJNR 36:1971 doi:10.3174/ajnr.A4409"


def saturating(drive: Any, basal: Any, dilation: Any, constriction: Any) -> Any:
    """basal + D/2 tanh(2 drive / D), D = dilation for drive > 0 and constriction below: slope 1 at 0.

    The sigmoid of Ursino and Lodi; value and slope are continuous at 0, so nothing needs rounding.
    """
    width = jnp.where(drive > 0, dilation, constriction)
    return basal + 0.5 * width * jnp.tanh(2.0 * drive / width)


# ---- arteries with a compliance of their own ------------------------------------------------------------
@component
class ActiveArteries(Compartment):
    """p = V / C with the compliance C a state that regulation moves."""

    sees = {"compliance": "mL/mmHg"}
    source = _URSINO

    def pressure(self, volume: Any, seen: Seen) -> Any:
        return volume / seen["compliance"]


@component
class PialArteries(Compartment):
    """p = V / C(x): the compliance follows the tone x, saturating at both ends."""

    basal: Quantity = quantity("mL/mmHg", "compliance at rest")
    dilation: Quantity = quantity("mL/mmHg", "amplitude of the sigmoid when dilating")
    constriction: Quantity = quantity("mL/mmHg", "amplitude when constricting")
    sees = {"tone": "mL/mmHg"}
    source = _GADDA

    def pressure(self, volume: Any, seen: Seen) -> Any:
        return volume / saturating(seen["tone"], self.basal, self.dilation, self.constriction)


@component
class CalibreResistance(Path):
    """q = dp / (R + share kR C^2 / V^2): a fixed resistance and a share of the arteriolar one (Poiseuille)."""

    resistance: Quantity = quantity("mmHg s/mL", "fixed part")
    coefficient: Quantity = quantity("mmHg3 s/mL", "kR")
    basal: Quantity = quantity("mL/mmHg", "basal compliance C")
    share: Quantity = quantity("1", "share of the arteriolar resistance that lies on this path")
    sees = {"volume": "mL"}
    source = _GADDA

    def flow(self, drop: Any, seen: Seen) -> Any:
        arteriolar = self.coefficient * self.basal**2 / seen["volume"] ** 2
        return drop / (self.resistance + self.share * arteriolar)


@component
class Waterfall(Path):
    """q = (p_v - max(p_outside, p_down)) / R: cerebral veins that collapse at their end (Starling resistor)."""

    resistance: Quantity = quantity("mmHg s/mL", "resistance of the terminal veins")
    rounding: Quantity = quantity("mmHg", "width of the rounded corner")
    sees = {"upstream": "mmHg", "downstream": "mmHg", "outside": "mmHg"}
    source = _GADDA

    def flow(self, drop: Any, seen: Seen) -> Any:
        shut = positive(seen["outside"] - seen["downstream"], self.rounding)
        return (seen["upstream"] - seen["downstream"] - shut) / self.resistance


@component
class Lacunae(Compartment):
    """p - p_outside = -(T0 + (Tr - T0) exp(-k V)): venous lacunae and bridging-vein ends below the waterfall.

    They yield when CSF pressure rises and are the larger part of the cranial compliance.
    """

    floor: Quantity = quantity("mmHg", "T0: CSF minus venous pressure when full")
    rest: Quantity = quantity("mmHg", "Tr: CSF minus venous pressure at rest")
    stiffness: Quantity = quantity("1/mL", "k")
    grade = "plausible"
    source = "assumed: exponential venous wall below the waterfall"

    def pressure(self, volume: Any, seen: Seen) -> Any:
        return -(self.floor + (self.rest - self.floor) * jnp.exp(-self.stiffness * volume))


@component
class BridgingVeins(Lacunae):
    """`Lacunae` that hold no less than nothing and no more than they have room for.

    Less K x^3 / (1 - x), x = -V / V_0 the share of their blood that is gone, plus the same with x = V / V_1: emptied
    they collapse, filled they are stretched.
    """

    capacity: Quantity = quantity("mL", "V_0: blood in them at rest")
    room: Quantity = quantity("mL", "V_1: blood they can take beyond that")
    resistance: Quantity = quantity("mmHg", "K: how strongly they resist being emptied or stretched")

    def pressure(self, volume: Any, seen: Seen) -> Any:
        stretched = collapse(volume / self.room) - collapse(-volume / self.capacity)
        return super().pressure(volume, seen) + self.resistance * stretched


@component
class ToneRegulation(Reflex):
    """tau x' = -x + G (q_n - q) / q_n: autoregulation of the pial arteries."""

    gain: Quantity = quantity("mL/mmHg", "G")
    time: Quantity = quantity("s", "tau")
    wanted: Quantity = quantity("mL/s", "flow the tissue wants")
    sees = {"flow": "mL/s"}
    unit = "mL/mmHg"
    source = _GADDA

    def rate(self, state: Any, seen: Seen) -> Any:
        return (self.gain * (self.wanted - seen["flow"]) / self.wanted - state) / self.time


# ---- Ursino and Lodi 1997: one arterial compartment -----------------------------------------------------
def _bed(coefficient: Any, basal: Any, proximal: Any, seen: Seen) -> tuple[Any, Any]:
    """(flow through the bed, capillary pressure above CSF pressure)."""
    arteriolar = coefficient * basal**2 / seen["volume"] ** 2
    flow = (seen["arterial"] - seen["csf"]) / (arteriolar + proximal)
    return flow, proximal * flow


_BED = {"volume": "mL", "arterial": "mmHg", "csf": "mmHg"}


@component
class UrsinoBed(Path):
    """q = (Pa - Pc) / Ra with Ra = kR Can^2 / Va^2 and veins that collapse at CSF pressure."""

    coefficient: Quantity = quantity("mmHg3 s/mL", "kR")
    basal: Quantity = quantity("mL/mmHg", "Can")
    proximal: Quantity = quantity("mmHg s/mL", "Rpv")
    sees = _BED
    source = _URSINO

    def flow(self, drop: Any, seen: Seen) -> Any:
        return _bed(self.coefficient, self.basal, self.proximal, seen)[0]


@component
class UrsinoFormation(Path):
    """q_f = (Pc - Pic)+ / Rf: CSF formed from the capillaries, one-way."""

    coefficient: Quantity = quantity("mmHg3 s/mL", "kR")
    basal: Quantity = quantity("mL/mmHg", "Can")
    proximal: Quantity = quantity("mmHg s/mL", "Rpv")
    resistance: Quantity = quantity("mmHg s/mL", "Rf")
    rounding: Quantity = quantity("mmHg", "width of the rounded corner")
    sees = _BED
    source = _URSINO

    def flow(self, drop: Any, seen: Seen) -> Any:
        over = _bed(self.coefficient, self.basal, self.proximal, seen)[1]
        return positive(over, self.rounding) / self.resistance


@component
class UrsinoRegulation(Reflex):
    """tau dCa/dt = sigma(G x) - Ca, x = (q - q_n) / q_n."""

    basal: Quantity = quantity("mL/mmHg", "Can")
    dilation: Quantity = quantity("mL/mmHg", "D1")
    constriction: Quantity = quantity("mL/mmHg", "D2")
    gain: Quantity = quantity("mL/mmHg", "G")
    time: Quantity = quantity("s", "tau")
    wanted: Quantity = quantity("mL/s", "q_n")
    sees = {"flow": "mL/s"}
    unit = "mL/mmHg"
    source = _URSINO

    def rate(self, state: Any, seen: Seen) -> Any:
        lack = self.gain * (self.wanted - seen["flow"]) / self.wanted
        return (saturating(lack, self.basal, self.dilation, self.constriction) - state) / self.time
