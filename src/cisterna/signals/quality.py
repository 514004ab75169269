"""What of a signal can be believed: faults as intervals with reasons, and an index for each window.

Nothing is mended here and nothing filled in. A signal is surveyed block by block on a fixed grid, so a recording
that arrives in pieces is judged exactly as it is whole.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.signals.blocks import BLOCK, MARGIN, Block, in_blocks
from cisterna.signals.calibration import find_flushes, told_apart
from cisterna.signals.damping import BeatSizes, beat_sizes, find_damping
from cisterna.signals.distortion import find_distortion, find_tall_pulses
from cisterna.signals.faults import PULSATILE, Interval, faults_of, pulse_size
from cisterna.signals.grid import Samples, as_samples, fill, runs, working
from cisterna.signals.period import believed
from cisterna.signals.pulses import feet
from cisterna.signals.result import Result, Series

#: Reasons, the gravest first: where two hold at once the window is charged to the first.
REASONS = ("gap", "calibration", "dropout", "flat", "clipped", "spike", "distorted", "damped")
#: Window in which breathing movement is looked for (s).
_BREATH_WINDOW = 15.0


@dataclass(frozen=True)
class Stretch:
    """What one block of a signal shows: its beats, their sizes, and its faults; times in s from the first sample."""

    start: float
    stop: float
    samples: int
    beats: NDArray[np.float64]
    sizes: BeatSizes
    faults: tuple[Interval, ...]


@dataclass(frozen=True)
class Quality:
    """How much of a signal can be believed.

    Attributes
    ----------
    channel : str
        Name of the signal.
    rate, duration : float
        Samples a second (Hz) and length (s).
    intervals : tuple of Interval
        Every fault in order of time; its kind is one of `REASONS`. Faults may overlap.
    index : Series
        ``quality``: share of each window outside every fault, 0 to 1. It counts time and estimates nothing, so it
        carries no interval.
    shares : dict of arrays (window,)
        Share of each window by reason; together with the index they make one.
    beats : array (beat,)
        Feet of the pulses found on the way, s; empty for a signal without pulse.
    """

    channel: str
    rate: float
    duration: float
    intervals: tuple[Interval, ...]
    index: Series
    shares: dict[str, NDArray[np.float64]]
    beats: NDArray[np.float64]

    def usable(self, ignore: Sequence[str] = ()) -> NDArray[np.bool_]:
        """For each sample whether no fault holds; `ignore` leaves reasons out (``damped`` for a mean pressure)."""
        size = int(round(self.duration * self.rate))
        kinds = [kind for kind in REASONS if kind not in ignore]
        return _charged(self.intervals, self.rate, size, kinds) == 0

    def masked(self, values: ArrayLike, ignore: Sequence[str] = ()) -> NDArray[np.float64]:
        """The samples with NaN wherever a fault holds."""
        array = np.asarray(values, dtype=np.float64)
        good = self.usable(ignore)
        if array.shape != good.shape:
            raise CisternaError("the samples are not those that were judged", found=f"{array.size} for {good.size}")
        return np.where(good, array, np.nan)

    def results(self) -> list[Result]:
        """The index of the whole signal, and for each reason that was met its share and number."""
        note = f"share of time outside every fault, over {self.duration:g} s; a count, so no interval"
        share = float(np.mean(self.usable()))
        out = [Result("quality", self.channel, share, "1", n=self.index.value.size, note=note)]
        charged = _charged(self.intervals, self.rate, int(round(self.duration * self.rate)), REASONS)
        for k, kind in enumerate(REASONS, start=1):
            some = [i for i in self.intervals if i.kind == kind]
            if some:
                looks = sorted({i.how for i in some if i.how})
                note = f"share of time: {kind}" + (f" ({'; '.join(looks[:3])})" if looks else "")
                share = float(np.mean(charged == k))
                out.append(Result(f"quality_{kind}", self.channel, share, "1", n=len(some), note=note))
        return out

    def lines(self) -> list[str]:
        """The judgement in words, one line a reason."""
        head = f"{self.channel}: {100 * float(np.mean(self.usable())):.1f} % of {self.duration:.0f} s can be believed"
        lines = [head]
        for kind in REASONS:
            some = [i for i in self.intervals if i.kind == kind]
            if some:
                length = sum(i.duration for i in some)
                lines.append(f"{kind} {len(some)} times, {length:.1f} s together, first {some[0]}")
        return lines


def assess(
    values: NDArray[np.float64] | Iterable[NDArray[np.float64]],
    rate: float,
    kind: str = "pressure",
    channel: str = "",
    unit: str = "",
    window: float = 10.0,
) -> Quality:
    """Judge a signal: its faults, and the share of each window without one.

    Parameters
    ----------
    values : array (time,) or iterable of arrays
        Samples with NaN where missing, or their pieces in order.
    rate : float
        Samples a second, Hz.
    kind : str
        Kind of signal as in the name table: ``pressure``, ``pulse`` and ``velocity`` have a pulse; ``breath``,
        ``ecg`` and others have none here.
    channel, unit : str
        Name for the results (``abp`` is looked at for flushing) and unit: levels count only in mmHg.
    window : float
        Length of the windows of the index, s.

    Returns
    -------
    Quality

    Raises
    ------
    CisternaError
        No sample at all, impossible rate or window.

    Examples
    --------
    >>> t = np.arange(0, 60, 0.02)
    >>> icp = 10 + np.exp(-(((t + 0.1) % 0.8 - 0.3) ** 2) / 0.01)
    >>> icp[1000:1250] = np.nan
    >>> quality = assess(icp, 50.0, channel="icp", unit="mmHg")
    >>> [str(i) for i in quality.intervals], quality.index.value.tolist()
    (['20.00-25.00 s gap'], [1.0, 1.0, 0.5, 1.0, 1.0, 1.0])
    """
    if not window > 0:
        raise CisternaError("impossible window", found=f"{window} s", mend="give seconds")
    return judged(list(survey(values, rate, kind, channel, unit)), rate, channel, window)


def survey(
    values: NDArray[np.float64] | Iterable[NDArray[np.float64]],
    rate: float,
    kind: str = "pressure",
    channel: str = "",
    unit: str = "",
) -> Iterator[Stretch]:
    """Beats and faults block by block, as the samples arrive; `judged` makes a `Quality` of them. See `assess`."""
    surveyor = Surveyor(rate, kind, channel, unit)
    for block in in_blocks(values, rate, BLOCK, MARGIN):
        yield surveyor.stretch(block)


class Surveyor:
    """Beats and faults of a signal whose blocks come one by one, in order; see `survey`."""

    def __init__(self, rate: float, kind: str = "pressure", channel: str = "", unit: str = "") -> None:
        self.rate, self.kind, self.channel, self.unit = rate, kind, channel, unit
        self._latest = -np.inf
        self._apart = 0.85 / believed("heart_rate")[1]

    def stretch(self, block: Block) -> Stretch:
        """What the core of a block shows."""
        rate = self.rate
        found = _feet(block) if self.kind in PULSATILE else np.array([])
        start, stop = block.span
        times = found + block.offset
        good = np.isfinite(block.values[np.clip(np.round(found * rate).astype(int), 0, block.values.size - 1)])
        early, late = (0.0 if block.start == 0 else 0.1), (0.0 if block.last else 0.1)
        beats = times[good & (times >= start - early) & (times < stop + late)]
        beats = beats[beats > self._latest + self._apart]
        self._latest = float(beats[-1]) if beats.size else self._latest
        sizes = beat_sizes(block.values, rate, found, block.offset)
        faults = _faults(block, self.kind, self.channel, self.unit, found, sizes)
        mine = (sizes.time >= start) & (sizes.time < stop)
        sizes = BeatSizes(*(getattr(sizes, n)[mine] for n in ("time", "amplitude", "mean", "steepness")))
        return Stretch(start, stop, block.stop - block.start, beats, sizes, faults)


def judged(stretches: Sequence[Stretch], rate: float, channel: str = "", window: float = 10.0) -> Quality:
    """The judgement of a signal from its surveyed stretches (all so far, for a recording that still arrives).

    Raises
    ------
    CisternaError
        No stretch.
    """
    size = sum(s.samples for s in stretches)
    if size == 0:
        raise CisternaError("there is nothing to judge", where=channel, found="no sample")
    parts = [fault for s in stretches for fault in s.faults]
    damped = find_damping(BeatSizes.joined([s.sizes for s in stretches]))
    intervals = tuple(sorted([*_joined(parts, 1.5 / rate), *damped], key=lambda i: (i.start, i.stop)))
    charged = _charged(intervals, rate, size, REASONS)
    edges = np.arange(0.0, size / rate, window)
    first = np.unique(np.round(edges * rate).astype(int))
    first = first[first < size]  # a window may be shorter than a sample
    count = np.diff(np.append(first, size))
    by = {k: np.add.reduceat(charged == i, first) / count for i, k in enumerate(("", *REASONS)) if np.any(charged == i)}
    none = np.full(first.size, np.nan)
    note = f"share of each {window:g} s outside every fault (gap, calibration, dropout, flat, clipped, spike, "
    note += "distorted, damped); a count, so no interval"
    middle = (first + count / 2) / rate
    index = Series("quality", channel, "1", middle, by.pop("", np.zeros(first.size)), none, none.copy(), window, note)
    beats = np.concatenate([np.array([]), *(s.beats for s in stretches)])
    return Quality(channel, rate, size / rate, intervals, index, by, beats)


def _feet(block: Block) -> Samples:
    try:
        return feet(as_samples(block.values, block.rate), block.rate)
    except CisternaError:
        return np.array([])


def _faults(block: Block, kind: str, channel: str, unit: str, found: Samples, sizes: BeatSizes) -> tuple[Interval, ...]:
    """Faults of a block, cut to its core."""
    array, rate = block.values, block.rate
    if not np.isfinite(array).any():
        return (Interval(*block.span, "gap"),)
    pulse = pulse_size(array, rate, float(np.median(np.diff(found)))) if found.size > 2 else None
    faults = faults_of(array, rate, kind, pulse)
    listed = [*faults.gap, *faults.flat, *faults.clipped, *faults.spike]
    if pulse is not None:
        out = told_apart(faults.dropout, array, rate, pulse[0], unit)
        # A plateau at the edge of the range is no clipping: that is said once too.
        listed = [i for i in listed if not any(j.start <= i.start and i.stop <= j.stop for j in out)] + out
        # Where the pulse is lost it departs from the usual one as well.
        lost = [i for i in listed if i.kind in ("gap", "dropout", "calibration")]
        apart = find_distortion(array, rate, found)
        late = block.offset + array.size / rate
        tall = find_tall_pulses(sizes, late)
        apart += [replace(i, start=i.start - block.offset, stop=i.stop - block.offset) for i in tall]
        listed += [i for i in apart if not any(i.start < j.stop and j.start < i.stop for j in lost)]
    if channel == "abp" and unit == "mmHg":
        flushes = find_flushes(array, rate)
        listed = [i for i in listed if not any(f.start <= i.start and i.stop <= f.stop for f in flushes)] + flushes
    if kind == "breath":
        listed += _breathless(array, rate)
    start, stop = block.span
    cut = [replace(i, start=max(i.start + block.offset, start), stop=min(i.stop + block.offset, stop)) for i in listed]
    return tuple(i for i in cut if i.stop > i.start)


def _breathless(array: Samples, rate: float) -> list[Interval]:
    """Stretches in which nothing moves about a straight trend: no breath, or no sensor."""
    rows = default_parameters()
    x, fs = working(fill(array), rate, 0.0, 10.0)
    size = int(_BREATH_WINDOW * fs)
    if x.size < 2 * size or size < 3:
        return []
    spread = _about_trend(x, size)
    quiet = spread < rows["quality_breathless_share"].value * np.median(spread)
    covered = np.zeros(x.size + 1)
    for a, b in runs(quiet):
        covered[a] += 1
        covered[min(b + size - 1, x.size)] -= 1
    return [
        Interval(a / fs, min(b / fs, array.size / rate), "flat", "no breathing")
        for a, b in runs(np.cumsum(covered)[:-1] > 0)
        if (b - a) / fs >= rows["quality_breathless_shortest"].value
    ]


def _about_trend(x: Samples, size: int) -> Samples:
    """Standard deviation about the straight line of each window, by its first sample."""
    from numpy.lib.stride_tricks import sliding_window_view

    at = np.arange(size) - (size - 1) / 2
    parts = sliding_window_view(x, size)
    slope = parts @ at / (at @ at)
    return np.sqrt(np.maximum(parts.var(axis=1) - slope**2 * (at @ at) / size, 0.0))


def _joined(parts: list[Interval], near: float) -> list[Interval]:
    """Intervals cut at the border of two blocks made whole again: same kind, touching."""
    out: list[Interval] = []
    for kind in REASONS:
        for part in sorted((p for p in parts if p.kind == kind), key=lambda p: p.start):
            if out and out[-1].kind == kind and part.start <= out[-1].stop + near:
                out[-1] = replace(out[-1], stop=max(out[-1].stop, part.stop))
            else:
                out.append(part)
    return out


def _charged(intervals: Sequence[Interval], rate: float, size: int, kinds: Sequence[str]) -> NDArray[np.int8]:
    """For each sample the number of the gravest reason that holds (one-based), 0 where none does."""
    out = np.zeros(size, dtype=np.int8)
    for number in range(len(kinds), 0, -1):
        for i in intervals:
            if i.kind == kinds[number - 1]:
                out[max(int(round(i.start * rate)), 0) : int(round(i.stop * rate))] = number
    return out
