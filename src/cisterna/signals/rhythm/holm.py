"""p values of several channels together: Holm's step-down (1979, Scand J Stat 6:65)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.signals.result import Result


def holm(p: Sequence[float]) -> list[float]:
    """p values corrected for their number: that a true null falls below the level is no likelier than the level.

    The k-th smallest of m is multiplied by m - k + 1, is no smaller than the one before it and at most 1; whatever
    joins the channels. NaN (no test) stays NaN and does not count.

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03, float("nan")])
    [0.03, 0.06, 0.06, nan]
    """
    values = np.asarray(p, dtype=np.float64)
    known = np.flatnonzero(np.isfinite(values))
    if np.any((values[known] < 0) | (values[known] > 1)):
        raise CisternaError("a p value lies between 0 and 1", found=str(values[known].tolist())[:80])
    order = known[np.argsort(values[known], kind="stable")]
    out = np.full(values.size, np.nan)
    times = np.arange(order.size, 0, -1)
    out[order] = np.minimum(np.maximum.accumulate(values[order] * times), 1.0)
    return [float(x) for x in out]


def holm_results(p: Mapping[str, float]) -> list[Result]:
    """``rhythm_p_holm`` of each channel whose rhythm was tested; nothing for a single one.

    Examples
    --------
    >>> [(r.channel, r.value) for r in holm_results({"icp": 0.02, "abp": 0.5})]
    [('icp', 0.04), ('abp', 0.5)]
    """
    tested = {name: value for name, value in p.items() if np.isfinite(value)}
    if len(tested) < 2:
        return []
    note = f"p value after Holm's correction for {len(tested)} channels; a verdict rests on that of its channel alone"
    corrected = zip(tested, holm(list(tested.values())), strict=True)
    return [Result("rhythm_p_holm", name, value, "1", n=len(tested), note=note) for name, value in corrected]
