"""P1, P2 and P3 of a mean pulse, its notch, and its class from 1 (normal) to 4 (pathological).

Peaks and shoulders are where the curve bends most to the right: maxima of minus its second derivative, as in the
candidate search of MOCAIP (Hu et al. 2009, IEEE Trans Biomed Eng 56:696, doi:10.1109/TBME.2008.2008636). Each is
named by the window of time after the foot in which it lies. What is not there is said to be not there.

The four classes are those that Nucci et al. describe by eye (2016, Acta Neurochir 158:581,
doi:10.1007/s00701-015-2672-5): in the normal pulse P1 is the highest and the dicrotic notch evident; with falling
compliance P2 and P3 exceed P1, the notch disappears, and the pulse becomes one round wave. The networks that assign
them (there, and the pulse shape index of Kazimierska et al. 2023, Crit Care 27:447,
doi:10.1186/s13054-023-04731-z) were trained on experts' labels; ours is a plain rule on the landmarks, has not
been compared with these labels, and must not be read as their index.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.parameter import default_parameters
from cisterna.signals.grid import Samples, low_pass

NAMES = ("p1", "p2", "p3")
CLASSES = {1: "normal", 2: "potentially pathological", 3: "likely pathological", 4: "pathological"}
#: Highest frequency of the pulse that is kept before it is differentiated twice (Hz).
SMOOTH = 15.0
#: A maximum this near to a bend is the peak; without one the bend is a shoulder (s).
_NEAR = 0.03
#: Of several bends in a window those this strong against the strongest count, the one nearest its usual time first.
_STRONG = 0.5


@dataclass(frozen=True)
class Peak:
    """A peak or shoulder: time from the foot (s), height above the foot, and whether it is a maximum of its own."""

    time: float
    height: float
    maximum: bool


@dataclass(frozen=True)
class Landmarks:
    """What a pulse shows; None where it does not.

    Attributes
    ----------
    p1, p2, p3 : Peak or None
        Percussion, tidal and dicrotic peak.
    top : Peak
        The highest point.
    notch : float
        Depth of the deepest minimum after the highest point and before half the decay, in the unit of the pulse;
        0 without one.
    """

    p1: Peak | None
    p2: Peak | None
    p3: Peak | None
    top: Peak
    notch: float

    @property
    def ratio(self) -> float:
        """P2 over P1; NaN without both."""
        return self.p2.height / self.p1.height if self.p1 and self.p2 and self.p1.height > 0 else float("nan")


def find_landmarks(pulse: Samples, rate: float) -> Landmarks:
    """Landmarks of a mean pulse.

    Parameters
    ----------
    pulse : array (moment,)
        Height above the foot, from the foot on.
    rate : float
        Moments a second, Hz (100 or more).

    Examples
    --------
    >>> t = np.arange(0, 0.8, 0.005)
    >>> pulse = sum(h * np.exp(-(((t - c) / 0.035) ** 2)) for c, h in ((0.09, 5), (0.2, 4), (0.36, 3)))
    >>> marks = find_landmarks(pulse, 200.0)
    >>> [round(p.time, 2) for p in (marks.p1, marks.p2, marks.p3)], pulse_class(marks)
    ([0.09, 0.2, 0.36], 1)
    """
    return landmarks_of(pulse[None, :], rate)[0]


def landmarks_of(pulses: Samples, rate: float) -> list[Landmarks]:
    """Landmarks of many mean pulses (pulse, moment) of one length, each as `find_landmarks` finds them."""
    rows = default_parameters()
    windows = [(row.value * rate, row.low * rate, row.high * rate) for row in (rows[f"pulse_{n}_time"] for n in NAMES)]
    least = rows["pulse_peak_bend"].value
    smooth, bend = curves(pulses, rate)
    return [_landmarks(*row, rate, windows, least) for row in zip(pulses, smooth, bend, strict=True)]


def curves(pulses: Samples, rate: float) -> tuple[Samples, Samples]:
    """Pulses (pulse, moment) below 15 Hz, and their bend: minus the second derivative, per s^2."""
    smooth = low_pass(pulses, rate, SMOOTH)
    return smooth, -np.gradient(np.gradient(smooth, axis=-1), axis=-1) * rate**2


def _crests(curve: Samples) -> NDArray[np.intp]:
    """Places higher than both neighbours."""
    rises = curve[1:] > curve[:-1]
    return np.flatnonzero(rises[:-1] & (curve[2:] < curve[1:-1])) + 1


def _landmarks(
    pulse: Samples, smooth: Samples, bend: Samples, rate: float, windows: list[tuple[float, float, float]], least: float
) -> Landmarks:
    """Landmarks of one pulse, its curves and the windows (usual place, first, last in samples) known."""
    places, tops = _crests(bend), _crests(smooth)
    sharp = least * float(bend[places].max(initial=0.0))
    places = places[bend[places] > max(sharp, 0.0)]
    found: dict[str, Peak | None] = {}
    for name, (usual, first, last) in zip(NAMES, windows, strict=True):
        inside = places[(places >= first) & (places < min(last, 0.8 * pulse.size))]
        found[name] = None
        if inside.size:
            strong = inside[bend[inside] >= _STRONG * bend[inside].max()]
            at = int(strong[np.argmin(np.abs(strong - usual))])
            near = tops[np.abs(tops - at) <= _NEAR * rate]
            at = int(near[np.argmin(np.abs(near - at))]) if near.size else at
            found[name] = Peak(at / rate, float(pulse[at]), bool(near.size))
    highest = int(np.argmax(smooth))
    top = Peak(highest / rate, float(pulse[highest]), True)
    return Landmarks(found["p1"], found["p2"], found["p3"], top, _notch(smooth, highest))


def pulse_class(marks: Landmarks) -> int:
    """Class of a pulse, 1 (normal) to 4 (pathological), by rule; see the module text for what it is not.

    1: P1 is the highest and a notch is evident. 2: P1 is a peak of its own, but P2 or P3 is higher, or the notch is
    gone. 3: P1 is no more than a shoulder below P2 or P3, or the notch is gone as well. 4: one round wave, without P1.
    """
    if marks.p1 is None:
        return 4
    deep = marks.notch > default_parameters()["pulse_notch_depth"].value * marks.top.height
    higher = any(p is not None and p.height > marks.p1.height for p in (marks.p2, marks.p3))
    if not higher:
        return 1 if deep else 2
    return 2 if deep and marks.p1.maximum else 3


def _notch(smooth: Samples, highest: int) -> float:
    """Deepest minimum after the highest point: how far the curve rises again after it."""
    tail = smooth[highest : max(int(0.85 * smooth.size), highest + 1)]
    again = np.maximum.accumulate(tail[::-1])[::-1]
    return float(np.max(again - tail, initial=0.0))
