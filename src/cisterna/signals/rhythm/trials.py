"""How often the rhythm test is wrong: false positives on records without a rhythm, and recovery of an added one.

The nulls are the ways in which a record without a rhythm of its own can look as if it had one: coloured noise,
noise that a device has averaged, breathing that is irregular in pace and depth, and a heart rate that wanders and is
modulated by breath. A number from here is a measurement with a binomial interval, and it changes when the test is
changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cisterna.ground.errors import UnknownName
from cisterna.signals.grid import Samples
from cisterna.signals.result import Result
from cisterna.signals.rhythm.surrogates import coloured
from cisterna.signals.rhythm.test import ALPHA, rhythm

#: Samples a second of simulated records: enough for the band, slow enough for thousands of them.
RATE = 2.0
#: Slope of the noise of a slow biological signal, power as 1 / f^slope, and how far it is drawn.
_SLOPES = (0.0, 2.0)
_LOWEST = 0.002
#: Spans of the moving average of a device, s: the first null at 0.5 Hz, above the band, and at 0.25 Hz, within it.
_AVERAGED, _LONG_AVERAGED = 2.0, 4.0


@dataclass(frozen=True)
class Simulated:
    """A record without a rhythm of its own.

    Attributes
    ----------
    site, other : array (time,)
        Two places; they share what breath and heart do to both, and nothing else.
    breath : array (time,) or None
    beats : array (beat,) or None
        s.
    """

    site: Samples
    other: Samples
    breath: Samples | None = None
    beats: Samples | None = None


def _noise(size: int, rng: np.random.Generator, slope: float | None = None) -> Samples:
    """Noise with power as 1 / f^slope, of standard deviation 1."""
    power = rng.uniform(*_SLOPES) if slope is None else slope
    f = np.geomspace(_LOWEST, RATE / 2, 60)
    x = coloured(f, f**-power, (1, size), RATE, rng)[0]
    return np.asarray(x / x.std())


def coloured_noise(size: int, rng: np.random.Generator) -> Simulated:
    """Two unrelated places of coloured noise, slopes 0 to 2; nothing is removed."""
    return Simulated(_noise(size, rng), _noise(size, rng))


def averaged_noise(size: int, rng: np.random.Generator) -> Simulated:
    """Two unrelated places of white noise, averaged over 2 s; nothing is removed."""
    return _averaged(size, rng, _AVERAGED)


def long_averaged_noise(size: int, rng: np.random.Generator) -> Simulated:
    """The same averaged over 4 s: a hole at 0.25 Hz, in the middle of what is looked at."""
    return _averaged(size, rng, _LONG_AVERAGED)


def _averaged(size: int, rng: np.random.Generator, seconds: float) -> Simulated:
    span = int(seconds * RATE)

    def place() -> Samples:
        x = np.convolve(rng.normal(size=size + span - 1), np.full(span, 1.0 / span), mode="valid")
        return np.asarray(x / x.std())

    return Simulated(place(), place())


def irregular_breath(size: int, rng: np.random.Generator) -> Simulated:
    """Both places follow the breath late, saturating and with overtones, and its depth; pace and depth wander."""
    breath, depth = _breath(size, rng)

    def place() -> Samples:
        wave = np.roll(breath, int(rng.integers(0, int(2 * RATE))))
        bent = np.tanh(rng.uniform(0.3, 1.0) * wave) + rng.uniform(0.1, 0.3) * wave**2
        return np.asarray(rng.uniform(0.5, 2.0) * bent + rng.uniform(0.5, 1.0) * depth + _noise(size, rng))

    return Simulated(place(), place(), breath + 0.05 * rng.normal(size=size))


def wandering_heart(size: int, rng: np.random.Generator) -> Simulated:
    """Both places follow the heart rate, which wanders as 1 / f and with the breath."""
    breath, _ = _breath(size, rng)
    mean = rng.uniform(0.9, 1.4)
    pace = mean * (1.0 + 0.05 * _noise(size, rng, 1.0) + 0.05 * breath)
    turns = np.cumsum(np.clip(pace, 0.4 * mean, 2.0 * mean)) / RATE
    beats = np.interp(np.arange(1, int(turns[-1])), turns, np.arange(size) / RATE)
    swing = (pace - mean) / (0.05 * mean)

    def place() -> Samples:
        return np.asarray(rng.uniform(0.5, 1.0) * swing + rng.uniform(0.2, 1.0) * breath + _noise(size, rng))

    return Simulated(place(), place(), breath + 0.05 * rng.normal(size=size), beats)


def _breath(size: int, rng: np.random.Generator) -> tuple[Samples, Samples]:
    """Breathing wave about 0 and its depth (about 0, standard deviation near 1).

    The depth is a number of each breath, so between breaths it runs straight; it acts on the body as such.
    """
    mean = rng.uniform(0.15, 0.35)
    turns = np.cumsum(mean * np.exp(0.1 * _noise(size, rng, 1.0))) / RATE
    slow = _noise(size, rng, 1.0)
    each = np.interp(np.arange(int(turns[-1]) + 1), turns, slow)
    depth = np.interp(turns, np.arange(each.size), each)
    return np.asarray((1.0 + 0.25 * depth) * np.sin(2 * np.pi * turns)), depth


NULLS: Mapping[str, Callable[[int, np.random.Generator], Simulated]] = {
    "coloured noise": coloured_noise,
    "averaged noise": averaged_noise,
    "long averaged noise": long_averaged_noise,
    "irregular breathing": irregular_breath,
    "wandering heart rate": wandering_heart,
}


def _share(name: str, hits: int, count: int, note: str) -> Result:
    from scipy import stats

    low = float(stats.beta.ppf(0.025, hits, count - hits + 1)) if hits else 0.0
    high = float(stats.beta.ppf(0.975, hits + 1, count - hits)) if hits < count else 1.0
    return Result(name, "", hits / count, "1", low, high, count, f"{note}; Clopper-Pearson interval")


def _p(record: Simulated, two: bool, surrogates: int, seed: int) -> float:
    return rhythm(
        record.site, RATE, breath=record.breath, beats=record.beats, other_site=record.other if two else None,
        surrogates=surrogates, seed=seed,
    ).p  # fmt: skip


def false_positives(
    null: str, seconds: float = 600.0, two: bool = False, count: int = 100, surrogates: int = 99, seed: int = 0
) -> Result:
    """Share of records without a rhythm in which the test finds one at 5 %.

    Parameters
    ----------
    null : str
        ``coloured noise``, ``averaged noise`` (over 2 s), ``long averaged noise`` (over 4 s), ``irregular breathing``
        or ``wandering heart rate``.
    seconds : float
        Length of each record.
    two : bool
        Two places instead of one.
    count, surrogates : int
        Records, and surrogates of each.

    Examples
    --------
    >>> found = false_positives("coloured noise", 300.0, count=5, surrogates=19)
    >>> found.n, 0.0 <= found.low <= found.value <= found.high
    (5, True)
    """
    if null not in NULLS:
        raise UnknownName("kind of record", null, list(NULLS))
    rng = np.random.default_rng(seed)
    size = int(seconds * RATE)
    hits = sum(_p(NULLS[null](size, rng), two, surrogates, seed + k) <= ALPHA for k in range(count))
    places = "two places" if two else "one place"
    return _share("rhythm_false_positive", hits, count, f"{null}, {places}, {seconds / 60:.0f} min, level 5 %")


def recovery(
    amplitudes: Sequence[float],
    seconds: float = 600.0,
    null: str = "irregular breathing",
    two: bool = False,
    frequency: tuple[float, float] = (0.08, 0.15),
    wander: float = 0.1,
    count: int = 40,
    surrogates: int = 99,
    seed: int = 0,
) -> list[Result]:
    """Share of records in which an added rhythm is found, for each amplitude.

    Parameters
    ----------
    amplitudes : sequence of float
        Half of peak to peak, in standard deviations of the noise of the place.
    frequency : (float, float)
        Hz, drawn evenly between these.
    wander : float
        Relative standard deviation of the frequency over time.

    Examples
    --------
    >>> [r.value for r in recovery([3.0], 600.0, count=3, surrogates=19)]
    [1.0]
    """
    if null not in NULLS:
        raise UnknownName("kind of record", null, list(NULLS))
    size = int(seconds * RATE)
    found = []
    for amplitude in amplitudes:
        rng = np.random.default_rng(seed)
        hits = 0
        for k in range(count):
            record = NULLS[null](size, rng)
            pace = rng.uniform(*frequency) * (1.0 + wander * _noise(size, rng, 1.0))
            wave = amplitude * np.sin(2 * np.pi * np.cumsum(pace) / RATE)
            added = Simulated(record.site + wave, record.other + wave, record.breath, record.beats)
            hits += _p(added, two, surrogates, seed + k) <= ALPHA
        places = "two places" if two else "one place"
        note = f"added rhythm of {amplitude:g} sd in {null}, {places}, {seconds / 60:.0f} min"
        found.append(_share("rhythm_recovery", int(hits), count, note))
    return found


def recovery_in(
    values: Samples, rate: float, amplitudes: Sequence[float], frequency: float, count: int = 8, surrogates: int = 99,
    seed: int = 0, **channels: Samples,
) -> list[Result]:  # fmt: skip
    """Share of trials in which a rhythm added to a measured record is found, for each amplitude (unit of the record).

    The added wave starts at a random phase; each `channels` entry is passed to `rhythm`. Whatever rhythm the record
    has already counts as found, so the first amplitude should be 0. A trial counts where the peak lies within 0.02 Hz
    of what was added.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=1200)
    >>> [r.value for r in recovery_in(noise, 2.0, [0.0, 2.0], 0.1, count=2, surrogates=19)]
    [0.0, 1.0]
    """
    t = np.arange(values.size) / rate
    found = []
    for amplitude in amplitudes:
        rng = np.random.default_rng(seed)
        hits = 0
        for k in range(count):
            wave = amplitude * np.sin(2 * np.pi * (frequency * t + rng.random()))
            test = rhythm(values + wave, rate, surrogates=surrogates, seed=seed + k, **channels)  # type: ignore[arg-type]
            hits += bool(test.p <= ALPHA and abs(test.rate.value / 60.0 - frequency) < 0.02)
        note = f"added rhythm of amplitude {amplitude:.3g} at {frequency:g} Hz"
        found.append(_share("rhythm_recovery", hits, count, note))
    return found
