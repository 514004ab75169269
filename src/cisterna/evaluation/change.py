"""The difference of two evaluations, and whether a hand could feel it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from cisterna.evaluation.findings import Evaluation, StationFinding, as_text, largest
from cisterna.evaluation.hand import Hand
from cisterna.evaluation.inputs import SOURCES
from cisterna.ground.errors import CisternaError

#: Differences below this share of the motion are rounding.
_EXACT = 1e-12


@dataclass(frozen=True)
class StationChange:
    """What changed at one station.

    Attributes
    ----------
    station : str
    motion : dict
        Change of each source, um peak to peak.
    d_change : float
        d' of the change, each sine against its threshold and Weber's share of what was there.
    p_noticed : float
        P("it changed").
    felt : bool
        Whether d' of the change reaches 1.
    largest : str
        Source that changed most, in d'; "" for none.
    rate, amplitude, symmetry, confidence : numbers or None
        Change of the record; None where one of the two records has no such number.
    answer : str
        ``before -> after`` of felt or nothing.
    """

    station: str
    motion: dict[str, float]
    d_change: float
    p_noticed: float
    felt: bool
    largest: str
    rate: float | None
    amplitude: int
    symmetry: int | None
    confidence: int
    answer: str


@dataclass(frozen=True)
class Difference:
    """Changes by station, with the hand that judged them."""

    changes: tuple[StationChange, ...]
    hand: str

    @property
    def zero(self) -> bool:
        """Whether nothing at all changed."""
        return all(
            not any(c.motion.values()) and c.d_change == 0.0 and not (c.rate or c.amplitude or c.symmetry)
            for c in self.changes
        )

    def table(self) -> list[dict[str, Any]]:
        """One row a station."""
        return [
            {
                "station": c.station,
                **{f"{source} um": c.motion.get(source, 0.0) for source in SOURCES},
                "largest": c.largest,
                "d' of change": c.d_change,
                "P(noticed)": c.p_noticed,
                "felt": c.felt,
                "rate 1/min": c.rate,
                "amplitude": c.amplitude,
                "symmetry": c.symmetry,
                "record": c.answer,
            }
            for c in self.changes
        ]

    def as_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {"hand": self.hand, "stations": [asdict(c) for c in self.changes]}

    def __str__(self) -> str:
        return as_text(self.table())


def difference(after: Evaluation, before: Evaluation) -> Difference:
    """What changed between two evaluations of the same stations, judged by the hand of the first.

    Identical evaluations give exact zeros.

    Examples
    --------
    >>> from cisterna.evaluation import Inputs, evaluate_stations
    >>> one = evaluate_stations(Inputs.adult(), ["heel"])
    >>> difference(one, one).zero
    True
    """
    names = [f.station for f in after.findings]
    if names != [f.station for f in before.findings]:
        found = f"{', '.join(names)} | {', '.join(f.station for f in before.findings)}"
        raise CisternaError("the two evaluations are of different stations", found=found)
    if after.hand != before.hand:
        found = f"{after.hand.name} | {before.hand.name}"
        raise CisternaError("the two evaluations are of different hands", found=found, mend="use one hand")
    pairs = zip(after.findings, before.findings, strict=True)
    return Difference(tuple(_change(new, old, after.hand) for new, old in pairs), after.hand.name)


def _change(new: StationFinding, old: StationFinding, hand: Hand) -> StationChange:
    first = {part.name: part for part in old.parts}
    last = {part.name: part for part in new.parts}
    keys = [key for key in SOURCES if key in first or key in last]
    motion = {key: _less(new.motion.get(key, 0.0), old.motion.get(key, 0.0)) for key in keys}
    d = {key: hand.d_change(first.get(key), last.get(key)) for key in keys}
    d_change = float(np.sqrt(sum(value**2 for value in d.values())))
    a, b = new.sqar, old.sqar
    return StationChange(
        station=new.station,
        motion=motion,
        d_change=d_change,
        p_noticed=hand.p_yes(d_change),
        felt=d_change >= 1.0,
        largest=largest(d),
        rate=None if a.rate is None or b.rate is None else a.rate - b.rate,
        amplitude=a.amplitude - b.amplitude,
        symmetry=None if a.symmetry is None or b.symmetry is None else a.symmetry - b.symmetry,
        confidence=a.confidence - b.confidence,
        answer=" -> ".join("felt" if sqar.felt else "nothing" for sqar in (b, a)),
    )


def _less(new: float, old: float) -> float:
    change = new - old
    return change if abs(change) > _EXACT * max(abs(new), abs(old)) else 0.0
