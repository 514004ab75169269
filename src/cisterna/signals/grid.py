"""Samples on a rate that suits the task, without phase shift."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError

Samples = NDArray[np.float64]


def as_samples(values: ArrayLike, rate: float) -> Samples:
    """One signal of numbers with a believable rate, as float64.

    Raises
    ------
    CisternaError
        More than one axis, no finite sample, or an impossible rate.
    """
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise CisternaError("one signal is needed, samples along one axis", found=f"shape {array.shape}")
    if not (np.isfinite(rate) and rate > 0):
        raise CisternaError("impossible sampling rate", found=f"{rate} Hz", mend="give samples a second")
    if not np.isfinite(array).any():
        raise CisternaError("the signal holds no finite sample", found=f"{array.size} samples")
    return array


def fill(values: Samples) -> Samples:
    """Missing samples by straight lines, the ends by the nearest sample: for detectors only, never as data."""
    good = np.isfinite(values)
    if good.all():
        return values
    out = values.copy()
    out[~good] = np.interp(np.flatnonzero(~good), np.flatnonzero(good), values[good])
    return out


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and past-the-end index of each run of True.

    Examples
    --------
    >>> runs(np.array([True, False, True, True]))
    [(0, 1), (2, 4)]
    """
    edges = (np.flatnonzero(mask[1:] != mask[:-1]) + 1).tolist()
    if mask.size and mask[0]:
        edges.insert(0, 0)
    if len(edges) % 2:
        edges.append(mask.size)
    return list(zip(edges[::2], edges[1::2], strict=True))


def low_pass(values: Samples, rate: float, corner: float, order: int = 3) -> Samples:
    """Zero-phase Butterworth low-pass over the last axis; unchanged where the rate cannot hold the corner (Hz)."""
    size = values.shape[-1]
    if corner >= 0.45 * rate or size < 10:
        return values
    return _both_ways(values, min(size - 1, int(3 * rate / corner)), *_butterworth(order, (corner,), "low", rate))


def band_pass(values: Samples, rate: float, low: float, high: float, order: int = 2) -> Samples:
    """Zero-phase Butterworth band-pass (Hz); the high edge is dropped where the rate cannot hold it."""
    sides, kind = ((low, high), "band") if high < 0.45 * rate else ((low,), "high")
    padding = min(values.size - 1, int(rate / low))
    return _both_ways(values - values.mean(), padding, *_butterworth(order, sides, kind, rate))


@lru_cache(maxsize=64)
def _butterworth(order: int, corners: tuple[float, ...], kind: str, rate: float) -> tuple[Samples, Samples]:
    """Sections of a filter and its state at rest, once: the blocks of a long signal ask for the same ones again."""
    from scipy import signal

    sos = signal.butter(order, corners if len(corners) > 1 else corners[0], kind, fs=rate, output="sos")
    return np.asarray(sos), np.asarray(signal.sosfilt_zi(sos))


def _both_ways(values: Samples, padding: int, sos: Samples, rest: Samples) -> Samples:
    """Forwards and backwards over the last axis, both ends mirrored in their last sample, as `scipy` does it."""
    from scipy import signal

    ends = [values[..., :1], values[..., -1:]]
    before, after = 2 * ends[0] - values[..., padding:0:-1], 2 * ends[1] - values[..., -2 : -2 - padding : -1]
    out = np.concatenate([before, values, after], axis=-1)
    rest = rest.reshape(len(sos), *(1,) * (values.ndim - 1), 2)
    for _ in range(2):
        out = signal.sosfilt(sos, out, zi=rest * out[..., :1])[0][..., ::-1]
    return np.asarray(out[..., padding : padding + values.shape[-1]])


def resample(values: Samples, rate: float, new_rate: float, start: float = 0.0) -> Samples:
    """Samples at another rate: low-passed below the new limit, then a cubic through the samples.

    Parameters
    ----------
    start : float
        Time [s] after the first sample at which the new grid begins.

    Examples
    --------
    >>> t = np.arange(400) / 125.0
    >>> y = resample(np.sin(2 * np.pi * t), 125.0, 100.0)
    >>> bool(np.abs(y - np.sin(2 * np.pi * np.arange(y.size) / 100.0)).max() < 1e-3)
    True
    """
    from scipy.interpolate import CubicSpline

    smooth = low_pass(values, rate, 0.4 * new_rate, order=4) if new_rate < 0.999 * rate else values
    at = np.arange(values.size) / rate
    count = int(np.floor((at[-1] - start) * new_rate + 1e-6)) + 1
    if abs(new_rate / rate - 1.0) < 1e-12 and start == 0.0:
        return smooth
    return np.asarray(CubicSpline(at, smooth)(start + np.arange(max(count, 0)) / new_rate))


def working(values: Samples, rate: float, low: float, high: float) -> tuple[Samples, float]:
    """The signal between two rates: block means above `high`, a cubic below `low`."""
    if rate > high:
        block = max(int(rate // high), 1)
        count = values.size // block
        if count >= 2:
            parts = values[: count * block].reshape(count, block)
            # A mean over a short last axis is slow: the samples of all blocks are added one after the other.
            total = parts[:, 0].copy()
            for k in range(1, block):
                total += parts[:, k]
            return total / block, rate / block
    if rate < low and values.size > 4:
        return resample(values, rate, low), low
    return values, rate
