"""Measures: one number from a signal in a window. A new one is one function with `measure`.

Simulated and measured signals alike: samples may be unevenly spaced, means are weighted by time. Where a
beat or a breath is meant, its edges come from the clock and not from the signal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.units import from_internal
from cisterna.protocol.clock import Clock

Array = NDArray[np.float64]
#: Points on an averaged beat.
_BEAT_POINTS = 200
#: Share of a window, at its end, whose mean counts as the level reached.
_LAST = 0.1


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
    who : str
        The observation's name, for messages.
    """

    time: Array
    values: Array
    window: tuple[float, float]
    clock: Clock = field(default_factory=Clock)
    baseline: tuple[float, float] | None = None
    fraction: float = 0.5
    against: tuple[Array, Array] | None = None
    infused: tuple[Array, Array] | None = None
    who: str = "the observation"

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


@dataclass(frozen=True)
class Measure:
    """A measure by name: what it says, its unit from the signal's, and what it needs besides."""

    name: str
    doc: str
    unit: Callable[[str], str]
    function: Callable[[View], float]
    needs: frozenset[str]


MEASURES: dict[str, Measure] = {}


def measure(name: str, unit: Callable[[str], str] | str | None = None, needs: str = "") -> Callable:
    """Register a function of a `View` as a measure.

    Parameters
    ----------
    unit : callable, str or None
        Unit of the result; a callable receives the signal's unit, None keeps it.
    needs : str
        Words out of: baseline, against, infused.
    """

    def register(function: Callable[[View], float]) -> Callable[[View], float]:
        old = MEASURES.get(name)
        if old is not None and old.function.__module__ != function.__module__:
            raise CisternaError(f"there is already a measure '{name}'", mend="give it another name")
        of = unit if callable(unit) else (lambda own: own) if unit is None else (lambda own: unit)
        doc = (function.__doc__ or name).strip().splitlines()[0]
        MEASURES[name] = Measure(name, doc, of, function, frozenset(needs.split()))
        return function

    return register


def find_measure(name: str) -> Measure:
    """A measure by name, also ``ratio of <measure>`` and ``change of <measure>``.

    Examples
    --------
    >>> find_measure("ratio of stroke_volume").unit("mL/s")
    '1'
    >>> find_measure("stroke_volum")
    Traceback (most recent call last):
        ...
    cisterna.ground.errors.UnknownName: no measure 'stroke_volum'
      mend    did you mean 'stroke_volume'?
    """
    how, _, inner = name.partition(" of ")
    if inner and how in ("ratio", "change"):
        return _against_baseline(how, find_measure(inner.strip()))
    if name not in MEASURES:
        raise UnknownName("measure", name, list(MEASURES))
    return MEASURES[name]


def _against_baseline(how: str, inner: Measure) -> Measure:
    def function(v: View) -> float:
        if v.baseline is None:
            raise CisternaError(f"{v.who} needs a baseline", mend='add baseline = ["0 s", "30 s"]')
        there = inner.function(v)
        here = inner.function(View(v.time, v.values, v.baseline, v.clock, None, v.fraction, v.against, v.infused, v.who))
        return _ratio(there, here) if how == "ratio" else there - here

    unit = (lambda own: "1") if how == "ratio" else inner.unit
    return Measure(f"{how} of {inner.name}", f"{inner.doc}; {how} against the baseline", unit, function, inner.needs | {"baseline"})


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
    """Mean period, s, and the beat averaged over the whole beats of the window, (_BEAT_POINTS,).

    The window is taken over whole breaths where one fits. This is what gated imaging sees: what is not locked
    to the heart averages out.
    """
    share = np.arange(_BEAT_POINTS) / _BEAT_POINTS
    beats = v.cycles("beat", v.whole(v.window))
    period = (beats[-1][1] - beats[0][0]) / len(beats)
    return period, np.mean([np.interp(a + share * (b - a), time, values) for a, b in beats], axis=0)


def _ratio(a: float, b: float) -> float:
    return a / b if b != 0.0 else np.nan


def _times_second(unit: str) -> str:
    return unit.removesuffix("/s") if unit.endswith("/s") else f"{unit} s"


@measure("mean")
def mean(v: View) -> float:
    """Mean over the window, over whole breaths or beats where they fit."""
    return v.mean()


@measure("max")
def largest(v: View) -> float:
    """Largest sample in the window."""
    return float(v.cut()[1].max())


@measure("min")
def smallest(v: View) -> float:
    """Smallest sample in the window."""
    return float(v.cut()[1].min())


@measure("peak_to_peak")
def peak_to_peak(v: View) -> float:
    """Largest minus smallest value within a beat, mean over the beats (mean wave amplitude)."""
    return float(np.mean([np.ptp(v.cut(beat)[1]) for beat in v.cycles("beat")]))


@measure("amplitude_f1")
def amplitude_f1(v: View) -> float:
    """Amplitude of the fundamental of the heart, half of its peak to peak (AMP)."""
    _, beat = mean_beat(v, v.time, v.values)
    turn = np.exp(-2j * np.pi * np.arange(beat.size) / beat.size)
    return float(2.0 * np.abs(np.mean(beat * turn)))


@measure("stroke_volume", unit=_times_second)
def stroke_volume(v: View) -> float:
    """Volume a flow moves to and fro in a beat: half of the integral of |flow - mean| over the averaged beat."""
    period, flow = mean_beat(v, v.time, v.values)
    return float(0.5 * period * np.mean(np.abs(flow - flow.mean())))


@measure("swing_breath")
def swing_breath(v: View) -> float:
    """Largest minus smallest beat mean within a breath, mean over the breaths."""
    return float(np.mean([np.ptp(beat_mean(v, breath)[1]) for breath in v.cycles("breath")]))


@measure("excursion", unit=_times_second)
def excursion(v: View) -> float:
    """Volume a flow moves to and fro in a breath, heartbeats included: peak to peak of the displaced volume."""
    found = []
    for breath in v.cycles("breath"):
        t, flow = v.cut(breath)
        flow = flow - time_mean(t, flow)
        found.append(np.ptp(np.concatenate([[0.0], np.cumsum(np.diff(t) * (flow[1:] + flow[:-1]) / 2)])))
    return float(np.mean(found))


@measure("change", needs="baseline")
def change(v: View) -> float:
    """Mean over the window minus mean over the baseline."""
    return v.mean() - v.base()


@measure("ratio", unit="1", needs="baseline")
def ratio(v: View) -> float:
    """Mean over the window over mean over the baseline."""
    return _ratio(v.mean(), v.base())


@measure("time_to_fraction", unit="s", needs="baseline")
def time_to_fraction(v: View) -> float:
    """Time from the start of the window until a fraction of the way from the baseline to the last level is gone."""
    t0, t1 = v.window
    last = v.mean((t1 - _LAST * (t1 - t0), t1))
    return _crossing(v, v.base(), last, v.fraction)


@measure("half_time", unit="s", needs="baseline")
def half_time(v: View) -> float:
    """Time from the start of the window until half of what was away from the baseline has come back."""
    t, x = beat_mean(v, v.window)
    first = v.mean(_first_cycle(v)) if v.clock.breaths or v.clock.beats else float(x[0])
    return _crossing(v, first, v.base(), 0.5)


def _first_cycle(v: View) -> tuple[float, float]:
    cycle = v.clock.breaths or v.clock.beats
    assert cycle is not None
    return v.window[0], min(cycle.after(v.window[0], 1.0), v.window[1])


def _crossing(v: View, start: float, goal: float, fraction: float) -> float:
    """Time from the start of the window at which the smoothed signal has gone a fraction of the way; nan if never."""
    t, x = _smooth(v)
    way = (x - start) / (goal - start) if goal != start else np.zeros_like(x)
    reached = np.flatnonzero(way >= fraction)
    if reached.size == 0:
        return np.nan
    k = int(reached[0])
    if k == 0:
        return float(t[0] - v.window[0])
    share = (fraction - way[k - 1]) / (way[k] - way[k - 1])
    return float(t[k - 1] + share * (t[k] - t[k - 1]) - v.window[0])


def _smooth(v: View) -> tuple[Array, Array]:
    """The signal averaged over a beat and then over a breath, inside the window where the averages fit."""
    t, x = beat_mean(v, v.window)
    if v.clock.breaths is None or v.clock.breaths.whole(float(t[0]), float(t[-1])) < 1:
        return t, x
    slow = View(t, x, v.window, Clock(beats=v.clock.breaths), who=v.who)
    return beat_mean(slow, (float(t[0]), float(t[-1])))


@measure("slope", unit=lambda own: f"{own}/s")
def slope(v: View) -> float:
    """Slope of the straight line that fits the window best."""
    t, x = v.cut(v.whole(v.window))
    even = np.linspace(t[0], t[-1], max(t.size, 3))
    return float(np.polyfit(even - even.mean(), np.interp(even, t, x), 1)[0])


def _infused(v: View, t: float) -> float:
    if v.infused is None:
        raise CisternaError(f"{v.who} needs the volume infused", mend="use a step that infuses, or a signal volume_infused")
    return float(np.interp(t, *v.infused))


@measure("rout", unit=lambda own: f"{own}/(mL/min)", needs="baseline infused")
def rout(v: View) -> float:
    """Outflow resistance: change of the mean between baseline and plateau over the change of the infusion rate."""
    rise = v.mean() - v.base()
    windows = (v.window, v.baseline or v.window)
    rates = [from_internal((_infused(v, b) - _infused(v, a)) / (b - a), "mL/min") for a, b in windows]
    return _ratio(rise, rates[0] - rates[1])


@measure("pvi", unit="mL", needs="baseline infused")
def pvi(v: View) -> float:
    """Pressure-volume index: volume put in between, over log10 of the ratio of absolute pressures."""
    quotient = _ratio(v.mean(), v.base())
    volume = _infused(v, v.window[0]) - _infused(v, (v.baseline or v.window)[1])
    return _ratio(volume, float(np.log10(quotient))) if quotient > 0 else np.nan


@measure("delay", unit="s", needs="against")
def delay(v: View) -> float:
    """Time by which the peak of the averaged beat comes after the peak of another signal, within half a beat."""
    if v.against is None:
        raise CisternaError(f"{v.who} needs a second signal", mend='add against = "abp"')
    period, own = mean_beat(v, v.time, v.values)
    _, other = mean_beat(v, *v.against)
    return period * ((_peak(own) - _peak(other) + 0.5) % 1.0 - 0.5)


def _peak(beat: Array) -> float:
    """Place of the highest point of a closed beat, share of it, refined by a parabola."""
    k = int(np.argmax(beat))
    a, b, c = beat[k - 1], beat[k], beat[(k + 1) % beat.size]
    bend = a - 2 * b + c
    return float((k + (0.5 * (a - c) / bend if bend != 0 else 0.0)) / beat.size)


@measure("self_sustained", unit="1")
def self_sustained(v: View) -> float:
    """1 when an oscillation of ICP goes on by itself: large enough and not dying away; else 0."""
    from cisterna.ground.parameter import default_parameters

    numbers = default_parameters()
    t0, t1 = v.window
    first, second = (np.ptp(v.cut(w)[1]) for w in ((t0, (t0 + t1) / 2), ((t0 + t1) / 2, t1)))
    large = second >= numbers.in_unit("oscillation_least", "mmHg")
    return float(large and second >= numbers.value("oscillation_kept") * first)
