"""The arterial baroreflex: from carotid pressure to heart rate, contractility, resistances and venous tone.

After Ursino 1998 Am J Physiol 275:H1733 doi:10.1152/ajpheart.1998.275.5.H1733. Pure delays became first-order
lags: 0.2 s on the afferent nerve, the rest of the 2 s of the sympathetic on its own. Sympathetic and vagal drive
are told as deviations from rest, so that a body rests where its parameters say, whatever the set point.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp

from cisterna.physiology.component import Quantity, Reflex, Seen, component, quantity
from cisterna.physiology.paths import positive

_URSINO = "Ursino 1998 Am J Physiol 275:H1733 doi:10.1152/ajpheart.1998.275.5.H1733"


@component
class Baroreceptor(Reflex):
    """tau_p w' = (1 - tau_z / tau_p) p - w, so that w + (tau_z / tau_p) p answers pressure and its rate.

    It is the receptor's lead-lag element without a derivative of pressure. Pressure is that at the carotid
    sinus: at the heart, less the column between.
    """

    lead: Quantity = quantity("s", "tau_z: weight of the rate of pressure")
    lag: Quantity = quantity("s", "tau_p")
    column: Quantity = quantity("mmHg s2/cm", "density x (depth of the sinus - depth of the heart)")
    sees = {"pressure": "mmHg", "gravity": "cm/s2"}
    unit = "mmHg"
    source = _URSINO

    def rate(self, state: Any, seen: Seen) -> Any:
        carotid = seen["pressure"] + self.column * seen["gravity"]
        return ((1.0 - self.lead / self.lag) * carotid - state) / self.lag


@component
class Afferent(Reflex):
    """Firing of the carotid sinus nerve: sigmoid of the receptor's pressure between f_min and f_max, lagged."""

    lead: Quantity = quantity("s", "tau_z of the receptor")
    lag: Quantity = quantity("s", "tau_p of the receptor")
    column: Quantity = quantity("mmHg s2/cm", "density x (depth of the sinus - depth of the heart)")
    set_point: Quantity = quantity("mmHg", "pressure at the middle of the sigmoid")
    width: Quantity = quantity("mmHg", "k_a: pressure over which firing rises")
    lowest: Quantity = quantity("1/s", "f_min")
    highest: Quantity = quantity("1/s", "f_max")
    delay: Quantity = quantity("s", "lag of conduction")
    sees = {"receptor": "mmHg", "pressure": "mmHg", "gravity": "cm/s2"}
    unit = "1/s"
    source = _URSINO

    def rate(self, state: Any, seen: Seen) -> Any:
        carotid = seen["pressure"] + self.column * seen["gravity"]
        felt = seen["receptor"] + self.lead / self.lag * carotid
        share = jax.nn.sigmoid((felt - self.set_point) / self.width)
        return (self.lowest + (self.highest - self.lowest) * share - state) / self.delay


@component
class SympatheticDrive(Reflex):
    """ln(1 + (f_s - f_min)+) less its resting value, f_s = f_inf + (f_0 - f_inf) exp(-k f), f the afferent firing.

    The logarithm is the one through which every effector of Ursino answers; `authority` 0 cuts the nerve.
    """

    asymptote: Quantity = quantity("1/s", "f_inf: firing at great afferent firing")
    silent: Quantity = quantity("1/s", "f_0: firing without afferent firing")
    decay: Quantity = quantity("s", "k")
    threshold: Quantity = quantity("1/s", "f_min: firing below which effectors are silent")
    rounding: Quantity = quantity("1/s", "width of the rounded threshold")
    rest: Quantity = quantity("1", "mean over a beat at rest")
    delay: Quantity = quantity("s", "lag")
    authority: Quantity = quantity("1", "1 intact, 0 cut")
    sees = {"afferent": "1/s"}
    unit = "1"
    source = _URSINO

    def rate(self, state: Any, seen: Seen) -> Any:
        firing = self.asymptote + (self.silent - self.asymptote) * jnp.exp(-self.decay * seen["afferent"])
        drive = jnp.log1p(positive(firing - self.threshold, self.rounding)) - self.rest
        return (self.authority * drive - state) / self.delay


@component
class VagalDrive(Reflex):
    """Firing of the vagus less its resting value: sigmoid of the afferent firing, lagged."""

    lowest: Quantity = quantity("1/s", "firing without afferent firing")
    highest: Quantity = quantity("1/s", "firing at great afferent firing")
    middle: Quantity = quantity("1/s", "afferent firing at the middle")
    width: Quantity = quantity("1/s", "afferent firing over which it rises")
    rest: Quantity = quantity("1/s", "mean over a beat at rest")
    delay: Quantity = quantity("s", "lag of the sinus node's answer")
    authority: Quantity = quantity("1", "1 intact, 0 cut")
    sees = {"afferent": "1/s"}
    unit = "1/s"
    source = _URSINO

    def rate(self, state: Any, seen: Seen) -> Any:
        share = jax.nn.sigmoid((seen["afferent"] - self.middle) / self.width)
        drive = self.lowest + (self.highest - self.lowest) * share - self.rest
        return (self.authority * drive - state) / self.delay


@component
class SympatheticAction(Reflex):
    """tau x' = drive - x: how far an effector has followed the sympathetic drive."""

    time: Quantity = quantity("s", "tau of the effector")
    sees = {"drive": "1"}
    unit = "1"
    source = _URSINO

    def rate(self, state: Any, seen: Seen) -> Any:
        return (seen["drive"] - state) / self.time


@component
class HeartRate(Reflex):
    """Rate 1 / T with T = T_rest + G_s x_s + G_v x_v, reached within a fraction of a beat."""

    rest: Quantity = quantity("1/s", "heart rate at rest")
    sympathetic_gain: Quantity = quantity("s", "G_s: change of the period per unit of sympathetic drive")
    vagal_gain: Quantity = quantity("s2", "G_v: change of the period per vagal firing")
    time: Quantity = quantity("s", "lag of the sinus node")
    sees = {"sympathetic": "1", "vagal": "1/s"}
    unit = "1/s"
    source = _URSINO

    def rate(self, state: Any, seen: Seen) -> Any:
        period = 1.0 / self.rest + self.sympathetic_gain * seen["sympathetic"] + self.vagal_gain * seen["vagal"]
        return (1.0 / period - state) / self.time


@component
class HeartPhase(Reflex):
    """phase' = heart rate: beats since the start. It grows without bound; laws use its fraction only."""

    sees = {"rate": "1/s"}
    unit = "1"
    source = "definition"

    def rate(self, state: Any, seen: Seen) -> Any:
        return seen["rate"]
