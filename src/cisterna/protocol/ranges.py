"""Published ranges: a row of the measurements table or of the parameters, or one given in the protocol."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources
from typing import TYPE_CHECKING

from cisterna.ground.errors import UnknownName
from cisterna.ground.units import convert

if TYPE_CHECKING:
    from cisterna.ground.parameter import Parameters


@dataclass(frozen=True)
class Range:
    """What a value is compared with; an end that is None is open.

    Attributes
    ----------
    low, high : float or None
        In `unit`.
    unit, source : str
    row : str
        Id of the reference row it is taken from; none for limits given in a protocol.
    role : str
        Of a measurement: outcome, input, bound, claim or later, as the reference has it. ``parameter`` for a row that
        bodies are built from, ``own`` for limits given in a protocol.
    status : str
        Of the reference row: read, recalled, computed or assumed.
    group : str
        Rows of one quantity that share a vote.
    basis : str
        What the limits stand on: ``published``; ``own band``, a published value with a tolerance set here;
        ``assumed``, no source, or computed from a row that has none; ``own``.
    """

    low: float | None
    high: float | None
    unit: str
    source: str
    row: str = ""
    role: str = "own"
    status: str = "assumed"
    group: str = ""
    basis: str = "own"

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
        return replace(self, low=ends[0], high=ends[1], unit=unit)

    def of_sign(self) -> bool:
        """Whether only the sign is compared: such a range holds in any unit."""
        return 0.0 in (self.low, self.high) and None in (self.low, self.high)


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
    >>> published("ijv_sit").role, published("p_sss_upright").basis
    ('outcome', 'assumed')
    """
    if key in experiments():
        return _measured(experiments()[key])
    from cisterna.ground.parameter import default_parameters

    parameters = default_parameters()
    if key in parameters:
        row = parameters.peek(key)
        unsourced = _unsourced(key, parameters)
        basis = "assumed" if unsourced else _band(row.note)
        return Range(row.low, row.high, row.unit, row.source, key, "parameter", row.status, "", basis)
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
    basis = "assumed" if row["status"] == "assumed" else _band(row["note"])
    about = (row["id"], row["role"], row["status"], row["group"], basis)
    return Range(first, last, row["unit"], row["source"], *about)


def _band(note: str) -> str:
    return "own band" if "band own" in note else "published"


def _unsourced(key: str, parameters: Parameters, above: frozenset[str] = frozenset()) -> bool:
    """Whether a parameter is assumed, or computed from one that is."""
    row = parameters.peek(key)
    if row.status != "computed":
        return row.status == "assumed"
    named = {word for word in re.findall(r"\w+", row.source) if word in parameters} - above - {key}
    return any(_unsourced(word, parameters, above | {key}) for word in named)
