"""Intraclass correlations and kappas of many simulated studies at once: the formulas of `signals.rhythm.agreement`
and `signals.rhythm.kappa` along the leading axes of an array (tests hold the two against each other)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def icc_agreement(tables: Array) -> Array:
    """ICC(2,1) of tables (..., subject, rater), Shrout & Fleiss 1979 doi:10.1037/0033-2909.86.2.420.

    Examples
    --------
    >>> table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> icc_agreement(np.array([table, table], dtype=float)).round(3).tolist()
    [0.29, 0.29]
    """
    n, k = tables.shape[-2:]
    subjects, raters = tables.mean(axis=-1), tables.mean(axis=-2)
    centre = tables.mean(axis=(-2, -1))[..., None]
    total = np.square(tables - centre[..., None]).sum(axis=(-2, -1))
    rows = k * np.square(subjects - centre).sum(axis=-1)
    columns = n * np.square(raters - centre).sum(axis=-1)
    rest = np.maximum(total - rows - columns, 0.0) / ((n - 1) * (k - 1))
    between, rater = rows / (n - 1), columns / (k - 1)
    below = between + (k - 1) * rest + k * (rater - rest) / n
    return np.asarray((between - rest) / np.where(below > 0.0, below, np.nan))


def limits_width(first: Array, second: Array) -> Array:
    """Distance from the lower to the upper limit of agreement, 3.92 sd of the differences, along the last axis."""
    from scipy.special import ndtri

    return np.asarray(2.0 * ndtri(0.975) * np.std(first - second, axis=-1, ddof=1))


def kappa_yes_no(first: NDArray[np.bool_], second: NDArray[np.bool_]) -> Array:
    """Cohen's kappa of answers (..., subject); NaN where both gave one answer only.

    Examples
    --------
    >>> kappa_yes_no(np.array([True, True, False, False]), np.array([True, False, False, False])).item()
    0.5
    """
    same = (first == second).mean(axis=-1)
    a, b = first.mean(axis=-1), second.mean(axis=-1)
    chance = a * b + (1.0 - a) * (1.0 - b)
    return np.asarray((same - chance) / np.where(chance < 1.0, 1.0 - chance, np.nan))
