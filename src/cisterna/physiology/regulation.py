"""Carbon dioxide and the cerebral arteries: what arterial PCO2 asks of the flow, and tone that answers it.

The wanted flow of the autoregulation (`blood.ToneRegulation`) becomes q_n (1 + c), c a state that follows a
saturating curve of arterial PCO2; first order with gains that differ for dilation and constriction, as in
Ursino & Lodi 1998 Am J Physiol 274:H1715 doi:10.1152/ajpheart.1998.274.5.H1715. There the two stimuli are added
on the muscle; here CO2 moves the set point, so that regulation of pressure and of CO2 do not fight at rest, and
both still share one muscle: dilated to its end it answers neither.
"""

from __future__ import annotations

from typing import Any

from cisterna.physiology.blood import saturating
from cisterna.physiology.component import Drive, Quantity, Reflex, Seen, component, quantity
from cisterna.physiology.paths import positive

_URSINO = "Ursino & Lodi 1998 Am J Physiol 274:H1715 doi:10.1152/ajpheart.1998.274.5.H1715"


@component
class ArterialCarbon(Drive):
    """PaCO2 = what a protocol says - fall x (g sin(tilt) / g0)+: upright people breathe their CO2 down."""

    fall: Quantity = quantity("mmHg", "fall of PaCO2 from supine to upright")
    rounding: Quantity = quantity("1", "width of the rounded corner at level, as a share of g0")
    standard: Quantity = quantity("cm/s2", "g0: gravity under which it falls")
    sees = {"paco2": "mmHg", "gravity": "cm/s2"}
    unit = "mmHg"
    grade = "plausible"
    source = "Immink et al. 2006 Eur J Appl Physiol 96:609 (the fall; that it goes with gravity is assumed)"

    def signal(self, time: Any, seen: Seen) -> Any:
        # Less its value at level, so that a supine body has exactly what the protocol says.
        upright = positive(seen["gravity"] / self.standard, self.rounding) - 0.5 * self.rounding
        return seen["paco2"] - self.fall * upright


@component
class CarbonResponse(Reflex):
    """tau c' = S(PaCO2 - rest) - c: relative change of the flow that tissue wants.

    S has the slope s at rest and saturates at `dilation` / 2 above and `constriction` / 2 below.
    """

    rest: Quantity = quantity("mmHg", "PaCO2 at rest")
    slope: Quantity = quantity("1/mmHg", "s: relative change of wanted flow per PaCO2")
    dilation: Quantity = quantity("1", "range above rest")
    constriction: Quantity = quantity("1", "range below rest")
    time: Quantity = quantity("s", "tau")
    sees = {"paco2": "mmHg"}
    unit = "1"
    source = _URSINO

    def rate(self, state: Any, seen: Seen) -> Any:
        asked = self.slope * (seen["paco2"] - self.rest)
        return (saturating(asked, 0.0, self.dilation, self.constriction) - state) / self.time


@component
class CarbonTone(Reflex):
    """tau x' = -x + G (q_n (1 + c) - q) / q_n: autoregulation about a flow that CO2 sets.

    With c = 0 it is `blood.ToneRegulation`.

    Examples
    --------
    >>> from cisterna.physiology.blood import ToneRegulation
    >>> fields = {"gain": 3.0, "time": 20.0, "wanted": 12.5}
    >>> both = {"flow": 11.0, "carbon": 0.0}
    >>> float(CarbonTone(**fields).rate(0.1, both)) == float(ToneRegulation(**fields).rate(0.1, both))
    True
    """

    gain: Quantity = quantity("mL/mmHg", "G")
    time: Quantity = quantity("s", "tau")
    wanted: Quantity = quantity("mL/s", "flow the tissue wants at resting PaCO2")
    sees = {"flow": "mL/s", "carbon": "1"}
    unit = "mL/mmHg"
    source = _URSINO

    def rate(self, state: Any, seen: Seen) -> Any:
        lack = (self.wanted - seen["flow"]) / self.wanted + seen["carbon"]
        return (self.gain * lack - state) / self.time
