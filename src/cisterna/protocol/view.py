"""What a measure sees: a signal, its windows, the clock; and the averages measures are made of.

Samples may be unevenly spaced: means are weighted by time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.protocol.clock import Clock

if TYPE_CHECKING:
    from cisterna.ground.parameter import Parameters

Array = NDArray[np.float64]
#: Points on an averaged beat.
BEAT_POINTS = 200


@dataclass(frozen=True)
class View:
    """What a measure sees.

    Attributes
    ----------
    time, values : array (samples,)
        The whole signal: s, and its own unit.
    window : tuple
        Start and end, s.
    baseline : tuple or None
        Start and end of the window compared with, s.
    clock : Clock
        Beats and breaths.
    fraction : float
        For measures that ask how far.
    against : tuple or None
        (time, values) of a second signal.
    infused : tuple or None
        (time s, volume mL) put into the CSF since the start.
    apart : float or None
        Distance from the place of the signal down to the place of the second one, cm.
    who : str
        The observation's name, for messages.
    parameters : Parameters or None
        Of the person, for measures that need a number of the body.
    """

    time: Array
    values: Array
    window: tuple[float, float]
    clock: Clock = field(default_factory=Clock)
    baseline: tuple[float, float] | None = None
    fraction: float = 0.5
    against: tuple[Array, Array] | None = None
    infused: tuple[Array, Array] | None = None
    apart: float | None = None
    who: str = "the observation"
    parameters: Parameters | None = None

    def cut(self, window: tuple[float, float] | None = None) -> tuple[Array, Array]:
        """Samples inside a window with both its ends interpolated."""
        return _cut(self.time, self.values, *(window or self.window))

    def mean(self, window: tuple[float, float] | None = None) -> float:
        """Mean over time, taken over whole breaths if one fits, else whole beats, else all of the window."""
        return time_mean(*self.cut(self.whole(window or self.window)))

    def whole(self, window: tuple[float, float]) -> tuple[float, float]:
        """The window shortened to whole breaths, or beats, counted from its start."""
        for cycle in (self.clock.breaths, self.clock.beats):
            if cycle is not None and (count := cycle.whole(*window)) > 0:
                return window[0], min(cycle.after(window[0], count), window[1])
        return window

    def base(self) -> float:
        """Mean over the baseline."""
        if self.baseline is None:
            raise CisternaError(f"{self.who} needs a baseline", mend='add baseline = ["0 s", "30 s"]')
        return self.mean(self.baseline)

    def cycles(self, kind: str, window: tuple[float, float] | None = None) -> list[tuple[float, float]]:
        """Whole beats or breaths inside a window, counted from its start.

        Raises
        ------
        CisternaError
            No such rhythm, or none fits.
        """
        t0, t1 = window or self.window
        cycle = self.clock.cycle(kind, self.who)
        count = cycle.whole(t0, t1)
        if count < 1:
            found = f"{t1 - t0:.3g} s"
            raise CisternaError(f"{self.who}: no whole {kind} fits in the window", found=found, mend="make it longer")
        edges = [cycle.after(t0, k) for k in range(count)] + [min(cycle.after(t0, count), t1)]
        return list(zip(edges[:-1], edges[1:], strict=True))


def _cut(time: Array, values: Array, t0: float, t1: float) -> tuple[Array, Array]:
    inside = (time > t0) & (time < t1)
    t = np.concatenate([[t0], time[inside], [t1]])
    return t, np.interp(t, time, values)


def time_mean(t: Array, x: Array) -> float:
    """Mean over time by trapezoids."""
    return float(np.trapezoid(x, t) / (t[-1] - t[0]))


def beat_mean(v: View, window: tuple[float, float]) -> tuple[Array, Array]:
    """The signal averaged over one beat about each sample of a window, as far as the signal reaches.

    Without a heartbeat it is the signal itself.
    """
    t, x = v.cut(window)
    if v.clock.beats is None:
        return t, x
    half = 0.5
    left = v.clock.beats.time(v.clock.beats.phase(t) - half)
    right = v.clock.beats.time(v.clock.beats.phase(t) + half)
    there = (left >= v.time[0]) & (right <= v.time[-1])
    if there.sum() < 2:
        raise CisternaError(f"{v.who}: no whole beat lies about the window", mend="make the run longer")
    sums = np.concatenate([[0.0], np.cumsum(np.diff(v.time) * (v.values[1:] + v.values[:-1]) / 2)])
    area = _integral(right[there], v, sums) - _integral(left[there], v, sums)
    return t[there], area / (right - left)[there]


def _integral(at: Array, v: View, sums: Array) -> Array:
    """Integral of the signal from its start to times `at`, exact for straight lines between samples."""
    k = np.clip(np.searchsorted(v.time, at, side="right") - 1, 0, v.time.size - 2)
    ahead = at - v.time[k]
    slope = (v.values[k + 1] - v.values[k]) / (v.time[k + 1] - v.time[k])
    return sums[k] + ahead * (v.values[k] + 0.5 * slope * ahead)


def mean_beat(v: View, time: Array, values: Array) -> tuple[float, Array]:
    """Mean period, s, and the beat averaged over the whole beats of the window, (BEAT_POINTS,).

    The window is taken over whole breaths where one fits. This is what gated imaging sees: what is not locked
    to the heart averages out.
    """
    share = np.arange(BEAT_POINTS) / BEAT_POINTS
    beats = v.cycles("beat", v.whole(v.window))
    period = (beats[-1][1] - beats[0][0]) / len(beats)
    return period, np.mean([np.interp(a + share * (b - a), time, values) for a, b in beats], axis=0)


def other_signal(v: View) -> tuple[Array, Array]:
    """(time, values) of the second signal.

    Raises
    ------
    CisternaError
        There is none.
    """
    if v.against is None:
        raise CisternaError(f"{v.who} needs a second signal", mend='add against = "flow_csf"')
    return v.against


def smooth(v: View) -> tuple[Array, Array]:
    """The signal averaged over a beat and then over a breath, inside the window where the averages fit."""
    t, x = beat_mean(v, v.window)
    if v.clock.breaths is None or v.clock.breaths.whole(float(t[0]), float(t[-1])) < 1:
        return t, x
    slow = View(t, x, v.window, Clock(beats=v.clock.breaths), who=v.who)
    return beat_mean(slow, (float(t[0]), float(t[-1])))
