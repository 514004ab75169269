"""Agreement of the examiners of a study: rates of the holds, then ICC, limits of agreement and kappa.

*Between examiners*: the same site of the same subject, first palpation of each, ICC(2,1) (Shrout & Fleiss 1979), and
limits of agreement of every two examiners. *Within an examiner*: the repeats of one site. *Between sites*: two sites
palpated at the same time by two examiners, where one rhythm would give one rate. *Answers*: Cohen's kappa of every two
examiners. A hold that was not made, was broken off or holds too few marks has no rate; it is left out and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.sessions.study.allocation import Hold
from cisterna.sessions.study.folder import Study
from cisterna.sessions.study.marks import Marked
from cisterna.signals.result import Result
from cisterna.signals.rhythm.agreement import icc, limits_of_agreement
from cisterna.signals.rhythm.kappa import crossed, kappa

UNIT = "1/min"


@dataclass(frozen=True)
class Found:
    """A hold with what was marked in it.

    Attributes
    ----------
    hold : Hold
    marked : Marked or None
        None where the hold was not made to its end.
    rate : float
        Cycles per minute; NaN where too few marks tell none.
    unevenness : float
        Standard deviation of the cycle lengths over their mean.
    """

    hold: Hold
    marked: Marked | None
    rate: float
    unevenness: float


@dataclass(frozen=True)
class Agreement:
    """Answer of a study.

    Attributes
    ----------
    results : tuple of Result
    holds : tuple of Found
        In the order of the allocation.
    notes : tuple of str
    """

    results: tuple[Result, ...]
    holds: tuple[Found, ...]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {"results": [result.as_dict() for result in self.results], "notes": list(self.notes)}


def rate_of(times: ArrayLike) -> tuple[float, float]:
    """Rate of marks in cycles per minute, and how uneven the cycles are (coefficient of variation).

    The rate is the number of whole cycles over the time they took, so that it does not step with the length of the
    hold; NaN where there are fewer marks than `study_fewest_marks`.

    Examples
    --------
    >>> rate_of([2.0, 10.0, 18.0, 26.0])
    (7.5, 0.0)
    """
    t = np.asarray(times, dtype=np.float64)
    if t.size < default_parameters()["study_fewest_marks"].value or t[-1] <= t[0]:
        return float("nan"), float("nan")
    lengths = np.diff(t)
    return 60.0 * lengths.size / float(t[-1] - t[0]), float(lengths.std() / lengths.mean())


def agreement(study: Study, marked: Mapping[str, Mapping[str, Marked]] | None = None) -> Agreement:
    """Agreement of all examiners of a study.

    Parameters
    ----------
    study : Study
    marked : dict, optional
        Examiner -> code -> marks; read from the folder when left out.

    Returns
    -------
    Agreement
        Results ``inter_icc``, ``inter_bias``, ``inter_lower``, ``inter_upper``, ``intra_*`` and ``sites_*`` (rates,
        1/min), ``kappa_<question>``, and ``rate`` of each examiner and site (mean of the subjects). `channel` names
        site and examiners: ``head:A:B``.
    """
    if marked is None:
        marked = {examiner: done for examiner, (_, done) in study.marked().items()}
    holds = tuple(_found(hold, marked[hold.examiner].get(hold.hold)) for hold in study.holds)
    plan, rates = study.plan, _Table(study, holds)
    results: list[Result] = []
    for site in plan.sites:
        for examiner in plan.examiners:
            results.append(_mean(rates.of(examiner, site, 1), f"{site}:{examiner}"))
        everyone = np.column_stack([rates.of(examiner, site, 1) for examiner in plan.examiners])
        results += _icc(everyone, "inter", f"{site}:{':'.join(plan.examiners)}")
        for a, b in combinations(plan.examiners, 2):
            pair = rates.of(a, site, 1), rates.of(b, site, 1)
            if len(plan.examiners) > 2:
                results += _icc(np.column_stack(pair), "inter", f"{site}:{a}:{b}")
            results += _limits(*pair, "inter", f"{site}:{a}:{b}")
        if plan.repeats > 1:
            for examiner in plan.examiners:
                own = [rates.of(examiner, site, repeat) for repeat in range(1, plan.repeats + 1)]
                results += _icc(np.column_stack(own), "intra", f"{site}:{examiner}")
                results += _limits(own[0], own[1], "intra", f"{site}:{examiner}")
        for question in plan.questions:
            for a, b in combinations(plan.examiners, 2):
                said = rates.answers(a, site, question), rates.answers(b, site, question)
                results += _told(_kappa, said, f"kappa_{question}", f"{site}:{a}:{b}", "1")
    if plan.together:
        for first, second in combinations(plan.sites, 2):
            pair = rates.at_once(first, second)
            results += _icc(np.column_stack(pair), "sites", f"{first}:{second}")
            results += _limits(*pair, "sites", f"{first}:{second}")
    return Agreement(tuple(results), holds, tuple(_notes(holds)))


def _found(hold: Hold, marked: Marked | None) -> Found:
    rate, unevenness = rate_of(marked.times) if marked is not None else (float("nan"), float("nan"))
    return Found(hold, marked, rate, unevenness)


class _Table:
    """The holds by subject."""

    def __init__(self, study: Study, holds: Sequence[Found]) -> None:
        self.subjects = sorted({hold.subject for hold in study.holds})
        self.place = {(f.hold.examiner, f.hold.site, f.hold.subject, f.hold.repeat): f for f in holds}
        self.holds = holds

    def _row(self, examiner: str, site: str, repeat: int) -> Iterator[Found]:
        return (self.place[examiner, site, subject, repeat] for subject in self.subjects)

    def of(self, examiner: str, site: str, repeat: int) -> NDArray[np.float64]:
        """Rates (subject,)."""
        return np.array([found.rate for found in self._row(examiner, site, repeat)])

    def answers(self, examiner: str, site: str, question: str) -> list[str | None]:
        """yes, no or None of each subject, first palpation."""
        said = [f.marked.answers.get(question) if f.marked else None for f in self._row(examiner, site, 1)]
        return [None if one is None else "yes" if one else "no" for one in said]

    def at_once(self, first: str, second: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Rates at two sites at the same time: of each subject the first round in which both were told."""
        rounds: dict[str, dict[int, dict[str, float]]] = {}
        for f in self.holds:
            rounds.setdefault(f.hold.subject, {}).setdefault(f.hold.order, {})[f.hold.site] = f.rate
        pairs = []
        for subject in self.subjects:
            both = [
                (sites.get(first, np.nan), sites.get(second, np.nan)) for _, sites in sorted(rounds[subject].items())
            ]
            whole = [pair for pair in both if np.isfinite(pair).all()]
            pairs.append(whole[0] if whole else (np.nan, np.nan))
        table = np.array(pairs)
        return table[:, 0], table[:, 1]


def _icc(table: NDArray[np.float64], kind: str, channel: str) -> list[Result]:
    return _told(lambda t: [icc(t, "2,1", channel)], (table,), f"{kind}_icc", channel, "1")


def _limits(first: NDArray[np.float64], second: NDArray[np.float64], kind: str, channel: str) -> list[Result]:
    def three(a: NDArray[np.float64], b: NDArray[np.float64]) -> list[Result]:
        found = limits_of_agreement(a, b, UNIT, channel)
        return [replace(one, id=f"{kind}_{one.id.removeprefix('agreement_')}") for one in (
            found.bias, found.lower, found.upper)]  # fmt: skip

    return _told(three, (first, second), f"{kind}_limits", channel, UNIT)


def _kappa(first: list[str | None], second: list[str | None]) -> list[Result]:
    return [kappa(crossed(first, second, ["no", "yes"])[0])]


def _told(
    make: Callable[..., list[Result]], values: tuple[Any, ...], name: str, channel: str, unit: str
) -> list[Result]:  # fmt: skip
    """The results under our names; where the data do not tell, a missing value with the reason."""
    try:
        made = make(*values)
    except CisternaError as error:
        reason = f"{error.what}{f' ({error.found})' if error.found else ''}"
        return [Result(name, channel, float("nan"), unit, note=reason)]
    if len(made) == 1:
        return [replace(made[0], id=name, channel=channel)]
    return made


def _mean(rates: NDArray[np.float64], channel: str) -> Result:
    from scipy import stats

    good = rates[np.isfinite(rates)]
    note = "mean of the subjects' first palpation; 95 % interval of the mean"
    if good.size == 0:
        return Result("rate", channel, float("nan"), UNIT, note="no rate was told")
    if good.size < 2:
        return Result("rate", channel, float(good[0]), UNIT, n=1, note=note)
    mean, sd = float(good.mean()), float(good.std(ddof=1))
    half = float(stats.t.ppf(0.975, good.size - 1)) * sd / float(np.sqrt(good.size))
    return Result("rate", channel, mean, UNIT, mean - half, mean + half, int(good.size), note, {"sd": sd})


def _notes(holds: Sequence[Found]) -> Iterator[str]:
    made = sum(f.marked is not None for f in holds)
    told = sum(bool(np.isfinite(f.rate)) for f in holds)
    yield f"{made} of {len(holds)} holds were made to their end; {told} of these have marks enough for a rate"
    if 0 < told < made:
        yield (
            "holds without a rate are left out: agreement is that of the rest, and it may be higher than that of all"
        )  # fmt: skip
