"""Signals whose truth is known: beats and breaths at chosen times."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def beat_times(count: int, period: float, jitter: float = 0.0, seed: int = 0, start: float = 0.5) -> Array:
    """Beats with an irregular period."""
    steps = period * (1 + jitter * np.random.default_rng(seed).standard_normal(count - 1))
    return start + np.concatenate([[0.0], np.cumsum(steps)])


def pressure(beats: Array, rate: float, low: float = 80.0, size: float = 40.0) -> Array:
    """Arterial pulses with a dicrotic wave; the foot of each lies at its beat."""
    at = np.arange(0, beats[-1] + 0.5, 1 / rate)
    out = np.full(at.size, low)
    for a, b in zip(beats[:-1], beats[1:], strict=True):
        inside = (at >= a) & (at < b)
        x = (at[inside] - a) / (b - a)
        rise = np.sin(np.pi * np.clip(x / 0.3, 0, 1)) ** 2
        out[inside] += size * (np.where(x < 0.15, rise, np.exp(-np.maximum(x - 0.15, 0) * 5)) * (x < 1))
        out[inside] += 0.2 * size * np.exp(-((x - 0.5) ** 2) / 0.004) - size * np.exp(-0.85 * 5) * x
    return out


def electrocardiogram(beats: Array, rate: float) -> Array:
    """R waves at the beats with a T wave after each and a drifting base."""
    at = np.arange(0, beats[-1] + 1.0, 1 / rate)
    out = 0.3 * np.sin(2 * np.pi * 0.1 * at)
    for beat in beats:
        out += np.exp(-((at - beat) ** 2) / (2 * 0.008**2)) + 0.3 * np.exp(-((at - beat - 0.25) ** 2) / (2 * 0.04**2))
    return out
