"""Heartbeats and breaths as clocks: exact from a schedule, found in a recording."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError

if TYPE_CHECKING:
    from cisterna.model.schedule import Schedule
    from cisterna.recordings.recording import Recording

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Cycle:
    """A phase that rises with time: whole numbers are the beginnings of beats or breaths.

    Attributes
    ----------
    times, phases : array (knots,)
        s and cycles, both rising; straight between, and beyond the ends straight on.

    Examples
    --------
    >>> breath = Cycle(np.array([0.0, 8.0, 20.0]), np.array([0.0, 2.0, 3.0]))
    >>> breath.after(1.0, 2.0), breath.starts(0.0, 20.0).tolist()
    (11.0, [0.0, 4.0, 8.0, 20.0])
    """

    times: Array
    phases: Array

    def phase(self, t: float | Array) -> Array:
        """Phase in cycles at times, s."""
        return _line(t, self.times, self.phases)

    def time(self, phase: float | Array) -> Array:
        """Times, s, of phases in cycles."""
        return _line(phase, self.phases, self.times)

    def after(self, t: float, cycles: float) -> float:
        """Time at which so many cycles have gone by since t."""
        return float(self.time(self.phase(t) + cycles))

    def starts(self, t0: float, t1: float) -> Array:
        """Times at which cycles begin within a window, its ends included."""
        first = np.ceil(float(self.phase(t0)) - 1e-6)
        last = np.floor(float(self.phase(t1)) + 1e-6)
        return np.clip(self.time(np.arange(first, last + 1.0)), t0, t1)

    def whole(self, t0: float, t1: float) -> int:
        """Number of whole cycles that fit in a window, counted from its start."""
        return int(np.floor(float(self.phase(t1)) - float(self.phase(t0)) + 1e-6))


def _line(x: float | Array, xs: Array, ys: Array) -> Array:
    """Straight between knots, and on beyond the ends with the outermost slopes."""
    x = np.asarray(x, dtype=np.float64)
    y = np.interp(x, xs, ys)
    before, behind = x < xs[0], x > xs[-1]
    y = np.where(before, ys[0] + (x - xs[0]) * (ys[1] - ys[0]) / (xs[1] - xs[0]), y)
    return np.where(behind, ys[-1] + (x - xs[-1]) * (ys[-1] - ys[-2]) / (xs[-1] - xs[-2]), y)


@dataclass(frozen=True)
class Clock:
    """The rhythms of a run; None where there is none.

    Attributes
    ----------
    beats, breaths : Cycle or None
    """

    beats: Cycle | None = None
    breaths: Cycle | None = None

    def cycle(self, kind: str, who: str) -> Cycle:
        """The cycle of ``beat`` or ``breath``, or a clear refusal."""
        found = self.beats if kind == "beat" else self.breaths
        if found is None:
            mend = "choose a body with one, e.g. axis, or give times in s"
            raise CisternaError(f"{who} needs a {kind}, and there is none", mend=mend)
        return found


def even(rate: float) -> Cycle:
    """A rhythm of one rate, Hz."""
    return Cycle(np.array([0.0, 1.0]), np.array([0.0, rate]))


def clock_of(schedule: Schedule, end: float) -> Clock:
    """Heart and breath exactly as a schedule drives them, up to `end` (s)."""
    return Clock(_cycle(schedule, "heart.phase", end), _cycle(schedule, "breath.phase", end))


def _cycle(schedule: Schedule, name: str, end: float) -> Cycle | None:
    if name not in schedule.tracks:
        return None
    track = schedule.tracks[name]
    times = np.unique([0.0, *(t for t in track.times if 0.0 < t < end), max(end, 1.0)])
    phases = np.array([track.at(float(t))[0] for t in times])
    return Cycle(times, phases) if np.all(np.diff(phases) > 0) else None


def clock_in(recording: Recording) -> Clock:
    """Heart and breath as found in the signals of a recording; a rhythm that is not found is left out."""
    from cisterna.signals.beats import find_beats, find_breaths

    beats = breaths = None
    for name, kind in (("ecg", "ecg"), ("abp", "abp"), ("icp", "icp"), ("ppg", "ppg")):
        if name in recording and beats is None:
            beats = _found(recording, name, lambda v, r, k=kind: find_beats(v, r, k))
    if "resp" in recording:
        breaths = _found(recording, "resp", find_breaths)
    return Clock(beats, breaths)


def _found(recording: Recording, name: str, find: object) -> Cycle | None:
    try:
        times = find(recording.values(name), recording.rate(name)) + recording.time(name)[0]  # type: ignore[operator]
    except CisternaError:
        return None
    return Cycle(times, np.arange(times.size, dtype=np.float64)) if times.size > 1 else None
