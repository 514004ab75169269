"""A slow rhythm wave by wave: rate, amplitude, regularity, phase, and how two sides compare.

This describes; whether there is a rhythm at all is asked by `cisterna.signals.rhythm.rhythm`. In noise the same
numbers come out of the filter: each regularity therefore stands beside that of noise in the same band.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.signals.grid import Samples, as_samples, band_pass, runs
from cisterna.signals.result import Result
from cisterna.signals.rhythm.background import background
from cisterna.signals.rhythm.multitaper import taper_count, transform
from cisterna.signals.rhythm.references import pieces, slow_clock

#: The wave is followed over this factor below and above its frequency.
_WIDE = 1.5
#: Draws of the bootstrap, and cycles a rate needs.
_DRAWS, _FEWEST = 999, 3
#: Coefficients a peak needs at each frequency.
_ROWS = 5


@dataclass(frozen=True)
class SlowRhythm:
    """Waves of a slow rhythm.

    Attributes
    ----------
    rate, amplitude, regularity : Result
        1/min, from the mean cycle; half of peak to peak, median cycle; 1 - sd / mean of the cycle lengths, 1 is
        clockwork (``extra["noise"]``: what noise in the same band gives).
    symmetry, lag : Result or None
        (first - second) / (first + second) of the amplitudes of two sides, 0 alike, +-1 one side only; and the phase
        by which the second is behind, deg.
    cycles : array (cycle, 2)
        Start and end of each cycle, s.
    sizes : array (cycle,)
        Half of peak to peak of each.
    phase : array (time,)
        rad, 0 at the crest; NaN in gaps.
    wave : array (time,)
        The signal between `low` and `high`; NaN in gaps.
    low, high : float
        Hz.
    """

    rate: Result
    amplitude: Result
    regularity: Result
    symmetry: Result | None
    lag: Result | None
    cycles: Samples
    sizes: Samples
    phase: Samples
    wave: Samples
    low: float
    high: float


def slow_rhythm(
    values: ArrayLike,
    rate: float,
    frequency: float | None = None,
    other: ArrayLike | None = None,
    unit: str = "1",
    channel: str = "",
    seed: int = 0,
) -> SlowRhythm:
    """Follow a slow rhythm through a signal.

    Parameters
    ----------
    values : array (time,)
        Samples; NaN are missing and split the record.
    rate : float
        Samples a second.
    frequency : float, optional
        Hz; by default the largest peak over the smooth background in the band of row `rhythm_band`.
    other : array (time,), optional
        The other side, in the same unit.
    unit, channel : str
        For the results.
    seed : int
        Of the bootstrap behind the intervals.

    Raises
    ------
    CisternaError
        Fewer than three whole cycles were recorded.

    Examples
    --------
    >>> t = np.arange(0, 600, 0.25)
    >>> left, right = 3.0 * np.sin(2 * np.pi * 0.1 * t), 1.0 * np.sin(2 * np.pi * 0.1 * t - np.pi / 6)
    >>> found = slow_rhythm(left, 4.0, other=right)
    >>> [round(r.value, 1) for r in (found.rate, found.amplitude, found.regularity, found.symmetry, found.lag)]
    [6.0, 3.0, 1.0, 0.5, 30.1]
    """
    array = as_samples(values, rate)
    row = default_parameters()["rhythm_band"]
    at = peak_frequency(array, rate, row.low, row.high).value / 60.0 if frequency is None else frequency
    if not 0.0 < at < rate / 2.0 / _WIDE:
        raise CisternaError("the rate cannot hold this rhythm", found=f"{at:g} Hz at {rate:g} samples a second")
    low, high = at / _WIDE, at * _WIDE
    wave, phase = _followed(array, rate, low, high)
    cycles, sizes = _cycles(wave, rate)
    if len(cycles) < _FEWEST:
        found, mend = f"{len(cycles)} at {60 * at:.3g}/min", f"record {_FEWEST / at:.0f} s or more without a gap"
        raise CisternaError("too few whole cycles of the rhythm", found=found, mend=mend)
    lengths = cycles[:, 1] - cycles[:, 0]
    rng = np.random.default_rng(seed)
    draws = rng.integers(0, len(lengths), (_DRAWS, len(lengths)))
    n, note = len(lengths), f"{len(lengths)} cycles, followed from {low:.3g} to {high:.3g} Hz"

    def result(name: str, value: float, drawn: Samples, unit: str, words: str, **extra: float) -> Result:
        ends = np.quantile(drawn, [0.025, 0.975])
        return Result(name, channel, float(value), unit, float(ends[0]), float(ends[1]), n, f"{words}; {note}", extra)

    drawn = lengths[draws]
    noise = _noise_regularity(_WIDE)
    symmetry = lag = None
    if other is not None:
        symmetry, lag = _sides(array, as_samples(other, rate), wave, phase, rate, (low, high), cycles, result, rng)
    return SlowRhythm(
        result("rhythm_rate", 60.0 / lengths.mean(), 60.0 / drawn.mean(axis=1), "1/min", "inverse of the mean cycle"),
        result("rhythm_amplitude", float(np.median(sizes)), np.median(sizes[draws], axis=1), unit,
               "half of peak to peak, median cycle"),
        result("rhythm_regularity", float(_regularity(lengths)), _regularity(drawn), "1",
               f"1 - sd / mean of the cycle lengths (noise in this band: {noise:.2f})", noise=float(noise)),
        symmetry, lag, cycles, sizes, phase, wave, low, high,
    )  # fmt: skip


def peak_frequency(
    values: ArrayLike, rate: float, low: float, high: float, name: str = "peak_rate", channel: str = "", seed: int = 0
) -> Result:
    """Rate of the largest spectral peak between two frequencies, over the smooth background of the spectrum.

    The interval is a bootstrap over tapers and segments; it holds the whole band when several peaks compete.

    Returns
    -------
    Result
        1/min; `n` coefficients at each frequency; ``extra["ratio"]`` peak over background.

    Raises
    ------
    CisternaError
        The record is too short for bands as wide as row `rhythm_resolution` allows.

    Examples
    --------
    >>> t = np.arange(0, 600, 0.5)
    >>> noise = np.cumsum(np.random.default_rng(0).normal(size=t.size)) * 0.1
    >>> found = peak_frequency(np.sin(2 * np.pi * 0.1 * t) + noise, 2.0, 0.04, 0.15)
    >>> round(found.value, 1), bool(found.low <= found.value <= found.high)
    (6.0, True)
    """
    rows = default_parameters()
    band = (low, high)
    slow = slow_clock(values, rate, band=band)
    longest = min(max(rows["rhythm_segment_longest"].value, 12.0 / low), slow.site.size / slow.rate)
    # A third of the band tells its middle from its ends; the lowest frequency needs its own width below it.
    half = max(min(rows["rhythm_resolution"].value / 2, (high - low) / 6.0), 1.5 / longest)
    cut = pieces(slow.good, slow.rate, longest, 2.0 / low)
    count = 0 if cut is None else len(cut.starts) * taper_count(cut.size / slow.rate, half)
    if cut is not None and count < _ROWS:
        half = (int(np.ceil(_ROWS / len(cut.starts))) + 1) / (2.0 * cut.size / slow.rate)
    if cut is None or half > (high - low) / 2:
        found = f"{slow.good.sum() / slow.rate:.0f} s without gaps"
        mend = f"record {max(2.0 / low, 6.0 / (high - low)):.0f} s in one piece"
        raise CisternaError("the record is too short for this band", found=found, mend=mend)
    wide = (max(0.5 * low, 0.5 / longest), min(1.5 * high, 0.45 * slow.rate))
    spectral = transform(cut.cut(slow.site), slow.rate, half, *wide)
    power = np.abs(spectral.value) ** 2
    f, inside = spectral.frequency, (spectral.frequency >= low) & (spectral.frequency <= high)
    floor = background(f, power.mean(axis=1))
    ratio = power.mean(axis=1) / floor
    rng = np.random.default_rng(seed)
    weights = rng.multinomial(power.shape[1], np.full(power.shape[1], 1.0 / power.shape[1]), _DRAWS)
    drawn = (weights @ power.T / power.shape[1] / floor)[:, inside]
    value = _centre(f[inside], ratio[inside][None], half)[0]
    ends = np.quantile(_centre(f[inside], drawn, half), [0.025, 0.975])
    note = (
        f"largest peak over the background, {low:g} to {high:g} Hz, bands of {2 * half:.3g} Hz, "
        f"{len(cut.starts)} x {cut.size / slow.rate:.0f} s; bootstrap interval, widened by half a band"
    )
    ends = np.clip([ends[0] - half / 2, ends[1] + half / 2], low, high)
    value, below, above = (60.0 * float(x) for x in (value, *ends))
    extra = {"ratio": float(ratio[inside].max())}
    return Result(name, channel, value, "1/min", below, above, power.shape[1], note, extra)


def _centre(f: Samples, ratio: Samples, half: float) -> Samples:
    """Frequency of the largest peak of each row: a line is flat over +- half, so the middle of what stands out."""
    top = f[np.argmax(ratio, axis=1)]
    weight = np.where(np.abs(f[None] - top[:, None]) <= 1.5 * half, np.maximum(ratio - 1.0, 0.0), 0.0)
    total = weight.sum(axis=1)
    return np.asarray(np.where(total > 0, weight @ f / np.maximum(total, 1e-300), top))


def _followed(array: Samples, rate: float, low: float, high: float) -> tuple[Samples, Samples]:
    """The wave between two frequencies and its phase; NaN outside runs of at least two periods."""
    from scipy import signal

    wave, phase = np.full(array.size, np.nan), np.full(array.size, np.nan)
    for a, b in runs(np.isfinite(array)):
        if (b - a) / rate < 2.0 / low:
            continue
        part = band_pass(signal.detrend(array[a:b]), rate, low, high)
        wave[a:b] = part
        phase[a:b] = np.angle(signal.hilbert(part))
    return wave, phase


def _cycles(wave: Samples, rate: float) -> tuple[Samples, Samples]:
    """Whole cycles between upward zero crossings, (start, end) in s, and half of peak to peak of each."""
    found, sizes = [], []
    for a, b in runs(np.isfinite(wave)):
        part = wave[a:b]
        up = np.flatnonzero((part[:-1] < 0) & (part[1:] >= 0))
        at = up + part[up] / (part[up] - part[up + 1])
        for k in range(len(at) - 1):
            found.append(((a + at[k]) / rate, (a + at[k + 1]) / rate))
            sizes.append(0.5 * np.ptp(part[up[k] : up[k + 1] + 2]))
    return np.array(found).reshape(-1, 2), np.array(sizes)


def _regularity(lengths: Samples) -> NDArray[np.float64]:
    return np.asarray(1.0 - lengths.std(axis=-1, ddof=1) / lengths.mean(axis=-1))


@lru_cache(maxsize=2)
def _noise_regularity(wide: float) -> float:
    """Regularity of white noise in such a band, some hundred cycles; it does not hang on the frequency."""
    rng = np.random.default_rng(0)
    cycles, _ = _cycles(band_pass(rng.normal(size=8000), 10.0 * wide, 1.0 / wide, wide), 10.0 * wide)
    return float(_regularity(cycles[:, 1] - cycles[:, 0]))


def _sides(
    first: Samples, second: Samples, wave: Samples, phase: Samples, rate: float, ends: tuple[float, float],
    cycles: Samples, result: object, rng: np.random.Generator,
) -> tuple[Result, Result]:  # fmt: skip
    """Symmetry and lag of two sides, cycle by cycle."""
    assert callable(result)
    if second.size != first.size:
        raise CisternaError("the two sides are not on one clock", found=f"{first.size} and {second.size} samples")
    other, turned = _followed(second, rate, *ends)
    a, b, turn = [], [], []
    for start, end in cycles:
        k = slice(int(start * rate), int(end * rate) + 1)
        if np.isfinite(other[k]).all():
            a.append(np.ptp(wave[k]))
            b.append(np.ptp(other[k]))
            turn.append(np.mean(np.exp(1j * (phase[k] - turned[k]))))
    if len(a) < _FEWEST:
        raise CisternaError("too few cycles were recorded on both sides", found=f"{len(a)}")
    one, two, angle = np.array(a), np.array(b), np.array(turn)
    draws = rng.integers(0, one.size, (_DRAWS, one.size))
    top, bottom = one[draws].mean(axis=1), two[draws].mean(axis=1)
    mean = np.angle(angle.mean())
    around = mean + np.angle(angle[draws].mean(axis=1) * np.exp(-1j * mean))
    symmetry = (one.mean() - two.mean()) / (one.mean() + two.mean())
    words = "(first - second) / (first + second) of the mean amplitudes of two sides"
    return (
        result("rhythm_symmetry", symmetry, (top - bottom) / (top + bottom), "1", words),
        result("rhythm_lag", np.degrees(mean), np.degrees(around), "deg", "the second side behind the first"),
    )
