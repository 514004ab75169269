"""How many subjects a reliability study needs.

*Power* of an intraclass correlation against a smallest acceptable one: the ratio of mean squares of the one-way table
is (1 + k theta) F with theta = rho / (1 - rho), so the power is exact; the approximation of Walter, Eliasziw & Donner
(1998, Stat Med 17:101 doi:10.1002/(SICI)1097-0258(19980115)17:1<101::AID-SIM727>3.0.CO;2-E) stands beside it.
*Precision*: width of its 95 % interval after Bonett (2002, Stat Med 21:1331 doi:10.1002/sim.1108), and by simulation
of the very study (ICC(2,1) with raters that differ). *Limits of agreement*: width of the exact interval of a limit
(Carkeet 2015 doi:10.1097/OPX.0000000000000513).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.sessions.study.many import Array, icc_agreement

#: More subjects than this are no study of palpation any more.
MOST = 100_000


def power_of_icc(subjects: int, icc: float, null: float, raters: int = 2, alpha: float = 0.05) -> float:
    """Chance that a study shows ICC > `null` (one-sided test of level alpha) when `icc` is true: exact.

    Examples
    --------
    >>> round(power_of_icc(39, 0.8, 0.6), 2)
    0.8
    """
    from scipy import stats

    _check(icc, null, raters, alpha)
    free = subjects - 1, subjects * (raters - 1)
    if free[0] < 1:
        return 0.0
    limit = float(stats.f.isf(alpha, *free))
    return float(stats.f.sf(limit * _rise(null, raters) / _rise(icc, raters), *free))


def subjects_for_power(
    icc: float, null: float = 0.0, raters: int = 2, alpha: float = 0.05, power: float = 0.8
) -> tuple[int, float]:
    """Subjects to show ICC > `null`: exact, and the approximation of Walter et al. (not rounded).

    Examples
    --------
    >>> exact, walter = subjects_for_power(0.8, 0.6)
    >>> exact, round(walter, 1)
    (39, 38.6)
    """
    from scipy.special import ndtri

    _check(icc, null, raters, alpha)
    if not 0.0 < power < 1.0:
        raise CisternaError("a power lies between 0 and 1", found=f"{power:g}")
    step = math.log(_rise(null, raters) / _rise(icc, raters))
    walter = 1.0 + 2.0 * (float(ndtri(1.0 - alpha)) + float(ndtri(power))) ** 2 * raters / (step**2 * (raters - 1))
    return _smallest(lambda n: power_of_icc(n, icc, null, raters, alpha) >= power), walter


def subjects_for_width(icc: float, width: float, raters: int = 2) -> int:
    """Subjects for a 95 % interval of an ICC of a given width, after Bonett (with his correction for two raters).

    Examples
    --------
    >>> subjects_for_width(0.8, 0.2)
    55
    """
    from scipy.special import ndtri

    if not 0.0 <= icc < 1.0 or not 0.0 < width < 2.0 or raters < 2:
        found = f"ICC {icc:g}, width {width:g}, {raters} raters"
        raise CisternaError("an ICC from 0 to 1, a width from 0 to 2 and two raters are needed", found=found)
    spread = ((1.0 - icc) * (1.0 + (raters - 1) * icc)) ** 2
    plain = 8.0 * float(ndtri(0.975)) ** 2 * spread / (raters * (raters - 1) * width**2) + 1.0
    # Bonett (2002): the formula runs short for two raters and a high correlation.
    return math.ceil(math.ceil(plain) + (5.0 * icc if raters == 2 and icc >= 0.7 else 0.0))


def width_of_limit(subjects: int) -> float:
    """Width of the exact 95 % interval of one limit of agreement, in standard deviations of the differences.

    Examples
    --------
    >>> round(width_of_limit(100), 2)
    0.68
    """
    from scipy import stats
    from scipy.special import ndtri

    if subjects < 3:
        return float("inf")
    middle = float(ndtri(0.975)) * math.sqrt(subjects)
    ends = (float(stats.nct.ppf(p, subjects - 1, middle)) for p in (0.025, 0.975))
    low, high = ends
    return (high - low) / math.sqrt(subjects)


def subjects_for_limits(width: float) -> int:
    """Subjects for limits of agreement whose intervals are not wider than `width` standard deviations.

    Examples
    --------
    >>> subjects_for_limits(0.7)
    96
    """
    if not width > 0.0:
        raise CisternaError("a width must be positive", found=f"{width:g}")
    return _smallest(lambda n: width_of_limit(n) <= width)


@dataclass(frozen=True)
class Expected:
    """What a study of a given size will find, by simulation of ICC(2,1).

    Attributes
    ----------
    subjects, raters, studies : int
    icc : float
        True share of the subjects in the variance of single ratings.
    low, middle, high : float
        2.5 %, 50 % and 97.5 % of the ICCs found.
    power : float
        Share of the studies in which the F test of the subjects finds them to differ, level alpha.
    error : float
        Standard error of that share.
    """

    subjects: int
    raters: int
    studies: int
    icc: float
    low: float
    middle: float
    high: float
    power: float
    error: float


def expect(
    subjects: int, icc: float, raters: int = 2, rater_share: float = 0.0, alpha: float = 0.05,
    studies: int = 2000, seed: int = 0,
) -> Expected:  # fmt: skip
    """Simulate a study: subjects, raters who differ, and noise, all normal, in shares of one variance.

    Parameters
    ----------
    rater_share : float
        Share of the variance that stands between raters (a rater who counts more throughout); it lowers ICC(2,1)
        without subjects differing less.

    Examples
    --------
    >>> found = expect(20, 0.5, studies=400)
    >>> found.low < 0.5 < found.high
    True
    """
    from scipy import stats

    if not (0.0 <= icc < 1.0 and 0.0 <= rater_share and icc + rater_share < 1.0):
        found = f"{icc:g} and {rater_share:g}"
        raise CisternaError("the shares of subjects and raters must leave room for noise", found=found)
    if subjects < 2 or raters < 2 or studies < 1:
        raise CisternaError("two subjects, two raters and a study are the least", found=f"{subjects}, {raters}")
    rng = np.random.default_rng(seed)
    own = math.sqrt(icc) * rng.standard_normal((studies, subjects, 1))
    bias = math.sqrt(rater_share) * rng.standard_normal((studies, 1, raters))
    rest = math.sqrt(1.0 - icc - rater_share) * rng.standard_normal((studies, subjects, raters))
    tables = own + bias + rest
    low, middle, high = (float(q) for q in np.quantile(icc_agreement(tables), [0.025, 0.5, 0.975]))
    limit = float(stats.f.isf(alpha, subjects - 1, (subjects - 1) * (raters - 1)))
    share = float(np.mean(_subject_ratio(tables) > limit))
    error = math.sqrt(share * (1.0 - share) / studies)
    return Expected(subjects, raters, studies, icc, low, middle, high, share, error)


def _subject_ratio(tables: Array) -> Array:
    """F of the subjects in the two-way table."""
    n, k = tables.shape[-2:]
    rows = tables - tables.mean(axis=-2, keepdims=True)
    between = k * np.square(rows.mean(axis=-1)).sum(axis=-1) / (n - 1)
    rest = np.square(rows - rows.mean(axis=-1, keepdims=True)).sum(axis=(-2, -1)) / ((n - 1) * (k - 1))
    return np.asarray(between / rest)


def _rise(icc: float, raters: int) -> float:
    """1 + k theta: factor on F."""
    return 1.0 + raters * icc / (1.0 - icc)


def _smallest(enough: Callable[[int], bool]) -> int:
    """Smallest number of subjects that is enough; the condition turns once."""
    low, high = 1, 2
    while not enough(high):
        low, high = high, 2 * high
        if high > MOST:
            raise CisternaError(f"more than {MOST} subjects would be needed", mend="ask for less")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _check(icc: float, null: float, raters: int, alpha: float) -> None:
    if not 0.0 <= null < icc < 1.0:
        found = f"null {null:g}, expected {icc:g}"
        raise CisternaError("the expected ICC must lie above the smallest acceptable one, both in 0..1", found=found)
    if raters < 2 or not 0.0 < alpha < 1.0:
        raise CisternaError("two raters and a level between 0 and 1 are needed", found=f"{raters}, {alpha:g}")
