"""Published ranges: a row of the measurements table or of the parameters, or one given in the protocol."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from cisterna.ground.errors import UnknownName
from cisterna.ground.units import convert


@dataclass(frozen=True)
class Range:
    """What a value is compared with; an end that is None is open.

    Attributes
    ----------
    low, high : float or None
        In `unit`.
    unit, source : str
    """

    low: float | None
    high: float | None
    unit: str
    source: str

    def inside(self, value: float) -> bool | None:
        """Whether a value (in `unit`) lies inside; None when both ends are open."""
        if self.low is None and self.high is None:
            return None
        over = self.low is None or value >= self.low
        return bool(over and (self.high is None or value <= self.high))

    def in_unit(self, unit: str) -> Range:
        """The same range in another unit of the kind."""
        if unit == self.unit:
            return self
        ends = [None if end is None else convert(end, self.unit, unit) for end in (self.low, self.high)]
        return Range(ends[0], ends[1], unit, self.source)


@lru_cache(maxsize=1)
def experiments() -> Mapping[str, Mapping[str, str]]:
    """The published measurements by row id, each with the columns of ``experiments.csv``.

    Examples
    --------
    >>> experiments()["bolus4_rise"]["low"], experiments()["bolus4_rise"]["high"]
    ('1.32', '1.65')
    """
    text = (resources.files("cisterna.protocol") / "experiments.csv").read_text(encoding="utf-8")
    return {row["id"]: row for row in csv.DictReader(text.splitlines())}


def published(key: str) -> Range:
    """The range of a row of the measurements table, or of a parameter.

    One-sided rows keep one end; a row that compares the sign only becomes "above 0" or "below 0".

    Raises
    ------
    UnknownName
        In neither table, with the nearest row.

    Examples
    --------
    >>> published("icp_pulse_amp").high, published("insp_ratio").high
    (5.2, None)
    """
    if key in experiments():
        return _measured(experiments()[key])
    from cisterna.ground.parameter import default_parameters

    parameters = default_parameters()
    if key in parameters:
        row = parameters.peek(key)
        return Range(row.low, row.high, row.unit, row.source)
    raise UnknownName("range", key, [*experiments(), *parameters])


def _measured(row: Mapping[str, str]) -> Range:
    low, high = float(row["low"]), float(row["high"])
    ends: dict[str, tuple[float | None, float | None]] = {
        "two_sided": (low, high),
        "upper": (None, high),
        "lower": (low, None),
        "sign": (0.0, None) if float(row["value"]) > 0 else (None, 0.0),
    }
    first, last = ends[row["compare"]]
    return Range(first, last, row["unit"], row["source"])
