"""Marks and recording on one clock: offset and drift from events that both have seen, with the error that is left.

The marks carry the monotonic clock of the computer they were made on, a recording the clock of its amplifier. A sync
event (a key that also gives a pulse to a spare channel, a tap on the sensor and the key at once) stands on both.
Without knowing which event is which, with some missing and some spurious on either side,

    t_recording = offset + (1 + drift) t_marks

is found by letting every pair of pairs propose a line, taking the line that most events fit, and least squares
through those (Fischler & Bolles 1981 doi:10.1145/358669.358692, with all pairs instead of random ones).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters

#: Fewest sync events from which an error can be told: two give a line, the third its error.
FEWEST = 3
#: Events on each side that may propose lines; the others only vote.
_PROPOSERS = 24
#: Chance to call one of true events false, and what no event is called false for: a tick of a sampled clock, s.
_FALSE, _TICK = 0.01, 0.004


@dataclass(frozen=True)
class Clock:
    """The line from the clock of the marks to the clock of the recording.

    Attributes
    ----------
    offset, drift : float
        s at the middle of the events; s per s.
    middle : float
        Mean time of the events on the marks' clock, s.
    scatter : float
        Standard deviation of one event about the line, s.
    spread : float
        Square root of the sum of squares of the event times about the middle, s.
    used, marked, recorded : int
        Events that fit, and all events on either side.
    """

    offset: float
    drift: float
    middle: float
    scatter: float
    spread: float
    used: int
    marked: int
    recorded: int

    def __call__(self, times: ArrayLike) -> NDArray[np.float64]:
        """Times of the marks' clock on the clock of the recording, s."""
        t = np.asarray(times, dtype=np.float64)
        return np.asarray(t + self.offset + self.drift * (t - self.middle))

    def error(self, times: ArrayLike) -> NDArray[np.float64]:
        """Half width of the 95 % interval of the line at these times of the marks' clock, s."""
        from scipy.stats import t as student

        t = np.asarray(times, dtype=np.float64)
        quantile = float(student.ppf(0.975, self.used - 2))
        return np.asarray(quantile * self.scatter * np.sqrt(1.0 / self.used + ((t - self.middle) / self.spread) ** 2))


def align(marked: ArrayLike, recorded: ArrayLike) -> Clock:
    """The clock of a recording from sync events seen on both sides.

    Parameters
    ----------
    marked : array (event,)
        Times on the marks' clock, s.
    recorded : array (event,)
        Times in the recording, s from its start.

    Raises
    ------
    CisternaError
        Fewer than three events on a side or in common, events that fit in two ways (evenly spaced ones do), or all
        within a moment.

    Examples
    --------
    >>> clock = align([0.0, 3.0, 10.0, 31.0], [100.0, 103.0, 110.0, 131.0])
    >>> round(float(clock(20.0)), 6), clock.used
    (120.0, 4)
    """
    p = default_parameters()
    most, near = p["study_drift_most"].value * 1e-6, p["study_sync_near"].value * 1e-3
    a, b = (np.unique(np.asarray(side, dtype=np.float64)) for side in (marked, recorded))
    a, b = a[np.isfinite(a)], b[np.isfinite(b)]
    for side, times in (("marks", a), ("recording", b)):
        if times.size < FEWEST:
            mend = f"give {FEWEST} or more sync events, unevenly spaced, spread over the whole recording"
            raise CisternaError("too few sync events", where=side, found=f"{times.size}", mend=mend)
    lines = _proposed(a, b, most)
    pairs, votes = _vote(a, b, lines, near)
    if not votes.size or votes.max() < FEWEST:
        found = f"{0 if not votes.size else int(votes.max())} in common of {a.size} marked and {b.size} recorded"
        raise CisternaError("the sync events of marks and recording do not match", found=found, mend=_SAME)
    best = _nearest(pairs, lines, votes, a, b)
    middle = float(a.mean())
    at = lines[:, 0] + lines[:, 1] * middle
    # Another line that as many events fit, further away than one event may lie from its line: which is right?
    rival = (np.abs(at - at[best]) > 2.0 * near) & (votes == votes[best])
    if rival.any():
        raise CisternaError(
            "the sync events fit in more than one way", found=f"{votes[best]} events, evenly spaced",
            mend="space them unevenly: for instance 1, 3, 2 and 5 s apart",
        )  # fmt: skip
    left, right = pairs(best)
    x, y = a[left], b[right]
    # A false event may lie near the line by chance: what stands out from the others is left out, one at a time.
    while x.size > FEWEST + 1 and (out := _outlier(x, y)) is not None:
        x, y = np.delete(x, out), np.delete(y, out)
    return _line(x, y, a.size, b.size)


_SAME = "look whether both belong to one session, and whether the right channel was given"


def _proposed(a: NDArray[np.float64], b: NDArray[np.float64], most: float) -> NDArray[np.float64]:
    """Lines (intercept, slope) through every two events of one side and every two of the other that drift allows."""
    ends = [_pick(side) for side in (a, b)]
    (i, j), (k, l) = (np.triu_indices(side.size, 1) for side in ends)  # noqa: E741
    span_a, span_b = ends[0][j] - ends[0][i], ends[1][l] - ends[1][k]
    # The slope of two near events is badly told by jitter: it is held within what drift allows.
    slope = span_b[None, :] / span_a[:, None]
    room = most + 0.1 / span_a[:, None]
    rows, columns = np.nonzero(np.abs(slope - 1.0) <= room)
    held = np.clip(slope[rows, columns], 1.0 - most, 1.0 + most)
    start = 0.5 * (ends[1][k][columns] + ends[1][l][columns] - held * (ends[0][i][rows] + ends[0][j][rows]))
    return np.stack([start, held], axis=1)


def _pick(times: NDArray[np.float64]) -> NDArray[np.float64]:
    if times.size <= _PROPOSERS:
        return times
    return times[np.round(np.linspace(0, times.size - 1, _PROPOSERS)).astype(int)]


_Pairs = tuple[NDArray[np.intp], NDArray[np.intp]]


def _vote(
    a: NDArray[np.float64], b: NDArray[np.float64], lines: NDArray[np.float64], near: float
) -> tuple[Callable[[int], _Pairs], NDArray[np.int_]]:
    """How many events fit each line, each recorded event at most once; and which those are."""

    def nearest(line: NDArray[np.float64]) -> _Pairs:
        told = line[0] + line[1] * a
        after = np.clip(np.searchsorted(b, told), 1, b.size - 1)
        at = np.where(np.abs(b[after] - told) < np.abs(b[after - 1] - told), after, after - 1)
        away = np.abs(b[at] - told)
        order = np.argsort(away, kind="stable")
        order = order[away[order] <= near]
        _, first = np.unique(at[order], return_index=True)
        left = np.sort(order[first])
        return left, at[left]

    votes = np.array([nearest(line)[0].size for line in lines], dtype=int)
    return lambda best: nearest(lines[best]), votes


def _nearest(
    pairs: Callable[[int], _Pairs], lines: NDArray[np.float64], votes: NDArray[np.int_],
    a: NDArray[np.float64], b: NDArray[np.float64],
) -> int:  # fmt: skip
    """Of the lines that most events fit, the one they fit best."""
    most = np.flatnonzero(votes == votes.max())

    def misfit(line: int) -> float:
        left, right = pairs(line)
        return float(np.square(b[right] - lines[line, 0] - lines[line, 1] * a[left]).sum())

    return int(most[np.argmin([misfit(int(line)) for line in most])])


def _outlier(x: NDArray[np.float64], y: NDArray[np.float64]) -> int | None:
    """The event that lies furthest from the line of all others, if it is too far: its externally studentised
    residual (Cook & Weisberg 1982, Residuals and Influence in Regression), held against t with Bonferroni."""
    from scipy.stats import t as student

    n, from_middle = x.size, x - x.mean()
    clock = _line(x, y, n, n)
    rest = y - clock(x)
    free = 1.0 - 1.0 / n - np.square(from_middle / clock.spread)
    # An event that alone holds the line cannot be judged.
    judged = free > 1e-6
    own = np.where(judged, np.square(rest) / np.where(judged, free, 1.0), 0.0)
    others = np.sqrt(np.maximum(np.square(rest).sum() - own, 0.0) / (n - 3))
    out = int(np.argmax(own))
    far = math.sqrt(own[out])
    limit = float(student.ppf(1.0 - 0.5 * _FALSE / n, n - 3)) * float(others[out])
    return out if far > max(limit, _TICK) else None


def _line(x: NDArray[np.float64], y: NDArray[np.float64], marked: int, recorded: int) -> Clock:
    middle = float(x.mean())
    spread = float(np.sqrt(np.square(x - middle).sum()))
    if spread < 1.0:
        raise CisternaError("all sync events lie within a moment", found=f"{np.ptp(x):.3g} s", mend="spread them out")
    gap = y - x
    drift = float((x - middle) @ gap) / spread**2
    rest = gap - gap.mean() - drift * (x - middle)
    scatter = float(np.sqrt(np.square(rest).sum() / (x.size - 2)))
    return Clock(float(gap.mean()), drift, middle, scatter, spread, x.size, marked, recorded)


def rising_edges(values: ArrayLike, rate: float, start: float = 0.0) -> NDArray[np.float64]:
    """Times at which a sync channel rises through the middle of its range, s, between samples by a straight line.

    Raises
    ------
    CisternaError
        The channel is flat.

    Examples
    --------
    >>> rising_edges([0, 0, 5, 5, 0, 0, 5], 10.0).round(3).tolist()
    [0.15, 0.55]
    """
    x = np.asarray(values, dtype=np.float64)
    good = x[np.isfinite(x)]
    if good.size < 2 or np.ptp(good) == 0.0:
        raise CisternaError("the sync channel is flat", mend="name the channel that carries the sync pulses")
    # Quantiles of the ends, so that a single spike does not move the level; a short pulse still counts.
    level = 0.5 * (float(np.quantile(good, 0.5)) + float(good.max()))
    if np.median(good) > 0.5 * (good.min() + good.max()):  # rests high
        level = 0.5 * (float(good.min()) + float(np.median(good)))
    up = np.flatnonzero((x[:-1] < level) & (x[1:] >= level))
    return np.asarray(start + (up + (level - x[up]) / (x[up + 1] - x[up])) / rate)
