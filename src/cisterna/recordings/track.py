"""Signals that are read from a file part by part: the whole and its pieces come from one description."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisterna.recordings.reader import Channel, assemble
from cisterna.recordings.recording import Recording
from cisterna.recordings.rules import Event


@dataclass(frozen=True)
class Track:
    """One signal of a file, its samples still in the file.

    Attributes
    ----------
    own, unit, quality : str
        As in `Channel`.
    read : callable
        ``read(first, stop)`` gives the samples of that range as float64.
    size : int
        How many samples there are.
    rate : float or None
        Samples a second (Hz) from `start` (s) on; None when `time` holds the times instead.
    time : array or None
        Times (s) of an irregular signal.
    """

    own: str
    unit: str
    read: Callable[[int, int], NDArray[np.float64]]
    size: int
    rate: float | None = None
    time: NDArray[np.float64] | None = None
    start: float = 0.0
    quality: str = ""

    def at(self, sample: int) -> float:
        """Time of a sample, s."""
        if self.time is not None:
            return float(self.time[sample])
        return self.start + sample / float(self.rate or np.nan)

    def first(self, time: float) -> int:
        """The first sample at or after a time (s); `size` when there is none."""
        if self.time is not None:
            return int(np.searchsorted(self.time, time))
        k = round(min(max((time - self.start) * float(self.rate or np.nan), 0.0), float(self.size)))
        # Rounding decides nothing: the sample belongs to the piece its written time belongs to.
        while k < self.size and self.at(k) < time:
            k += 1
        return k

    def part(self, first: int, stop: int) -> Channel:
        """The samples of a range as a channel."""
        values = self.read(first, stop)
        if self.time is not None:
            return Channel(self.own, values, self.unit, time=self.time[first:stop], quality=self.quality)
        return Channel(self.own, values, self.unit, self.rate, start=self.at(first), quality=self.quality)

    def whole(self) -> Channel:
        """All samples as a channel."""
        return self.part(0, self.size)


def pieces(tracks: Sequence[Track], seconds: float) -> Iterator[tuple[float, float, list[Channel]]]:
    """Tracks in pieces of that length: begin and end (s) and the channels, each with its samples in between.

    Every piece holds every channel, some perhaps without a sample; a piece in which none has one is left out.

    Examples
    --------
    >>> ramp = Track("icp", "mmHg", lambda a, b: np.arange(a, b, dtype=np.float64), 5, rate=1.0)
    >>> [(begin, part[0].values.tolist()) for begin, _, part in pieces([ramp], 2.0)]
    [(0.0, [0.0, 1.0]), (2.0, [2.0, 3.0]), (4.0, [4.0])]
    """
    filled = [track for track in tracks if track.size]
    if not filled:
        return
    origin = min(track.at(0) for track in filled)
    end = max(track.at(track.size - 1) for track in filled)
    k = 0
    while origin + k * seconds <= end:
        begin, stop = origin + k * seconds, origin + (k + 1) * seconds
        ranges = [(track.first(begin), track.first(stop)) for track in tracks]
        if any(a < b for a, b in ranges):
            yield begin, stop, [track.part(a, b) for track, (a, b) in zip(tracks, ranges, strict=True)]
            k += 1
        else:
            ahead = min(track.at(a) for track, (a, _) in zip(tracks, ranges, strict=True) if a < track.size)
            k = max(k + 1, math.floor((ahead - origin) / seconds))


@dataclass
class Contents:
    """What a file holds, its samples still in it; times in s from the first sample of all.

    Attributes
    ----------
    tracks : list of Track
    events : list of Event
    start : str
        Clock at time 0, ISO 8601; empty when unknown.
    notes : list of str
        What was left out or mended.
    provenance : dict
    """

    tracks: list[Track] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    start: str = ""
    notes: list[str] = field(default_factory=list)
    provenance: dict[str, Any] = field(default_factory=dict)

    def whole(self, path: Path) -> Recording:
        """All of it as one recording."""
        return self._made([track.whole() for track in self.tracks], path, self.events)

    def pieces(self, path: Path, seconds: float) -> Iterator[Recording]:
        """Piece by piece; a piece holds the marks that overlap it."""
        for begin, end, channels in pieces(self.tracks, seconds):
            yield self._made(channels, path, [e for e in self.events if e.time < end and e.time + e.duration >= begin])

    def _made(self, channels: Sequence[Channel], path: Path, events: Sequence[Event]) -> Recording:
        made = assemble(channels, path, start=self.start, notes=self.notes, **self.provenance)
        return made.with_events(events) if events else made
