"""Small reading aids for series: phase from a schedule or from marks, what follows a phase, height of a pulse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Samples = NDArray[np.float64]


def phase_of(track: Any, times: ArrayLike) -> Samples:
    """Phase in cycles at each time from a track of a schedule (straight pieces)."""
    at, starts = np.asarray(times, dtype=np.float64), np.asarray(track.times)
    piece = np.clip(np.searchsorted(starts, at + 1e-12, side="right") - 1, 0, None)
    return np.asarray(track.values)[piece] + np.asarray(track.slopes)[piece] * (at - starts[piece])


def swing_at(values: ArrayLike, times: ArrayLike, rate: float) -> float:
    """Peak-to-peak swing of a signal at a rate (1/min): least squares of one sine beside a straight line.

    Examples
    --------
    >>> t = np.arange(0, 60, 0.1)
    >>> round(swing_at(10 + 0.01 * t + 1.5 * np.sin(2 * np.pi * 0.15 * t), t, 9.0), 6)
    3.0
    """
    fit, _ = fit_at(np.asarray(values, dtype=np.float64), np.asarray(times) * rate / 60.0)
    return 2.0 * fit


def fit_at(values: Samples, phase: Samples) -> tuple[float, Samples]:
    """Amplitude and course of the part of a signal that follows a phase (cycles), beside a straight line."""
    turn = 2.0 * np.pi * phase
    line = np.linspace(-1.0, 1.0, values.size)
    table = np.stack([np.ones(values.size), line, np.cos(turn), np.sin(turn)], axis=1)
    weights = np.linalg.lstsq(table, values, rcond=None)[0]
    return float(np.hypot(weights[2], weights[3])), table[:, 2:] @ weights[2:]


def pulse_height(values: Samples, phase: Samples) -> float:
    """Median peak-to-peak height of a signal over whole beats, the slope over each beat taken off."""
    beat = np.floor(phase).astype(int)
    edges = np.flatnonzero(np.diff(beat)) + 1
    heights = []
    for a, b in zip(edges[:-1], edges[1:], strict=True):
        if b - a > 4:
            part = values[a:b] - np.linspace(0.0, values[min(b, values.size - 1)] - values[a], b - a, endpoint=False)
            heights.append(float(part.max() - part.min()))
    return float(np.median(heights)) if heights else 0.0


def phase_through(marks: Samples, times: Samples) -> Samples:
    """Cycles at each time, whole at each mark; before the first and after the last at the median rate."""
    period = float(np.median(np.diff(marks)))
    before = np.arange(math.ceil((marks[0] - times[0]) / period), 0, -1)
    after = np.arange(1, math.ceil(max(times[-1] - marks[-1], 0.0) / period) + 1)
    knots = np.concatenate([marks[0] - period * before, marks, marks[-1] + period * after])
    return np.interp(times, knots, np.arange(knots.size, dtype=np.float64))
