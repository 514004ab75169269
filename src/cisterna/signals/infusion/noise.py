"""Noise of a pressure record: slow vasogenic waves and what a block mean leaves of pulse and breath.

Slow waves are an Ornstein-Uhlenbeck process (standard deviation, correlation time), the rest is white. Its
likelihood comes from a scalar Kalman filter, many draws at once; missing blocks are stepped over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
#: Numerical floor of the white noise, mmHg: keeps the likelihood of a noiseless record finite.
FLOOR = 1e-4


def whiten(columns: Array, noise: Array, step: float, good: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Series turned into independent values of unit variance.

    Parameters
    ----------
    columns : array (draw, column, block)
        Series under the same noise; values of blocks that are not `good` are ignored. A draw axis of 1 is shared.
    noise : array (draw, 3)
        White and slow standard deviation, correlation time (s).
    step : float
        Length of a block, s.

    Returns
    -------
    white : array (draw, column, block)
        Zero where a block is missing.
    log_scale : array (draw,)
        Half the log-determinant of the covariance: log-likelihood = -log_scale - (white**2).sum()/2 + const.

    Examples
    --------
    >>> z, scale = whiten(np.ones((1, 1, 3)), np.array([[2.0, 1e-9, 10.0]]), 10.0, np.ones(3, bool))
    >>> z.round(3).tolist(), scale.round(3).tolist()
    ([[[0.5, 0.5, 0.5]]], [2.079])
    """
    white = noise[:, 0] ** 2 + FLOOR**2
    slow = noise[:, 1] ** 2
    keep = np.exp(-step / noise[:, 2])
    draws = max(columns.shape[0], noise.shape[0])
    mean = np.zeros((draws, columns.shape[1]))
    spread = slow.copy()
    out = np.zeros((draws, *columns.shape[1:]))
    total = np.zeros(noise.shape[0])
    for k in range(columns.shape[2]):
        if good[k]:
            seen = spread + white
            miss = columns[:, :, k] - mean
            out[:, :, k] = miss / np.sqrt(seen)[:, None]
            total += 0.5 * np.log(seen)
            gain = spread / seen
            mean = mean + gain[:, None] * miss
            spread = spread * (1 - gain)
        mean = keep[:, None] * mean
        spread = keep**2 * spread + slow * (1 - keep**2)
    return out, np.broadcast_to(total, (draws,))


def mean_error(noise: Array, step: float, count: int) -> float:
    """Standard error of the mean of `count` successive blocks under a noise (white, slow, time).

    Examples
    --------
    >>> round(mean_error(np.array([1.0, 0.0, 30.0]), 10.0, 25), 3)
    0.2
    """
    if count < 1:
        return float("nan")
    lags = np.arange(1, count)
    together = 1 + 2 * np.sum((1 - lags / count) * np.exp(-lags * step / noise[2]))
    return float(np.sqrt((noise[0] ** 2 + noise[1] ** 2 * together) / count))


@dataclass(frozen=True)
class NoiseFit:
    """Most likely noise around a sum of known shapes, and the size of each shape.

    Attributes
    ----------
    noise : array (3,)
        White and slow standard deviation (unit of the series), correlation time (s).
    weights, errors : array (shape,)
        Generalised least squares under that noise, and standard errors.
    log_likelihood : float
        At the maximum, without the constant of 2 pi.
    """

    noise: Array
    weights: Array
    errors: Array
    log_likelihood: float


def fit_noise(series: Array, shapes: Sequence[Array], step: float, good: NDArray[np.bool_], seed: int = 0) -> NoiseFit:
    """Noise by maximum likelihood around a sum of shapes (block,), itself by generalised least squares.

    Slow waves may be as slow as the record is long, so that drift counts as noise.

    Examples
    --------
    >>> y = 5.0 + 0.3 * np.random.default_rng(0).standard_normal(200)
    >>> fit = fit_noise(y, [np.ones(200)], 10.0, np.ones(200, bool))
    >>> bool(abs(fit.weights[0] - 5) < 0.1), bool(0.2 < np.hypot(*fit.noise[:2]) < 0.4)
    (True, True)
    """
    random = np.random.default_rng(seed)
    columns = np.concatenate([series[None], np.stack(shapes)])[None]
    seen = series[good]
    size = max(float(np.std(seen)), 10 * FLOOR)
    fine = max(float(np.median(np.abs(np.diff(seen)))), 10 * FLOOR)
    length = step * series.size
    center = np.log([fine, size, np.sqrt(step * length)])
    cover = np.diag([1.5, 1.5, 1.5]) ** 2
    best: tuple[float, Array, Array, Array] = (-np.inf, np.exp(center), np.zeros(len(shapes)), np.zeros(len(shapes)))
    # Cross-entropy search: the better half of the draws says where to draw next.
    for _ in range(12):
        draws = center + random.standard_normal((64, 3)) @ np.linalg.cholesky(cover).T
        draws[:, 2] = np.clip(draws[:, 2], np.log(step / 2), np.log(3 * length))
        white, scale = whiten(columns, np.exp(draws), step, good)
        z, bent = white[:, 0], white[:, 1:]
        curve = np.einsum("ikn,iln->ikl", bent, bent)
        weights = np.linalg.solve(curve, np.einsum("ikn,in->ik", bent, z)[..., None])[..., 0]
        log = -0.5 * np.sum((z - np.einsum("ik,ikn->in", weights, bent)) ** 2, axis=1) - scale
        order = np.argsort(log)[::-1]
        top = int(order[0])
        if log[top] > best[0]:
            errors = np.sqrt(np.diag(np.linalg.inv(curve[top])))
            best = (float(log[top]), np.exp(draws[top]), weights[top], errors)
        elite = draws[order[:16]]
        center, cover = elite.mean(axis=0), 1.3 * np.cov(elite.T) + 1e-6 * np.eye(3)
    return NoiseFit(best[1], best[2], best[3], best[0])
