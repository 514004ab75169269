"""How long a record, or how many persons, a question about a rhythm needs: exact power, no simulation.

Coherence: the estimated squared coherence C of L independent segments of Gaussian signals has the distribution of
Goodman (1957, Proc IRE 45:1361), written here as a mixture: C ~ Beta(1 + J, L - 1) with J negative binomial
(L, 1 - coherence^2). With q series partialled out L becomes L - q (Carter 1987, Proc IEEE 75:236
doi:10.1109/PROC.1987.13723). Agreement of persons: the exact binomial test, one-sided.
"""

from __future__ import annotations

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters

#: Largest count of segments or persons looked for; beyond it a question cannot be asked in practice.
_MOST = 100_000
#: Largest squared coherence looked at: the terms of the mixture grow as one over what it lacks to 1.
_ALMOST_ONE = 0.9995


def coherence_critical(segments: int, alpha: float = 0.05, removed: int = 0) -> float:
    """Squared coherence that chance exceeds with probability `alpha`: 1 - alpha^(1 / (L - q - 1)).

    Parameters
    ----------
    segments : int
        Independent segments (or tapers times segments), L.
    alpha : float
        Level of the test; divide it by the number of bands that are looked at.
    removed : int
        Series partialled out, q.

    Examples
    --------
    >>> round(coherence_critical(11), 3)
    0.259
    """
    free = segments - removed
    _check_share("level", alpha)
    if free < 2:
        found = f"{segments} segments, {removed} series removed"
        raise CisternaError("a coherence needs two segments more than series removed", found=found)
    return float(1.0 - alpha ** (1.0 / (free - 1)))


def coherence_power(coherence2: float, segments: int, alpha: float = 0.05, removed: int = 0) -> float:
    """Chance to find a true squared coherence in so many independent segments.

    Examples
    --------
    >>> round(coherence_power(0.3, 14), 2), round(coherence_power(0.0, 14), 2)
    (0.81, 0.05)
    """
    from scipy.special import gammaln

    if not 0.0 <= coherence2 < 1.0:
        raise CisternaError("a squared coherence lies between 0 and 1", found=f"{coherence2:g}")
    free = segments - removed
    limit = coherence_critical(segments, alpha, removed)
    mean = free * coherence2 / (1.0 - coherence2)
    j = np.arange(int(mean + 12.0 * np.sqrt(mean / (1.0 - coherence2))) + 30)
    weight = np.exp(
        gammaln(free + j) - gammaln(free) - gammaln(1 + j) + free * np.log1p(-coherence2)
        + (j * np.log(coherence2) if coherence2 > 0 else np.where(j == 0, 0.0, -np.inf))
    )  # fmt: skip
    # Tail of Beta(1 + j, L - 1) by its recurrence in j.
    m = free - 1
    step = np.exp(
        (1 + j) * np.log(limit) + m * np.log1p(-limit) + gammaln(1 + j + m) - gammaln(2 + j) - gammaln(m)
    )  # fmt: skip
    tail = (1.0 - limit) ** m + np.concatenate([[0.0], np.cumsum(step)[:-1]])
    return float(np.clip(weight @ np.minimum(tail, 1.0), 0.0, 1.0))


def segments_needed(coherence2: float, alpha: float = 0.05, power: float = 0.8, removed: int = 0) -> int:
    """Fewest independent segments that find a true squared coherence with the power asked.

    Examples
    --------
    >>> segments_needed(0.5), segments_needed(0.5, alpha=0.05 / 8)
    (8, 11)
    """
    _check_share("power", power)
    if not 0.0 < coherence2 < 1.0:
        raise CisternaError("a squared coherence to be found lies between 0 and 1", found=f"{coherence2:g}")
    low, high = removed + 2, removed + 4
    while coherence_power(coherence2, high, alpha, removed) < power:
        low, high = high, 2 * high
        if high > _MOST:
            raise CisternaError("no record is long enough for this coherence", found=f"{coherence2:g}")
    while high - low > 1:  # power rises with the number of segments
        middle = (low + high) // 2
        if coherence_power(coherence2, middle, alpha, removed) < power:
            low = middle
        else:
            high = middle
    return high


def record_needed(
    coherence2: float,
    bands: int = 1,
    alpha: float = 0.05,
    power: float = 0.8,
    removed: int = 0,
    resolution: float | None = None,
) -> float:
    """Length of record [s] that finds a true squared coherence.

    Parameters
    ----------
    coherence2 : float
        Squared (partial) coherence to be found, 0 to 1.
    bands : int
        Bands looked at; the level is divided by it (Bonferroni).
    alpha, power : float
        Level of the test and chance to find it.
    removed : int
        Series partialled out.
    resolution : float, optional
        Width of a band, Hz; an independent segment lasts its inverse. Row `rhythm_resolution` by default.

    Examples
    --------
    >>> [round(record_needed(0.1, bands) / 60.0) for bands in (1, 8)]
    [38, 60]
    """
    width = default_parameters()["rhythm_resolution"].value if resolution is None else resolution
    if not width > 0.0 or bands < 1:
        raise CisternaError("a band needs a width, and at least one is looked at", found=f"{width:g} Hz, {bands} bands")
    return segments_needed(coherence2, alpha / bands, power, removed) / width


def coherence_found(
    seconds: float,
    bands: int = 1,
    alpha: float = 0.05,
    power: float = 0.8,
    removed: int = 0,
    resolution: float | None = None,
) -> float:
    """Smallest true squared coherence that a record of this length finds; NaN where it finds none.

    Examples
    --------
    >>> round(coherence_found(600.0), 2), coherence_found(56.0)
    (0.33, nan)
    """
    width = default_parameters()["rhythm_resolution"].value if resolution is None else resolution
    segments = int(seconds * width + 1e-9)
    if segments - removed < 2:
        return float("nan")
    low, high = 0.0, _ALMOST_ONE
    if coherence_power(high, segments, alpha / bands, removed) < power:
        return float("nan")
    while high - low > 1e-5:
        middle = 0.5 * (low + high)
        if coherence_power(middle, segments, alpha / bands, removed) < power:
            low = middle
        else:
            high = middle
    return high


def amplitude_ratio(coherence2: float) -> float:
    """Amplitude of a common rhythm over the noise beside it, both within one band, at two equal sites.

    Coherence^2 = (s / (s + n))^2 with s and n the powers of rhythm and noise, so sqrt(s / n) is the answer.

    Examples
    --------
    >>> round(amplitude_ratio(0.25), 6)
    1.0
    """
    if not 0.0 <= coherence2 < 1.0:
        return float("nan")
    root = float(np.sqrt(coherence2))
    return float(np.sqrt(root / (1.0 - root)))


def binomial_power(null: float, true: float, persons: int, alpha: float = 0.05) -> tuple[float, int]:
    """Power of the one-sided exact binomial test, and the count from which it rejects.

    Examples
    --------
    >>> power, count = binomial_power(0.2, 0.6, 10)
    >>> round(power, 2), count
    (0.83, 5)
    """
    from scipy import stats

    for name, share in (("null share", null), ("true share", true)):
        _check_share(name, share)
    counts = np.arange(persons + 2)
    rejects = int(counts[stats.binom.sf(counts - 1, persons, null) <= alpha][0])
    return float(stats.binom.sf(rejects - 1, persons, true)), rejects


def persons_needed(null: float, true: float, alpha: float = 0.05, power: float = 0.8) -> int:
    """Fewest persons with which the exact binomial test tells a true share from a null share.

    Examples
    --------
    >>> [persons_needed(0.2, share) for share in (0.4, 0.6, 0.8)]
    [35, 10, 4]
    """
    if not true > null:
        raise CisternaError("the true share must lie above the null share", found=f"{true:g} and {null:g}")
    for persons in range(1, _MOST):
        if binomial_power(null, true, persons, alpha)[0] >= power:
            return persons
    raise CisternaError("no number of persons tells these shares apart", found=f"{true:g} and {null:g}")


def _check_share(name: str, value: float) -> None:
    if not 0.0 < value < 1.0:
        raise CisternaError(f"the {name} must lie between 0 and 1", found=f"{value:g}")
