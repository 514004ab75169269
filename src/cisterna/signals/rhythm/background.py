"""The smooth spectrum from which a rhythm must stand out, and what a peak above it amounts to."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike

from cisterna.signals.grid import Samples
from cisterna.signals.rhythm.multitaper import transform

#: Rounds of reweighting; what lies this far above the fit, in spreads, is a peak and does not pull it up.
_ROUNDS, _ABOVE = 8, 1.5
#: Share of the largest power that rounding makes of nothing.
_NOTHING = 1e-20
#: Phases over which the response of the tapers to a sine is averaged.
_PHASES = 4


def background(
    frequency: ArrayLike,
    power: ArrayLike,
    use: ArrayLike | None = None,
    reach: float | None = None,
    flanks: bool = False,
) -> Samples:
    """Smooth background of a spectrum: ln(power) quadratic in ln(frequency), fitted without the peaks.

    Holds white noise, power laws and their bend exactly. After Mann & Lees (1996, Clim Change 33:409
    doi:10.1007/BF00142586), who fit a red spectrum robustly for the same purpose, and
    before that take a running median over frequency; with `reach` one is taken of what the curve leaves.

    Parameters
    ----------
    frequency : array (frequency,)
        Hz, above 0.
    power : array (frequency,) or (frequency, spectrum)
        Power density; each column is fitted alone.
    use : array of bool (frequency,), optional
        Where the fit rests; holes that a removal has cut into the spectrum would pull it down.
    reach : float, optional
        Hz: a running median over +- this follows what the curve cannot, as the roll-off and the nulls of a moving
        average. It must be wide beside a peak: one that fills half the window is taken for background.
    flanks : bool
        Take one median over `reach` below and one above each frequency, and the larger: what stands on a slope or
        beside a hole must rise over both sides. A wide peak then raises the background beside it, not at its middle.

    Returns
    -------
    array
        Of the shape of `power`.

    Examples
    --------
    >>> f = np.linspace(0.01, 0.4, 80)
    >>> red = 1.0 / f
    >>> red[20] *= 50.0
    >>> bool(np.allclose(background(f, red), 1.0 / f, rtol=1e-4))
    True
    >>> averaged = np.sinc(2.0 * f) ** 2  # over 2 s
    >>> averaged[20] *= 50.0
    >>> [round(float(np.abs(np.log(background(f, averaged, reach=r) / np.sinc(2.0 * f) ** 2)).max()), 1)
    ...  for r in (None, 0.03)]
    [1.1, 0.4]
    """
    hertz = np.asarray(frequency, dtype=np.float64)
    f = np.log(hertz)
    power = np.asarray(power, dtype=np.float64)
    # What is smaller than rounding beside the largest is nothing: no line is drawn through logarithms of zero.
    y = np.log(np.maximum(power, np.maximum(_NOTHING * power.max(axis=0, initial=0.0), 1e-300)))
    single = y.ndim == 1
    y = y[:, None] if single else y
    x = 2.0 * (f - f.mean()) / max(float(np.ptp(f)), 1e-12)
    # Points are even in frequency, so crowd at the top in ln f: each counts by the stretch of ln f it stands for.
    even = np.gradient(f) if f.size > 1 else np.ones(1)
    kept = np.ones(f.size, dtype=bool) if use is None else np.asarray(use, dtype=bool)
    if kept.sum() >= 6:  # twice what the curve has to fit
        even = np.where(kept, even, 1e-6 * even)
    else:
        kept = np.ones(f.size, dtype=bool)
    columns = np.column_stack([np.ones_like(x), x, x**2])
    products = np.einsum("fi,fj->fij", columns, columns).reshape(f.size, 9)
    weight = np.ones_like(y)
    fit = y
    for _ in range(_ROUNDS):
        w = even[:, None] * weight
        normal = (w.T @ products).reshape(-1, 3, 3)
        right = (w * y).T @ columns
        fit = columns @ np.linalg.solve(normal, right[:, :, None])[:, :, 0].T
        over = y - fit
        spread = 1.4826 * np.median(np.abs(over[kept] - np.median(over[kept], axis=0)), axis=0)
        weight = np.where(over > _ABOVE * np.maximum(spread, 1e-12), 1e-6, 1.0)
    if reach is not None:
        fit = fit + _running_median(np.where(kept[:, None], y - fit, 0.0), hertz, reach, flanks)
    fit = np.exp(np.maximum(fit, y.min(axis=0)))
    return np.asarray(fit[:, 0] if single else fit)


def _running_median(values: Samples, frequency: Samples, reach: float, flanks: bool) -> Samples:
    """Median over +- `reach` (Hz) of each column, or the larger of those over each side; mirrored at the ends."""
    from scipy import ndimage

    step = float(np.median(np.diff(frequency))) if frequency.size > 1 else reach
    if not flanks:
        return np.asarray(ndimage.median_filter(values, size=(2 * int(reach / step) + 1, 1), mode="reflect"))
    half = int(reach / step) // 2
    below, above = (
        ndimage.median_filter(values, size=(2 * half + 1, 1), mode="reflect", origin=(shift, 0))
        for shift in (half, -half)
    )
    return np.asarray(np.maximum(below, above))


@lru_cache(maxsize=64)
def _response(size: int, rate: float, half_width: float, low: float, high: float, at: float) -> Samples:
    t = np.arange(size) / rate
    turns = np.arange(_PHASES) * np.pi / _PHASES
    waves = np.sin(2 * np.pi * at * t[None] + turns[:, None])
    return transform(waves, rate, half_width, low, high).power


def line_response(size: int, rate: float, half_width: float, low: float, high: float, at: float) -> Samples:
    """Power density that a sine of amplitude 1 at a frequency (Hz) has on the grid of `transform`."""
    return _response(size, rate, half_width, low, high, round(at, 5))
