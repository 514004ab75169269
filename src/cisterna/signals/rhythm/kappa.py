"""Agreement of two examiners on classes: Cohen's kappa, plain and weighted, with its large-sample interval.

Cohen (1960, Educ Psychol Meas 20:37; 1968, Psychol Bull 70:213); standard errors of Fleiss, Cohen & Everitt
(1969, Psychol Bull 72:323 doi:10.1037/h0028106).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from cisterna.ground.errors import CisternaError
from cisterna.signals.grid import Samples
from cisterna.signals.result import Result

WEIGHTS = ("none", "linear", "quadratic")


def crossed(
    first: Sequence[object], second: Sequence[object], order: Sequence[object] = ()
) -> tuple[Samples, list[object]]:
    """Table of counts (class of the first, class of the second) and the classes.

    Parameters
    ----------
    first, second : sequences
        The class each examiner gave, one a subject; None is missing, and the subject is left out.
    order : sequence, optional
        Classes from least to most, for weights; by default in sorted order.

    Examples
    --------
    >>> counts, classes = crossed(["yes", "no", "yes"], ["yes", "yes", None])
    >>> counts.tolist(), classes
    ([[0.0, 1.0], [0.0, 1.0]], ['no', 'yes'])
    """
    if len(first) != len(second):
        raise CisternaError("two examiners, one class a subject each", found=f"{len(first)} and {len(second)} classes")
    pairs = [(a, b) for a, b in zip(first, second, strict=True) if a is not None and b is not None]
    classes = list(order) or sorted({c for pair in pairs for c in pair}, key=lambda c: (str(type(c)), c))
    place = {c: k for k, c in enumerate(classes)}
    strange = [c for pair in pairs for c in pair if c not in place]
    if strange:
        raise CisternaError(f"class '{strange[0]}' is not in the order given", found=", ".join(map(str, classes)))
    counts = np.zeros((len(classes), len(classes)))
    for a, b in pairs:
        counts[place[a], place[b]] += 1
    return counts, classes


def kappa(counts: ArrayLike, weights: str = "none", channel: str = "") -> Result:
    """Cohen's kappa of a table of counts.

    Parameters
    ----------
    counts : array (class, class)
        How often the first examiner gave the row and the second the column; classes in order when weighted.
    weights : {"none", "linear", "quadratic"}
        How a disagreement by one class counts beside one by more: agreement weight 1 - d or 1 - d^2 with d the
        distance over the largest.

    Returns
    -------
    Result
        ``kappa`` or ``kappa_weighted``; the interval is 1.96 standard errors, and only good for a few dozen
        subjects and more; ``extra["p"]`` is one-sided against chance.

    Raises
    ------
    CisternaError
        No square table of counts, or both examiners gave one class only.

    Examples
    --------
    >>> found = kappa([[20, 5], [10, 15]])
    >>> round(found.value, 3), round(found.low, 2), round(found.high, 2)
    (0.4, 0.15, 0.65)
    """
    from scipy import stats

    table = np.asarray(counts, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or table.shape[0] < 2:
        raise CisternaError("a square table of counts is needed", found=f"shape {table.shape}")
    if weights not in WEIGHTS:
        raise CisternaError(f"unknown weights '{weights}'", mend=f"one of {', '.join(WEIGHTS)}")
    if np.any(table < 0) or not np.isfinite(table).all() or table.sum() < 2:
        raise CisternaError("counts must be 0 or more, of two subjects at least", found=f"{table.sum():g} subjects")
    n = table.sum()
    p = table / n
    size = table.shape[0]
    apart = np.abs(np.subtract.outer(np.arange(size), np.arange(size))) / (size - 1)
    w = {"none": np.eye(size), "linear": 1.0 - apart, "quadratic": 1.0 - apart**2}[weights]
    rows, columns = p.sum(axis=1), p.sum(axis=0)
    chance = np.outer(rows, columns)
    seen, expected = float((w * p).sum()), float((w * chance).sum())
    if expected >= 1.0 - 1e-12:
        raise CisternaError("both examiners gave one class only", mend="kappa needs classes that vary")
    value = (seen - expected) / (1.0 - expected)
    mean = (w @ columns)[:, None] + (rows @ w)[None, :]  # mean weight of the row plus that of the column
    # Fleiss, Cohen & Everitt, equations 8 and 9.
    spread = float((p * (w - mean * (1.0 - value)) ** 2).sum()) - (value - expected * (1.0 - value)) ** 2
    error = np.sqrt(max(spread, 0.0) / n) / (1.0 - expected)
    null = float((chance * (w - mean) ** 2).sum()) - expected**2
    error_null = np.sqrt(max(null, 0.0) / n) / (1.0 - expected)
    z = float(stats.norm.ppf(0.975))
    chance_p = float(stats.norm.sf(value / error_null)) if error_null > 0 else float("nan")
    name = "kappa" if weights == "none" else "kappa_weighted"
    note = f"Cohen's kappa, weights {weights}, {n:.0f} subjects, {size} classes; large-sample interval"
    extra = {"observed": seen, "expected": expected, "standard_error": float(error), "p": chance_p}
    low, high = max(value - z * float(error), -1.0), min(value + z * float(error), 1.0)
    return Result(name, channel, value, "1", low, high, int(n), note, extra)
