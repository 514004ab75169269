"""Do palpation marks follow an instrumental rhythm? Agreement at allowed ratios, against what chance agrees on.

Two rates agree when instrumental : palpated lies within a relative tolerance of an allowed ratio (1:1, 2:1, ...).
With several ratios and a wide tolerance chance alone agrees often: the null share says how often, and the exact
binomial test how many persons it takes (`cisterna.signals.rhythm.power.persons_needed`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.signals.grid import Samples
from cisterna.signals.result import Result

#: Instrumental : palpated. The first is the strict question; the second allows what was published (77 % and 23 %).
STRICT, PUBLISHED, WIDE = (1.0,), (1.0, 2.0), (0.5, 1.0, 2.0, 3.0)


def rate_of_marks(marks: ArrayLike, channel: str = "") -> Result:
    """Rate of palpation marks, 1/min, from the median interval.

    Parameters
    ----------
    marks : array (mark,)
        Times, s; one mark a cycle. Their span must reach row `rhythm_marks_shortest`.

    Returns
    -------
    Result
        ``palpated_rate``; the interval is that of a median (binomial order statistics), never narrower than the
        resolution of the span.

    Examples
    --------
    >>> rate_of_marks(range(0, 200, 10)).value
    6.0
    """
    from scipy import stats

    times = np.sort(np.asarray(marks, dtype=np.float64).ravel())
    least = default_parameters()["rhythm_marks_shortest"].value
    span = float(np.ptp(times)) if times.size else 0.0
    if times.size < 4 or span < 0.9 * least or not np.isfinite(times).all() or np.any(np.diff(times) <= 0):
        found = f"{times.size} marks over {span:.0f} s"
        raise CisternaError("too few marks for a rate", found=found, mend=f"mark each cycle for {least:.0f} s or more")
    steps = np.sort(np.diff(times))
    n = steps.size
    k = int(stats.binom.ppf(0.025, n, 0.5))
    rate = 60.0 / float(np.median(steps))
    wide = 30.0 / span  # half of 1 / T
    low = min(60.0 / steps[min(n - k, n - 1)], rate - wide)
    high = max(60.0 / steps[max(k - 1, 0)], rate + wide)
    return Result("palpated_rate", channel, rate, "1/min", max(low, 0.0), high, n, f"{n} intervals over {span:.0f} s")


def agrees(
    palpated: ArrayLike, instrument: ArrayLike, ratios: Sequence[float] = STRICT, tolerance: float | None = None
) -> NDArray[np.bool_]:
    """Whether instrumental : palpated rate lies within the tolerance of an allowed ratio.

    Parameters
    ----------
    palpated, instrument : array
        Rates in one unit; they broadcast.
    ratios : sequence of float
        Allowed ratios, fixed beforehand.
    tolerance : float, optional
        Relative; row `rhythm_ratio_tolerance` by default.

    Examples
    --------
    >>> agrees([6.0, 3.1, 4.5], 6.0, PUBLISHED).tolist()
    [True, True, False]
    """
    share = default_parameters()["rhythm_ratio_tolerance"].value if tolerance is None else tolerance
    one, two = np.broadcast_arrays(np.asarray(palpated, dtype=np.float64), np.asarray(instrument, dtype=np.float64))
    allowed = np.asarray(ratios, dtype=np.float64)
    if allowed.size == 0 or np.any(allowed <= 0) or not 0.0 < share < 1.0:
        raise CisternaError("allowed ratios lie above 0, the tolerance between 0 and 1", found=f"{ratios}, {share:g}")
    quotient = two / np.where(one > 0, one, np.nan)
    return np.asarray(np.any(np.abs(quotient[..., None] / allowed - 1.0) <= share, axis=-1))


def null_share(
    palpated: ArrayLike, instrument: ArrayLike, ratios: Sequence[float] = STRICT, tolerance: float | None = None
) -> float:
    """Share of pairs of unrelated rates that agree: every palpated one with every instrumental one.

    Examples
    --------
    >>> null_share([4.0, 5.0, 6.0], [6.0, 9.0])
    0.166...
    """
    one, two = np.asarray(palpated, dtype=np.float64), np.asarray(instrument, dtype=np.float64)
    return float(agrees(one[:, None], two[None, :], ratios, tolerance).mean())


@dataclass(frozen=True)
class RatioTest:
    """Agreement of palpated and instrumental rates of several persons.

    Attributes
    ----------
    observed : Result
        Share of persons that agree, with its exact interval.
    null : float
        Share that agrees when marks meet the instrument of other persons.
    p : float
        One-sided exact binomial.
    needed : int or None
        Persons that tell the observed share from the null share; None where it lies at or below it.
    """

    observed: Result
    null: float
    p: float
    needed: int | None


def ratio_test(
    palpated: ArrayLike, instrument: ArrayLike, ratios: Sequence[float] = STRICT, tolerance: float | None = None,
    null: float | None = None, channel: str = "",
) -> RatioTest:  # fmt: skip
    """Hold the agreement within persons against that with other persons.

    Parameters
    ----------
    palpated, instrument : array (person,)
        Rates.
    null : float, optional
        Null share; by default from the marks of the other persons.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> own = rng.uniform(3.0, 12.0, 20)
    >>> found = ratio_test(own * rng.normal(1.0, 0.02, 20), own)
    >>> found.observed.value, found.null < 0.4, found.p < 1e-6
    (1.0, True, True)
    """
    from scipy import stats

    from cisterna.signals.rhythm.power import persons_needed

    one, two = np.asarray(palpated, dtype=np.float64), np.asarray(instrument, dtype=np.float64)
    if one.shape != two.shape or one.ndim != 1 or one.size < 2:
        raise CisternaError("a palpated and an instrumental rate of each of two persons or more are needed",
                            found=f"shapes {one.shape} and {two.shape}")  # fmt: skip
    own = agrees(one, two, ratios, tolerance)
    n, hits = own.size, int(own.sum())
    if null is None:
        others = agrees(one[:, None], two[None, :], ratios, tolerance)
        null = float((others.sum() - np.trace(others)) / (n * (n - 1)))
    low = float(stats.beta.ppf(0.025, hits, n - hits + 1)) if hits else 0.0
    high = float(stats.beta.ppf(0.975, hits + 1, n - hits)) if hits < n else 1.0
    p = float(stats.binom.sf(hits - 1, n, null)) if 0.0 < null < 1.0 else float(null >= 1.0 or hits == 0)
    note = f"share of {n} persons within the tolerance of a ratio in {tuple(ratios)}; null share {null:.2f}"
    share = hits / n
    needed = persons_needed(null, min(share, 0.999)) if 0.0 < null < share else None
    observed = Result("ratio_agreement", channel, share, "1", low, high, n, note, {"p": p, "null": null})
    return RatioTest(observed, null, p, needed)


def locking(phase: ArrayLike, rate: float, marks: ArrayLike, shifts: int = 999, seed: int = 0) -> Result:
    """Whether marks fall on one phase of an instrumental rhythm, against the same marks shifted in time.

    Parameters
    ----------
    phase : array (time,)
        rad, e.g. from `slow_rhythm(...).phase`; NaN in gaps. A mark on every second cycle locks as well.
    rate : float
        Samples a second.
    marks : array (mark,)
        s from the first sample.
    shifts : int
        Cyclic shifts of all marks together, at least a tenth of the record away.

    Returns
    -------
    Result
        ``mark_locking``: length of the mean of exp(i phase) over the marks, 0 to 1; ``extra["p"]`` from the shifts.

    Examples
    --------
    >>> t = np.arange(0, 300, 0.25)
    >>> drift = 2 * np.pi * np.cumsum(0.1 + 0.03 * np.sin(0.05 * t)) / 4.0
    >>> marks = np.interp(2 * np.pi * np.arange(1, 25), drift, t)
    >>> found = locking(drift, 4.0, marks)
    >>> round(found.value, 1), found.extra["p"] < 0.05
    (1.0, True)
    """
    angle, times = np.asarray(phase, dtype=np.float64), np.asarray(marks, dtype=np.float64)
    length = angle.size / rate
    times = times[(times >= 0) & (times < length)]
    if times.size < 5 or not np.isfinite(angle).any():
        raise CisternaError("too few marks inside the record", found=f"{times.size}", mend="mark each cycle")

    def held(at: Samples) -> float:
        own = angle[np.minimum((at * rate).astype(int), angle.size - 1)]
        own = own[np.isfinite(own)]
        return float(np.abs(np.exp(1j * own).mean())) if own.size else 0.0

    rng = np.random.default_rng(seed)
    value = held(times)
    chance = np.array([held((times + x) % length) for x in rng.uniform(0.1 * length, 0.9 * length, shifts)])
    p = float((1 + np.sum(chance >= value)) / (shifts + 1))
    note = f"{times.size} marks on the phase of the instrument, against {shifts} shifts in time"
    return Result("mark_locking", "", value, "1", n=int(times.size), note=note, extra={"p": p})


@dataclass(frozen=True)
class Rates:
    """Rates of unrelated persons, drawn from published distributions (1/min).

    Attributes
    ----------
    palpated, instrument : array (draw,)
    sources : tuple of str
    """

    palpated: Samples
    instrument: Samples
    sources: tuple[str, ...]


def independent_rates(
    count: int = 2000, seed: int = 0, palpated: str = "cri_sergueef_all", lf: str = "mayer_f"
) -> Rates:
    """Draw palpated rates and skin-flow rates that have nothing to do with each other.

    Palpated: mean +- sd of row `palpated` (value and range are mean and one sd), log-normal, which keeps them above
    0. Instrument: row `lf`, whose range holds 90 %.

    Examples
    --------
    >>> rates = independent_rates()
    >>> round(float(rates.palpated.mean()), 1), round(float(np.median(rates.instrument)), 1)
    (6.8, 6.0)
    """
    rows = default_parameters()
    rng = np.random.default_rng(seed)
    own, flow = rows[palpated], rows[lf]
    spread = (own.high - own.low) / 2.0 / own.value
    sigma = float(np.sqrt(np.log1p(spread**2)))
    drawn = own.value * np.exp(sigma * rng.normal(size=count) - sigma**2 / 2)
    z = rng.normal(size=count)
    tail = 1.6448536269514722  # standard deviations from the middle to an end that holds 5 % beyond it
    up, down = np.log(flow.high / flow.value) / tail, np.log(flow.value / flow.low) / tail
    waves = 60.0 * flow.value * np.exp(np.where(z > 0, up, down) * z)
    return Rates(drawn, waves, (own.source, flow.source))


def tolerance_inside(rates: Rates, ratios: Sequence[float], agreed: int, persons: int, alpha: float = 0.05) -> float:
    """Smallest tolerance at which so many agreeing persons lie inside the null; NaN where none below 1 does.

    Examples
    --------
    >>> rates = independent_rates(500)
    >>> 0.3 < tolerance_inside(rates, PUBLISHED, 25, 25) < 0.8
    True
    """
    from scipy import stats

    def inside(tolerance: float) -> bool:
        share = null_share(rates.palpated, rates.instrument, ratios, tolerance)
        return bool(stats.binom.sf(agreed - 1, persons, share) > alpha)

    low, high = 0.0, 0.999
    if not inside(high):
        return float("nan")
    while high - low > 1e-3:
        middle = 0.5 * (low + high)
        low, high = (low, middle) if inside(middle) else (middle, high)
    return high
