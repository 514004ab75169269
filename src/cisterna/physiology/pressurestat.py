"""The pressurestat: CSF production switched by suture stretch, as H-PRESSURESTAT says. Not physiology.

    x = gap (p - p_middle)              opening of the suture from its mean,
    q = qbar (1 + kappa (2 s - 1))      production, s = 1 on, s = 0 off,
    tau s' = target - s                 target 0 from x_hi upwards, 1 from x_lo downwards, else as it was.

The hysteresis is smooth so that the law stays differentiable:

    target = sigmoid((beta (s - 1/2) - x) / w),    w = beta / SHARPNESS,

which has two stable branches between the folds s (1 - s) = 1 / SHARPNESS. beta is chosen so that the folds
lie exactly at x = -band / 2 and + band / 2. If nothing else moved the pressure the period would be
T = 2 band / (S kappa qbar), S = gap / C the opening per volume.
"""

from __future__ import annotations

import math
from typing import Any

import jax

from cisterna.physiology.component import Path, Reflex, Seen, component, quantity

#: Steepness of the switch; above 4 there is hysteresis, and the law tends to an ideal relay.
SHARPNESS = 20.0
_FOLD = 0.5 + math.sqrt(0.25 - 1.0 / SHARPNESS)
#: Half the band in units of beta: where the branches end.
_REACH = (_FOLD - 0.5) - math.log(_FOLD / (1.0 - _FOLD)) / SHARPNESS

_SOURCE = "Upledger & Vredevoogd 1983 Craniosacral Therapy; the account in massagetoday.com/articles/13894"


@component
class SutureRelay(Reflex):
    """The receptor at the suture: 1 while the source is on, 0 while it is off.

    Examples
    --------
    >>> relay = SutureRelay(gap=1.0, middle=10.0, band=2.0, time=0.3)
    >>> bool(relay.rate(0.9, {"pressure": 10.8}) > 0)  # still inside the band: it stays on
    True
    >>> bool(relay.rate(0.9, {"pressure": 11.2}) > 0)  # beyond it: it is switched off
    False
    """

    gap: float = quantity("cm/mmHg", "opening of the suture per pressure")
    middle: float = quantity("mmHg", "pressure at the middle of the band")
    band: float = quantity("cm", "x_hi - x_lo: opening between off and on")
    time: float = quantity("s", "time in which the source follows")
    sees = {"pressure": "mmHg"}
    unit = "1"
    grade = "contradicted"
    source = _SOURCE

    def rate(self, state: Any, seen: Seen) -> Any:
        opening = self.gap * (seen["pressure"] - self.middle)
        beta = 0.5 * self.band / _REACH
        target = jax.nn.sigmoid((beta * (state - 0.5) - opening) * SHARPNESS / beta)
        return (target - state) / self.time


@component
class SwitchedSource(Path):
    """q = rate x factor x (1 + kappa (2 on - 1)): production that runs and stops; kappa 0 is a steady source."""

    rate: float = quantity("mL/s", "mean production when the factor is 1")
    kappa: float = quantity("1", "swing over the mean")
    sees = {"factor": "1", "on": "1"}
    grade = "contradicted"
    source = _SOURCE

    def flow(self, drop: Any, seen: Seen) -> Any:
        return self.rate * seen["factor"] * (1.0 + self.kappa * (2.0 * seen["on"] - 1.0)) + 0.0 * drop
