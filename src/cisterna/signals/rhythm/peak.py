"""The largest peak of the test: its rate, size and phase with intervals, and the residual over time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.signals.grid import Samples
from cisterna.signals.result import Result
from cisterna.signals.rhythm.background import line_response
from cisterna.signals.rhythm.multitaper import Complex, Removal, detrended
from cisterna.signals.rhythm.references import Pieces, Slow
from cisterna.signals.rhythm.slow import slow_rhythm
from cisterna.signals.rhythm.wavelet import morlet

if TYPE_CHECKING:
    from cisterna.signals.rhythm.test import _Layout

#: A peak reaches so many half widths to each side: a line has one, a rhythm that wanders more.
_REACH = 2.0
#: Draws of the bootstrap over tapers and segments.
_DRAWS = 499
#: Share of the time in which a wave of the background alone is called present.
_PRESENT = 0.05


@dataclass(frozen=True)
class Peak:
    """The largest peak.

    Attributes
    ----------
    frequency : float
        Hz.
    near : array of bool (frequency,)
        The bins that belong to it.
    rates, sizes, angles : array (draw + 1,)
        Frequency (Hz), amplitude (half of peak to peak), and phase by which the second place is behind (rad; NaN with
        one place); the first is the estimate, the others bootstrap draws.
    ratio : array (draw + 1,)
        (first - second) / (first + second) of the amplitudes of two places.
    floor_near : float
        Background power density at the peak.
    """

    frequency: float
    near: NDArray[np.bool_]
    rates: Samples
    sizes: Samples
    angles: Samples
    ratio: Samples
    floor_near: float


def peak_of(
    f: Samples, left: Complex, second: Complex | None, floor: Samples, observed: Samples, inside: NDArray[np.bool_],
    size: int, rate: float, half_width: float, ends: tuple[float, float], free: int,
) -> Peak:  # fmt: skip
    """Measure the largest peak of the statistic; bootstrap over the rows of coefficients."""
    where = np.flatnonzero(inside)
    top = int(where[np.argmax(observed[where])])
    near = np.abs(f - f[top]) <= _REACH * half_width + 1e-9
    rng = np.random.default_rng(0)
    rows = left.shape[1]
    draws = rng.multinomial(rows, np.full(rows, 1.0 / rows), _DRAWS)
    weights = np.vstack([np.ones(rows), draws]) / free
    one = weights @ (np.abs(left[near]) ** 2).T
    unit = line_response(size, rate, half_width, ends[0], ends[1], float(f[top]))[near].sum()
    excess = one - floor[near]
    sizes = np.sqrt(np.maximum(excess.sum(axis=1), 0.0) / unit)
    angles = ratio = np.full(_DRAWS + 1, np.nan)
    pull = np.maximum(excess, 0.0)
    if second is not None:
        cross = weights @ (np.conj(left[near]) * second[near]).T
        other = np.abs(cross) ** 2 / np.maximum(one, 1e-300)  # power of the second place that the first shares
        pull = np.abs(cross)
        shared = (np.abs(cross) ** 2 / np.maximum(weights @ (np.abs(second[near]) ** 2).T, 1e-300)).sum(axis=1)
        sizes = np.sqrt(shared / unit)
        beside = np.sqrt(other.sum(axis=1) / unit)
        ratio = (sizes - beside) / np.maximum(sizes + beside, 1e-300)
        angles = -np.angle(np.sum(cross[:, np.abs(f[near] - f[top]) <= half_width], axis=1))
    weight = np.where(np.abs(f[near] - f[top]) <= 1.5 * half_width, pull, 0.0)
    total = weight.sum(axis=1)
    centre = np.where(total > 0, weight @ f[near] / np.maximum(total, 1e-300), f[top])
    return Peak(float(centre[0]), near, centre, sizes, angles, ratio, float(floor[top]))


def residual_series(
    slow: Slow, cut: Pieces, without: Removal, site: Complex, every: list[Complex], f: Samples
) -> tuple[Samples, Samples]:
    """Time (s) and the signal without what the sources explain, by their transfer functions; NaN between pieces."""
    from scipy import fft

    time = np.arange(slow.site.size) / slow.rate
    out = np.full(slow.site.size, np.nan)
    segments = detrended(cut.cut(slow.site))
    if every:
        gain = without.gain(site)
        at = fft.rfftfreq(cut.size, 1.0 / slow.rate)
        series = [x for own in slow.removed.values() for x in own]
        for k, x in enumerate(series):
            h = np.interp(at, f, gain[:, k].real) + 1j * np.interp(at, f, gain[:, k].imag)
            segments = segments - fft.irfft(h * fft.rfft(detrended(cut.cut(x)), axis=1), cut.size, axis=1)
    for start, part in zip(cut.starts, segments, strict=True):
        out[start : start + cut.size] = part
    return time, out


def results_of(
    peak: Peak, nested: Mapping[str, tuple[Complex, int]], inside: NDArray[np.bool_], lay: _Layout, slow: Slow,
    wave: Samples, p: float, count: int, statistic: float, note: str, unit: str, channel: str, rng: np.random.Generator,
) -> list[Result]:  # fmt: skip
    """All numbers of the test as results; rate and amplitude first."""
    n = lay.rows

    def result(name: str, drawn: Samples, unit: str, words: str, scale: float = 1.0) -> Result:
        ends = np.quantile(drawn[1:], [0.025, 0.975]) * scale
        low, high = float(min(ends[0], drawn[0] * scale)), float(max(ends[1], drawn[0] * scale))
        return Result(name, channel, float(drawn[0]) * scale, unit, low, high, n, f"{words}; {note}")

    two = slow.other is not None
    kind = "partial coherence^2 of the two places" if two else "residual power over its background"
    found = [
        result("rhythm_rate", peak.rates, "1/min", f"largest {kind}", 60.0),
        result("rhythm_amplitude", peak.sizes, unit, "half of peak to peak of the largest peak above the background"
               if not two else "half of peak to peak of the part shared with the other place"),
        Result("rhythm_p", channel, p, "1", n=count, note=f"share of {count} surrogates that reach the largest {kind}; "
               f"{note}", extra={"statistic": statistic}),
        *_shares(nested, inside, channel, note, rng),
    ]  # fmt: skip
    if two:
        words = "(first - second) / (first + second) of the shared amplitudes of the two places"
        found.append(result("rhythm_symmetry", peak.ratio, "1", words))
        mean = peak.angles[0]
        around = np.degrees(mean + np.angle(np.exp(1j * (peak.angles - mean))))
        found.append(result("rhythm_lag", around, "deg", "the other place behind the first"))
    else:
        found.append(Result("rhythm_symmetry", channel, float("nan"), "1", note="needs a second side"))
    try:
        waves = slow_rhythm(wave, slow.rate, peak.frequency, unit=unit, channel=channel)
        found.append(waves.regularity)
    except CisternaError as error:
        found.append(Result("rhythm_regularity", channel, float("nan"), "1", note=error.what))
    found.append(_presence(wave, slow.rate, peak, lay.pieces, channel))
    return found


def _shares(
    nested: Mapping[str, tuple[Complex, int]], inside: NDArray[np.bool_], channel: str, note: str,
    rng: np.random.Generator,
) -> list[Result]:  # fmt: skip
    """Share of the power in the band each source explains after those before it, free of what chance explains."""
    rows = next(iter(nested.values()))[0].shape[1]
    weights = np.vstack([np.ones(rows), rng.multinomial(rows, np.full(rows, 1.0 / rows), _DRAWS)])
    names = list(nested)
    powers = [weights @ (np.abs(e[inside]) ** 2).sum(axis=0) / (rows - q) for e, q in nested.values()]
    found = []

    def share(name: str, drawn: Samples, words: str) -> Result:
        ends = np.quantile(drawn[1:], [0.025, 0.975])
        low, high = (float(np.clip(e, 0.0, 1.0)) for e in ends)
        value = float(np.clip(drawn[0], 0.0, 1.0))
        return Result(
            f"rhythm_share_{name}", channel, value, "1", min(low, value), max(high, value), rows, f"{words}; {note}"
        )

    for k in range(1, len(names)):
        found.append(share(names[k], (powers[k - 1] - powers[k]) / powers[0], "of the power in the band"))
    found.append(share("residual", powers[-1] / powers[0], "of the power in the band, left after the removal"))
    return found


def _presence(wave: Samples, rate: float, peak: Peak, cut: Pieces, channel: str) -> Result:
    """Share of the time in which the wave at the rate of the peak is larger than the background makes it."""
    parts = [np.abs(morlet(wave[a : a + cut.size], rate, [peak.frequency])[0]) for a in cut.starts]
    heights = np.concatenate([x[np.isfinite(x)] for x in parts])
    # The filter of a Morlet wavelet of 6 cycles passes 2 exp(-(s (f - f0))^2 / 2), so background B gives this much.
    spread = 2.0 * np.pi * 6.0 / (2.0 * np.pi * peak.frequency)
    mean = 2.0 * peak.floor_near * np.sqrt(np.pi) / spread
    limit = np.sqrt(-np.log(_PRESENT) * mean)
    words = f"share of the time with a wave above what the background reaches {100 * _PRESENT:.0f} % of the time"
    if heights.size == 0:
        return Result("rhythm_presence", channel, float("nan"), "1", note="no piece is long enough for a wavelet")
    value = float(np.mean(heights > limit))
    free = max(heights.size / rate / spread, 1.0)  # independent looks
    error = 1.96 * np.sqrt(max(value * (1 - value), 0.25 / free) / free)
    low, high = max(value - error, 0.0), min(value + error, 1.0)
    return Result("rhythm_presence", channel, value, "1", low, high, int(free), f"{words}; Morlet wavelet, 6 cycles")
