"""Inputs over time: every control is piecewise linear, with jumps and kinks at exact times."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from cisterna.ground.errors import CisternaError, UnknownName


@dataclass
class Track:
    """One control: from `times[i]` on, ``values[i] + slopes[i] * (t - times[i])``."""

    times: list[float]
    values: list[float]
    slopes: list[float]

    def at(self, t: float) -> tuple[float, float]:
        """(value, slope) just after time t."""
        i = max(bisect_right(self.times, t + 1e-12) - 1, 0)
        return self.values[i] + self.slopes[i] * (t - self.times[i]), self.slopes[i]

    def cut(self, t: float) -> None:
        """Forget everything planned from time t on."""
        keep = bisect_right(self.times, t - 1e-12)
        del self.times[keep:], self.values[keep:], self.slopes[keep:]

    def put(self, t: float, value: float, slope: float = 0.0) -> None:
        """From time t on follow a line."""
        self.cut(t)
        self.times.append(t)
        self.values.append(value)
        self.slopes.append(slope)


@dataclass
class Schedule:
    """The inputs of a run, starting from the resting values of a body.

    Examples
    --------
    >>> s = Schedule({"infusion": 0.0, "tilt": 0.0})
    >>> s.ramp("infusion", 0.025, start=10.0, over=0.2)
    >>> round(float(s.value("infusion", 10.1)), 4), s.events(0.0, 60.0)
    (0.0125, [0.0, 10.0, 10.2, 60.0])
    """

    rest: Mapping[str, float]
    tracks: dict[str, Track] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in self.rest.items():
            self.tracks.setdefault(name, Track([float("-inf")], [float(value)], [0.0]))
        for track in self.tracks.values():
            if track.times[0] == float("-inf"):
                track.times[0] = -1e9

    def track(self, name: str) -> Track:
        """The track of a control; a wrong name is answered with the nearest."""
        if name not in self.tracks:
            raise UnknownName("control", name, list(self.tracks))
        return self.tracks[name]

    def value(self, name: str, t: float) -> float:
        """Value of a control at time t, internal units."""
        return self.track(name).at(t)[0]

    def ramp(self, name: str, value: float, start: float, over: float = 0.0) -> None:
        """Move a control to a value, linearly over `over` seconds from `start`, then hold it."""
        if over < 0:
            raise CisternaError("a ramp cannot run backwards in time", where=name, found=f"{over:g} s")
        track = self.track(name)
        old = track.at(start)[0]
        if over > 0:
            track.put(start, old, (value - old) / over)
        track.put(start + over, value)

    def pulse(self, name: str, value: float, start: float, duration: float, over: float = 0.0) -> None:
        """Add a value for a time and take it back: up over `over` s, held, down over `over` s."""
        if duration < 2 * over:
            raise CisternaError("a pulse is shorter than its two ramps", where=name, found=f"{duration:g} s")
        before = self.value(name, start)
        self.ramp(name, before + value, start, over)
        self.ramp(name, before, start + duration - over, over)

    def cut(self, t: float) -> None:
        """Make time t an event without changing anything, so that a paired run steps alike."""
        track = next(iter(self.tracks.values()))
        value, slope = track.at(t)
        if t not in track.times:
            at = bisect_right(track.times, t)
            track.times.insert(at, t)
            track.values.insert(at, value)
            track.slopes.insert(at, slope)

    def run(self, name: str, slope: float, start: float) -> None:
        """Let a control advance at a steady rate from `start` on: the phase of heart or breath, in cycles."""
        track = self.track(name)
        track.put(start, track.at(start)[0], slope)

    def events(self, start: float, end: float) -> list[float]:
        """Start, every kink or jump between, and end, in order."""
        inner = {t for track in self.tracks.values() for t in track.times if start < t < end}
        return [start, *sorted(inner), end]

    def segments(
        self, start: float, end: float, names: list[str]
    ) -> Iterator[tuple[float, float, np.ndarray, np.ndarray]]:
        """(start, end, values, slopes) of the pieces on which every control is a line, order `names`."""
        marks = self.events(start, end)
        for a, b in zip(marks[:-1], marks[1:], strict=True):
            rows = [self.track(name).at(a) for name in names]
            yield a, b, np.array([row[0] for row in rows]), np.array([row[1] for row in rows])

    def copy(self) -> Schedule:
        """An independent copy, for a paired run."""
        tracks = {n: Track(list(t.times), list(t.values), list(t.slopes)) for n, t in self.tracks.items()}
        return Schedule(dict(self.rest), tracks)
