"""Measures: one number from a signal in a window. A new one is one function with `measure`.

Simulated and measured signals alike: samples may be unevenly spaced, means are weighted by time. Where a
beat or a breath is meant, its edges come from the clock and not from the signal.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.units import from_internal
from cisterna.protocol.view import Array, View, beat_mean, mean_beat, smooth, time_mean

#: Share of a window, at its end, whose mean counts as the level reached.
_LAST = 0.1


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
    name : str
        Word for it in a protocol.
    unit : callable, str or None
        Unit of the result; a callable receives the signal's unit, None keeps it.
    needs : str
        Words out of: baseline, against, infused, beat, breath.
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
        here = inner.function(replace(v, window=v.baseline, baseline=None))
        return _ratio(there, here) if how == "ratio" else there - here

    unit = (lambda own: "1") if how == "ratio" else inner.unit
    doc = f"{inner.doc}; {how} against the baseline"
    return Measure(f"{how} of {inner.name}", doc, unit, function, inner.needs | {"baseline"})


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


@measure("peak_to_peak", needs="beat")
def peak_to_peak(v: View) -> float:
    """Largest minus smallest value within a beat, the drift of the beat mean taken out, mean over the beats.

    The mean wave amplitude (MWA); without the drift, breath adds nothing to it.
    """
    v.cycles("beat")
    t, level = beat_mean(v, v.window)
    pulse = View(t, np.interp(t, v.time, v.values) - level, (float(t[0]), float(t[-1])), v.clock, who=v.who)
    return float(np.mean([np.ptp(pulse.cut(beat)[1]) for beat in pulse.cycles("beat")]))


@measure("amplitude_f1", needs="beat")
def amplitude_f1(v: View) -> float:
    """Amplitude of the fundamental of the heart, half of its peak to peak (AMP)."""
    _, beat = mean_beat(v, v.time, v.values)
    turn = np.exp(-2j * np.pi * np.arange(beat.size) / beat.size)
    return float(2.0 * np.abs(np.mean(beat * turn)))


@measure("stroke_volume", unit=_times_second, needs="beat")
def stroke_volume(v: View) -> float:
    """Volume a flow moves to and fro in a beat: half of the integral of |flow - mean| over the averaged beat."""
    period, flow = mean_beat(v, v.time, v.values)
    return float(0.5 * period * np.mean(np.abs(flow - flow.mean())))


@measure("swing_breath", needs="breath")
def swing_breath(v: View) -> float:
    """Largest minus smallest beat mean within a breath, mean over the breaths."""
    return float(np.mean([np.ptp(beat_mean(v, breath)[1]) for breath in v.cycles("breath")]))


@measure("excursion", unit=_times_second, needs="breath")
def excursion(v: View) -> float:
    """Volume a flow moves to and fro in a breath, heartbeats included: peak to peak of the displaced volume."""
    found = []
    for breath in v.cycles("breath"):
        t, flow = v.cut(breath)
        flow = flow - time_mean(t, flow)
        found.append(np.ptp(np.concatenate([[0.0], np.cumsum(np.diff(t) * (flow[1:] + flow[:-1]) / 2)])))
    return float(np.mean(found))


@measure("volume_rising", unit=_times_second, needs="against breath")
def volume_rising(v: View) -> float:
    """Volume a flow moves, its mean taken out, while a second signal rises, per breath."""
    if v.against is None:
        raise CisternaError(f"{v.who} needs a second signal", mend='add against = "resp"')
    breaths = v.cycles("breath")
    t, flow = v.cut((breaths[0][0], breaths[-1][1]))
    other = np.interp(t, *v.against)
    middle = (flow[1:] + flow[:-1]) / 2 - time_mean(t, flow)
    return float(np.sum(middle * np.diff(t) * (np.diff(other) > 0)) / len(breaths))


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
    t, x = smooth(v)
    way = (x - start) / (goal - start) if goal != start else np.zeros_like(x)
    reached = np.flatnonzero(way >= fraction)
    if reached.size == 0:
        return np.nan
    k = int(reached[0])
    if k == 0:
        return float(t[0] - v.window[0])
    share = (fraction - way[k - 1]) / (way[k] - way[k - 1])
    return float(t[k - 1] + share * (t[k] - t[k - 1]) - v.window[0])


@measure("slope", unit=lambda own: f"{own}/s")
def slope(v: View) -> float:
    """Slope of the straight line that fits the window best."""
    t, x = v.cut(v.whole(v.window))
    even = np.linspace(t[0], t[-1], max(t.size, 3))
    return float(np.polyfit(even - even.mean(), np.interp(even, t, x), 1)[0])


def _infused(v: View, t: float) -> float:
    if v.infused is None:
        mend = "use a step that infuses, or a signal volume_infused"
        raise CisternaError(f"{v.who} needs the volume infused", mend=mend)
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


@measure("delay", unit="s", needs="against beat")
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
