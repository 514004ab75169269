"""Agreement of examiners on numbers: intraclass correlation and limits of agreement, with 95 % intervals.

Intraclass correlations of Shrout & Fleiss (1979, Psychol Bull 86:420 doi:10.1037/0033-2909.86.2.420) with the
intervals from F given there; for (2,1) the approximate one of Satterthwaite, as McGraw & Wong (1996, Psychol
Methods 1:30 doi:10.1037/1082-989X.1.1.30) print it. Limits of agreement of Bland & Altman (1986, Lancet 327:307
doi:10.1016/S0140-6736(86)90837-8), their intervals exact (Carkeet 2015, Optom Vis Sci 92:e71
doi:10.1097/OPX.0000000000000513).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from cisterna.ground.errors import CisternaError
from cisterna.signals.grid import Samples
from cisterna.signals.result import Result

FORMS = ("1,1", "2,1", "3,1")
#: Probability below the upper end of a two-sided 95 % interval.
_UPPER = 0.975


@dataclass(frozen=True)
class MeanSquares:
    """Two-way table of ratings taken apart.

    Attributes
    ----------
    subjects, raters : int
    between, within, rater, error : float
        Mean squares between subjects, within subjects, between raters, and of what is left.
    """

    subjects: int
    raters: int
    between: float
    within: float
    rater: float
    error: float


def mean_squares(ratings: ArrayLike) -> MeanSquares:
    """Mean squares of a table (subject, rater).

    Examples
    --------
    >>> ms = mean_squares([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
    >>> [round(x, 2) for x in (ms.between, ms.within, ms.rater, ms.error)]
    [11.24, 6.26, 32.49, 1.02]
    """
    table = _table(ratings)
    n, k = table.shape
    centre = table.mean()
    rows, columns = table.mean(axis=1) - centre, table.mean(axis=0) - centre
    ss_rows, ss_columns = k * float(rows @ rows), n * float(columns @ columns)
    ss_within = float(np.sum((table - table.mean(axis=1, keepdims=True)) ** 2))
    # Rounding can leave a tiny negative rest where raters agree but for a constant.
    rest = max(ss_within - ss_columns, 0.0)
    return MeanSquares(
        n, k, ss_rows / (n - 1), ss_within / (n * (k - 1)), ss_columns / (k - 1), rest / ((n - 1) * (k - 1))
    )


def icc(ratings: ArrayLike, form: str = "2,1", channel: str = "") -> Result:
    """Intraclass correlation of single ratings.

    Parameters
    ----------
    ratings : array (subject, rater)
        One number per subject and rater; subjects with a missing rating are left out, as `n` tells.
    form : {"1,1", "2,1", "3,1"}
        ``1,1``: each subject has raters of its own. ``2,1``: the same raters, a sample of all raters; agreement
        (a rater who always counts more lowers it). ``3,1``: these raters only; consistency.
    channel : str
        What was rated, for the result.

    Returns
    -------
    Result
        ``icc_11``, ``icc_21`` or ``icc_31``; 95 % interval; `n` subjects.

    Raises
    ------
    CisternaError
        Fewer than two complete subjects or raters, or ratings that do not vary at all.

    Examples
    --------
    >>> table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> [round(icc(table, form).value, 2) for form in FORMS]
    [0.17, 0.29, 0.71]
    """
    from scipy import stats

    if form not in FORMS:
        raise CisternaError(f"unknown form of intraclass correlation '{form}'", mend=f"one of {', '.join(FORMS)}")
    ms = mean_squares(ratings)
    n, k = ms.subjects, ms.raters
    if ms.between == 0.0 and ms.within == 0.0:
        raise CisternaError("the ratings do not vary", mend="agreement needs subjects that differ")

    def cut(top: float, bottom: float) -> float:
        return float(stats.f.ppf(_UPPER, top, bottom))

    # In each form the noise mean square lies under the ratio of F; without noise the correlation is whole.
    if form == "1,1":
        value = (ms.between - ms.within) / (ms.between + (k - 1) * ms.within)
        ratio = _ratio(ms.between, ms.within)
        ends = ratio / cut(n - 1, n * (k - 1)), ratio * cut(n * (k - 1), n - 1)
        low, high = ((f - 1) / (f + k - 1) if np.isfinite(f) else 1.0 for f in ends)
    elif form == "3,1":
        value = (ms.between - ms.error) / (ms.between + (k - 1) * ms.error)
        ratio = _ratio(ms.between, ms.error)
        free = (n - 1) * (k - 1)
        ends = ratio / cut(n - 1, free), ratio * cut(free, n - 1)
        low, high = ((f - 1) / (f + k - 1) if np.isfinite(f) else 1.0 for f in ends)
    else:
        value = (ms.between - ms.error) / (ms.between + (k - 1) * ms.error + k * (ms.rater - ms.error) / n)
        low, high = _agreement_interval(ms, value, cut)
    words = {"1,1": "raters differ from subject to subject", "2,1": "agreement of the same raters",
             "3,1": "consistency of these raters"}  # fmt: skip
    note = f"ICC({form}) of single ratings, {k} raters, {n} subjects; {words[form]}; interval from F"
    return Result(f"icc_{form[0]}1", channel, float(value), "1", float(low), float(high), n, note, {"raters": k})


def _agreement_interval(ms: MeanSquares, value: float, cut: object) -> tuple[float, float]:
    """Interval of ICC(2,1): noise of raters and rest together, with degrees of freedom after Satterthwaite."""
    assert callable(cut)
    n, k = ms.subjects, ms.raters
    if ms.error == 0.0:
        free = float(k - 1)  # raters alone differ
    else:
        fj = ms.rater / ms.error
        a = k * value * fj
        b = n * (1 + (k - 1) * value) - k * value
        free = (k - 1) * (n - 1) * (a + b) ** 2 / ((n - 1) * a**2 + b**2)
    free = max(free, 1e-3)
    lower, upper = cut(n - 1, free), cut(free, n - 1)
    noise = k * ms.rater + (k * n - k - n) * ms.error
    low = n * (ms.between - lower * ms.error) / (lower * noise + n * ms.between)
    high = n * (upper * ms.between - ms.error) / (noise + n * upper * ms.between)
    return low, high


def icc_interval(true: float, subjects: int, raters: int = 2) -> tuple[float, float]:
    """Range that holds 95 % of the ICC(1,1) found in samples, when the true one is given: from F, exact.

    Examples
    --------
    >>> [round(x, 2) for x in icc_interval(0.0, 11)]
    [-0.57, 0.56]
    """
    from scipy import stats

    if not -1.0 / (raters - 1) < true < 1.0 or subjects < 2 or raters < 2:
        raise CisternaError("no such intraclass correlation", found=f"{true:g}, {subjects} subjects, {raters} raters")
    scale = (1 + (raters - 1) * true) / (1 - true)
    free = (subjects - 1, subjects * (raters - 1))
    ends = [scale * float(stats.f.ppf(p, *free)) for p in (1 - _UPPER, _UPPER)]
    low, high = ((f - 1) / (f + raters - 1) for f in ends)
    return low, high


@dataclass(frozen=True)
class Limits:
    """Limits of agreement of two raters or methods.

    Attributes
    ----------
    bias, lower, upper : Result
        Mean difference first minus second, and the limits between which 95 % of the differences lie; each with a
        95 % interval.
    difference, mean : array (subject,)
        For the plot.
    """

    bias: Result
    lower: Result
    upper: Result
    difference: Samples
    mean: Samples


def limits_of_agreement(first: ArrayLike, second: ArrayLike, unit: str = "1", channel: str = "") -> Limits:
    """Bland-Altman limits of agreement, bias -+ 1.96 sd.

    Examples
    --------
    >>> found = limits_of_agreement([1.0, 2.0, 3.0, 4.0], [1.5, 1.5, 3.5, 3.5])
    >>> found.bias.value, round(found.upper.value, 2)
    (0.0, 1.13)
    """
    from scipy import stats

    table = _table(np.column_stack([_line(first), _line(second)]), least=3)
    d, n = table[:, 0] - table[:, 1], table.shape[0]
    bias, sd = float(d.mean()), float(d.std(ddof=1))
    z = float(stats.norm.ppf(_UPPER))
    error = sd / np.sqrt(n)
    t = float(stats.t.ppf(_UPPER, n - 1))
    # (limit - true)/(sd/sqrt n) is noncentral t, so the interval of a limit is not symmetric.
    far, near = (float(stats.nct.ppf(p, n - 1, z * np.sqrt(n))) * error for p in (_UPPER, 1 - _UPPER))
    note = f"{n} subjects; first minus second"
    return Limits(
        Result("agreement_bias", channel, bias, unit, bias - t * error, bias + t * error, n, f"mean, {note}"),
        Result("agreement_lower", channel, bias - z * sd, unit, bias - far, bias - near, n, f"bias - 1.96 sd, {note}"),
        Result("agreement_upper", channel, bias + z * sd, unit, bias + near, bias + far, n, f"bias + 1.96 sd, {note}"),
        d, table.mean(axis=1),
    )  # fmt: skip


def _ratio(top: float, bottom: float) -> float:
    return top / bottom if bottom > 0.0 else float("inf")


def _line(values: ArrayLike) -> Samples:
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise CisternaError("one number a subject is needed", found=f"shape {array.shape}")
    return array


def _table(ratings: ArrayLike, least: int = 2) -> Samples:
    try:
        table = np.asarray(ratings, dtype=np.float64)
    except ValueError as error:
        raise CisternaError("the ratings are no table (subject, rater)", found=str(error)) from error
    if table.ndim != 2 or table.shape[1] < 2:
        raise CisternaError("a table (subject, rater) with two raters at least is needed", found=f"shape {table.shape}")
    whole = table[np.isfinite(table).all(axis=1)]
    if whole.shape[0] < least:
        mend = "rate more subjects by every rater"
        raise CisternaError(f"{least} complete subjects are needed", found=f"{whole.shape[0]}", mend=mend)
    return whole
