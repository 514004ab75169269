"""What is removed before a residual rhythm is looked for: breath, heart and arterial pressure, as slow series.

All channels are brought to one slow clock. Short gaps are bridged by a straight line and counted; longer ones split
the record. Each source is moved in time to where it is most like the signal. Breathing enters as its wave, its depth
(an irregular breather drives slow waves by depth alone) and its square (overtones and beats of a response out of
proportion); the heart as its rate; pressure as itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.signals.beats import find_beats
from cisterna.signals.grid import Samples, as_samples, band_pass, fill, low_pass, resample, runs
from cisterna.signals.period import local_median

#: The slow clock runs at this many times the upper end of the band: the anti-alias filter needs room above it.
_CLOCK = 5.0
#: Two-stage decimation: block means down to this many times the slow clock, then a sharp filter.
_FIRST = 8.0
#: Longest delay between a source and the place it acts on, s.
_REACH = 3.0


@dataclass(frozen=True)
class Slow:
    """Channels on one slow clock.

    Attributes
    ----------
    rate : float
        Samples a second.
    site, other : array (time,) or None
        The signal asked about and the same rhythm at another place; NaN in gaps that were not bridged.
    removed : dict
        Source (``breath``, ``heart``, ``abp``) -> its series, each (time,), aligned with the site.
    beside : dict
        The same, aligned with the other place; empty without one.
    bridged : float
        Share of the time that was bridged in one channel or more.
    """

    rate: float
    site: Samples
    other: Samples | None
    removed: dict[str, list[Samples]]
    beside: dict[str, list[Samples]]
    bridged: float

    @property
    def good(self) -> NDArray[np.bool_]:
        """Where all channels are there."""
        every = [self.site, *([] if self.other is None else [self.other])]
        every += [x for own in (self.removed, self.beside) for series in own.values() for x in series]
        return np.asarray(np.all(np.isfinite(every), axis=0))


def slow_clock(
    values: ArrayLike,
    rate: float,
    *,
    breath: ArrayLike | None = None,
    heart: ArrayLike | None = None,
    beats: ArrayLike | None = None,
    abp: ArrayLike | None = None,
    other_site: ArrayLike | None = None,
    band: tuple[float, float],
) -> Slow:
    """Bring all channels to a slow clock and make the series to be removed.

    Parameters are those of `cisterna.signals.rhythm.rhythm`.

    Examples
    --------
    >>> t = np.arange(0, 300, 0.1)
    >>> slow = slow_clock(np.sin(0.6 * t), 10.0, breath=np.sin(1.5 * t), band=(0.03, 0.3))
    >>> slow.rate, {name: len(series) for name, series in slow.removed.items()}
    (1.6666666666666667, {'breath': 3})
    """
    array = as_samples(values, rate)
    if not 0.0 < band[0] < band[1]:
        raise CisternaError("the band of the rhythm is empty", found=f"{band[0]:g} to {band[1]:g} Hz")
    if rate < 2.0 * band[1]:
        mend = f"give {2.0 * band[1]:g} samples a second or more"
        raise CisternaError("the rate cannot hold the band", found=f"{rate:g} Hz for {band[1]:g} Hz", mend=mend)
    longest = default_parameters()["rhythm_gap_longest"].value
    lost = np.zeros(0, dtype=bool)

    def channel(name: str, given: ArrayLike) -> Samples:
        nonlocal lost
        own = as_samples(given, rate)
        if own.size != array.size:
            found = f"{own.size} samples beside {array.size}"
            raise CisternaError(f"'{name}' is not on the clock of the signal", found=found, mend="resample it first")
        out, gaps = _slowed(own, rate, band, longest)
        lost = gaps if lost.size == 0 else lost | gaps
        return out

    site = channel("values", array)
    other = None if other_site is None else channel("other_site", other_site)
    removed: dict[str, list[Samples]] = {}
    clock = _slow_rate(rate, band)
    if breath is not None:
        removed["breath"] = _breathing(channel("breath", breath), clock, band)
    if heart is not None or beats is not None:
        times = find_beats(np.asarray(heart, dtype=np.float64), rate) if beats is None else _times(beats)
        removed["heart"] = [_rate_of(times, site.size, clock, band)]
    if abp is not None:
        removed["abp"] = [channel("abp", abp)]
    # What does not vary, as the rate of a paced heart, explains nothing and counts as removed.
    removed = {name: [x for x in series if _varies(x)] for name, series in removed.items()}
    first, second = (
        {} if to is None else {name: [_aligned(x, to, clock) for x in series] for name, series in removed.items()}
        for to in (site, other)
    )
    return Slow(clock, site, other, first, second, float(lost.mean()))


def _varies(series: Samples) -> bool:
    good = series[np.isfinite(series)]
    return bool(good.size and good.std() > 1e-9 * max(float(np.abs(good).max()), 1e-300))


def _aligned(series: Samples, site: Samples, rate: float) -> Samples:
    """The series moved to where it is most like the site: a delay turns the phase within one band.

    Removed at +- W a delay of t s leaves (2 pi W t)^2 / 3 of the power behind.
    """
    from scipy import signal

    good = np.isfinite(series) & np.isfinite(site)
    reach = int(_REACH * rate)
    if good.sum() < 10 * reach or reach < 1:
        return series
    one, two = (np.where(good, x - x[good].mean(), 0.0) for x in (site, series))
    one, two = (np.diff(x) for x in (one, two))  # drifts would decide otherwise
    like = signal.correlate(one, two, mode="full")[one.size - 1 - reach : one.size + reach]
    lag = int(np.argmax(np.abs(like))) - reach
    moved = np.full(series.size, np.nan)
    if lag >= 0:
        moved[lag:] = series[: series.size - lag]
    else:
        moved[:lag] = series[-lag:]
    return moved


def _slow_rate(rate: float, band: tuple[float, float]) -> float:
    return rate / max(int(rate / (_CLOCK * band[1])), 1)


def _slowed(
    array: Samples, rate: float, band: tuple[float, float], longest: float
) -> tuple[Samples, NDArray[np.bool_]]:
    """The channel on the slow clock, NaN in long gaps; and where it was bridged."""
    from scipy import signal

    block = max(int(rate / (_CLOCK * band[1])), 1)
    missing = ~np.isfinite(array)
    long = np.zeros(array.size, dtype=bool)
    for a, b in runs(missing):
        if b - a > longest * rate or a == 0 or b == array.size:
            long[a:b] = True
    whole = fill(array)
    # First block means, cheap on a day of samples, then a filter that lets nothing of the heartbeat fold back.
    first = max(int(block / _FIRST), 1)
    while block % first:
        first -= 1
    count = array.size // block * block
    if count < 2 * block:
        raise CisternaError("the record is too short", found=f"{array.size / rate:.3g} s")
    coarse = whole[:count].reshape(-1, first).mean(axis=1)
    second = block // first
    if second > 1:
        taps = signal.firwin(20 * second + 1, 0.8 / second, window=("kaiser", 8.0))
        half = taps.size // 2
        padded = np.pad(coarse, half, mode="reflect", reflect_type="odd") if coarse.size > half else None
        if padded is None:
            raise CisternaError("the record is too short", found=f"{array.size / rate:.3g} s")
        coarse = signal.upfirdn(taps, padded, 1, second)[2 * half // second :][: count // block]
    out = np.array(coarse[: count // block], dtype=np.float64)
    out[long[:count].reshape(-1, block).any(axis=1)] = np.nan
    return out, np.asarray((missing & ~long)[:count].reshape(-1, block).any(axis=1))


def _breathing(wave: Samples, rate: float, band: tuple[float, float]) -> list[Samples]:
    """Wave, depth, and the square of the wave: what a body that does not follow the breath in proportion adds."""
    from scipy import signal

    lost = ~np.isfinite(wave)
    flat = signal.detrend(fill(wave))
    # Depth from the wave around its own rate: the noise of the belt would else be most of it.
    power, at = np.abs(np.fft.rfft(flat * np.hanning(flat.size))) ** 2, np.fft.rfftfreq(flat.size, 1.0 / rate)
    seen = at >= band[0]
    own = float(np.sum(at[seen] * power[seen]) / max(float(np.sum(power[seen])), 1e-300)) or band[1]
    near = band_pass(flat, rate, own / 2.0, min(2.0 * own, 0.45 * rate)) if flat.size > rate / own else flat
    depth = low_pass(np.abs(signal.hilbert(near)), rate, band[1])
    return [np.where(lost, np.nan, x) for x in (wave, depth, flat**2)]


def _rate_of(times: Samples, size: int, rate: float, band: tuple[float, float]) -> Samples:
    """Heart rate (1/min) on the slow clock; NaN where no beat was found for three intervals or more."""
    steps = np.diff(times)
    usual = float(np.median(steps))
    at = (np.arange(size) + 0.5) / rate
    middle = 0.5 * (times[1:] + times[:-1])
    # Ectopic beats and misses: an interval far from its neighbours carries no rate.
    local = local_median(steps, 3)
    sound = (steps > 0.7 * local) & (steps < 1.4 * local)
    if sound.sum() < 4:
        raise CisternaError("the heartbeats are too irregular to give a rate", found=f"{sound.sum()} sound intervals")
    fine = np.arange(times[0], times[-1], 0.25)
    smooth = low_pass(np.interp(fine, middle[sound], 60.0 / steps[sound]), 4.0, 1.5 * band[1])
    out = np.interp(at, fine, smooth)
    out[(at < times[0] - usual) | (at > times[-1] + usual)] = np.nan
    for k in np.flatnonzero(steps > 3.0 * usual):
        out[(at > times[k]) & (at < times[k + 1])] = np.nan
    return out


def _times(beats: ArrayLike) -> Samples:
    times = np.asarray(beats, dtype=np.float64)
    if times.ndim != 1 or times.size < 8 or not np.all(np.diff(times) > 0):
        raise CisternaError("beats are rising times in s, eight at least", found=f"{times.size} values")
    return times


@dataclass(frozen=True)
class Pieces:
    """Equal segments of a record.

    Attributes
    ----------
    starts : tuple of int
        First sample of each, on the slow clock.
    size : int
        Samples a segment.
    """

    starts: tuple[int, ...]
    size: int

    def cut(self, series: Samples) -> Samples:
        """(segment, time)."""
        return np.stack([series[a : a + self.size] for a in self.starts])


def pieces(good: NDArray[np.bool_], rate: float, longest: float, shortest: float) -> Pieces | None:
    """Cut the usable runs into equal segments that waste least; None where no run is long enough.

    Examples
    --------
    >>> pieces(np.ones(900, dtype=bool), 1.0, 600.0, 100.0)
    Pieces(starts=(0, 450), size=450)
    """
    spans = [(a, b) for a, b in runs(good) if (b - a) / rate >= shortest]
    if not spans:
        return None
    top = int(longest * rate)
    sizes = {min((b - a) // k, top) for a, b in spans for k in (1, 2, 3) if (b - a) // k >= shortest * rate}
    sizes |= {(b - a) // int(np.ceil((b - a) / top)) for a, b in spans}
    sizes = {s for s in sizes if s >= shortest * rate and s <= top} or {min(b - a for a, b in spans)}
    # Two in a hundred are given away for a length that transforms fast.
    quick = {_quick(s) for s in sizes}
    best = max(quick, key=lambda s: (sum((b - a) // s for a, b in spans) * s, s))
    starts = [a + k * best for a, b in spans for k in range((b - a) // best)]
    return Pieces(tuple(starts), int(best))


def _quick(size: int) -> int:
    from scipy import fft

    while fft.next_fast_len(size, real=True) != size:
        size -= 1
    return size


def on_clock(values: ArrayLike, rate: float, new_rate: float, count: int, start: float = 0.0) -> Samples:
    """A channel of another rate on the clock of the signal asked about, NaN where it was not recorded.

    Parameters
    ----------
    start : float
        Time [s] on the channel's clock at which the signal begins.

    Examples
    --------
    >>> on_clock([0.0, 1.0, 2.0, 3.0, 4.0, 5.0], 1.0, 2.0, 6).round(6).tolist()
    [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]
    """
    array = as_samples(values, rate)
    moved = resample(fill(array), rate, new_rate, start) if array.size > 4 else array
    lost = np.interp(start + np.arange(moved.size) / new_rate, np.arange(array.size) / rate, ~np.isfinite(array)) > 0
    out = np.full(count, np.nan)
    size = min(count, moved.size)
    out[:size] = np.where(lost, np.nan, moved)[:size]
    return out
