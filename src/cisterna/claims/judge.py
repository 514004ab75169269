"""From draws and required values to a verdict: the rule, written once.

*supported*: P(y >= y_s) >= 0.95 over the draws. *contradicted*: P(y <= y_n) >= 0.95, every required value
outside its range, and the smallest joint departure D > 3. *undecided*: everything else, above all when a
required value lies inside a range. *undecided: no data*: nothing was measured.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cisterna.claims.need import Joint, Need

#: Share of the draws that must reach a level, and the joint departure beyond which a claim counts as far off.
SURE, FAR = 0.95, 3.0
#: The verdict where nothing was measured.
NO_DATA = "undecided: no data"
VERDICTS = ("supported", "contradicted", "undecided", NO_DATA)


@dataclass(frozen=True)
class Reading:
    """The output of a claim in one world.

    Attributes
    ----------
    value : float
        With every parameter at its default.
    low, high : float
        5th and 95th percentile of the draws.
    supports, contradicts : float
        Share of the draws at or beyond each level.
    verdict, why : str
    """

    value: float
    low: float
    high: float
    supports: float
    contradicts: float
    verdict: str
    why: str


def read(
    value: float,
    draws: np.ndarray,
    supports: float,
    contradicts: float,
    needs: Sequence[Need] | None = None,
    joint: Joint | None = None,
    no_data: str = "",
) -> Reading:
    """Judge an output.

    Parameters
    ----------
    value : float
        At the defaults.
    draws : array (n,)
        Over the published ranges.
    supports, contradicts : float
        The two levels.
    needs, joint : optional
        Required values; without them (a world whose own numbers are required) only the draws decide.
    no_data : str
        Reason why nothing can be decided.

    Examples
    --------
    >>> read(0.1, np.full(64, 0.1), supports=1.0, contradicts=0.5, needs=[], joint=None).verdict
    'contradicted'
    >>> read(2.0, np.linspace(0, 2, 64), supports=1.0, contradicts=0.5).verdict
    'undecided'
    """
    sign = 1.0 if supports >= contradicts else -1.0
    good = draws[np.isfinite(draws)]
    enough = good.size > 0
    over = float(np.mean(sign * good >= sign * supports)) if enough else 0.0
    under = float(np.mean(sign * good <= sign * contradicts)) if enough else 0.0
    low, high = (float(q) for q in np.quantile(good, [0.05, 0.95])) if enough else (np.nan, np.nan)
    if no_data:
        verdict, why = NO_DATA, no_data
    elif not enough:
        verdict, why = "undecided", "no draw gave a number"
    else:
        verdict, why = _rule(over, under, needs, joint)
    return Reading(value, low, high, over, under, verdict, why)


def _rule(over: float, under: float, needs: Sequence[Need] | None, joint: Joint | None) -> tuple[str, str]:
    if over >= SURE:
        return "supported", f"{_percent(over)} of the draws reach the level that supports"
    if under < SURE:
        why = f"{_percent(over)} of the draws support, {_percent(under)} contradict; {_percent(SURE)} is asked"
        return "undecided", why
    why = f"{_percent(under)} of the draws lie at or beyond the level that contradicts"
    inside = [need for need in needs or () if need.inside]
    if inside:
        names = ", ".join(f"{need.key.name} ({_value(need)})" for need in inside)
        return "undecided", f"{why}, but a value inside its range would change that: {names}; measuring it would decide"
    if joint is not None and joint.distance is not None and joint.distance <= FAR:
        why = f"{why}, but together {joint.distance:.2f} standard deviations would change that ({FAR:g} is asked)"
        return "undecided", why
    return "contradicted", why


def _percent(share: float) -> str:
    return f"{100.0 * share:.0f} %"


def _value(need: Need) -> str:
    return f"{need.value:.3g} {need.key.unit}" if need.value is not None else "none"
