"""Physiological numbers: each with unit, range, population, source, status and grade."""

from __future__ import annotations

import csv
import fnmatch
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from importlib import resources
from typing import Any

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.units import convert, parse, same_dimension, to_internal

STATUS = ("read", "recalled", "computed", "assumed", "required", "set")
EVIDENCE = ("measured", "derived", "hypothesis")
RANGE_KIND = ("population", "uncertainty", "tuning")
LEVELS = ("foramen_monro", "ear", "heart", "local", "none")


@dataclass(frozen=True)
class Parameter:
    """One number of the body, with everything needed to trust or doubt it.

    Attributes
    ----------
    id : str
        Stable name.
    value, low, high : float
        Central value and range, in `unit`.
    status : str
        ``read`` in a source, ``recalled``, ``computed`` from other rows, ``assumed`` (ours), ``required`` (by
        a claim, not measured) or ``set`` (by the user).
    evidence : str
        Kind of quantity: ``measured``, ``derived`` or ``hypothesis``.
    range_kind : str
        ``population`` spread, ``uncertainty`` of one value, or ``tuning`` range of a fitted constant.
    level_ref : str
        Level at which a pressure is read, or ``none``.
    """

    id: str
    value: float
    low: float
    high: float
    unit: str
    name: str = ""
    symbol: str = ""
    population: str = ""
    source: str = ""
    status: str = "assumed"
    evidence: str = "derived"
    range_kind: str = "uncertainty"
    level_ref: str = "none"
    note: str = ""
    file: str = ""

    @property
    def internal(self) -> float:
        """The value in cm, mL, mmHg, s."""
        return to_internal(self.value, self.unit)

    @property
    def inside(self) -> bool:
        """Whether the value lies in its own range."""
        return self.low <= self.value <= self.high

    @property
    def span(self) -> str:
        """The range in words.

        Examples
        --------
        >>> default_parameters().peek("csf_production").span
        '0.2 to 0.7 mL/min'
        """
        return f"{self.low:g} to {self.high:g}" + ("" if self.unit == "1" else f" {self.unit}")

    @property
    def assumed(self) -> bool:
        """Whether the number has no source and must be shown as such."""
        return self.status in ("assumed", "required", "set")

    def with_value(self, text: str | float) -> Parameter:
        """The same parameter with a user's value; the unit may differ but must measure the same thing."""
        value, unit = parse(text, default=self.unit)
        if not same_dimension(unit, self.unit):
            mend = f"give it in {self.unit}"
            raise CisternaError(f"{self.id}: wrong kind of unit", found=str(text), mend=mend)
        number = value if unit == self.unit else convert(value, unit, self.unit)
        if number != number or number in (float("inf"), float("-inf")):
            mend = f"write e.g. '{self.value:g} {self.unit}'"
            raise CisternaError(f"{self.id} must be a finite number", found=str(text), mend=mend)
        return replace(self, value=number, status="set", source=f"set by the user (was {self.value:g}): {self.source}")


class Parameters(Mapping[str, Parameter]):
    """A set of parameters by id; remembers which were used, so that what ran is what is cited."""

    def __init__(self, rows: Mapping[str, Parameter], changed: Mapping[str, Parameter] | None = None) -> None:
        self._rows = dict(rows)
        self.changed: dict[str, Parameter] = dict(changed or {})
        self.used: dict[str, None] = {}

    def __getitem__(self, key: str) -> Parameter:
        row = self.peek(key)
        self.used.setdefault(key, None)
        return row

    def peek(self, key: str) -> Parameter:
        """A parameter without counting it as used."""
        try:
            return self._rows[key]
        except KeyError:
            raise UnknownName("parameter", key, list(self._rows)) from None

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def value(self, key: str) -> float:
        """A value in internal units (cm, mL, mmHg, s)."""
        return self[key].internal

    def in_unit(self, key: str, unit: str) -> float:
        """A value in the unit asked for."""
        row = self[key]
        return convert(row.value, row.unit, unit)

    def select(self, pattern: str = "*", **fields_equal: str) -> Parameters:
        """Parameters whose id or name matches a pattern (shell wildcards or part of a word).

        Examples
        --------
        >>> sorted(default_parameters().select("csf_vol_lateral*"))
        ['csf_vol_lateral_vent']
        """
        wild = any(c in pattern for c in "*?[")
        low = pattern.lower()

        def fits(row: Parameter) -> bool:
            text = fnmatch.fnmatch(row.id, pattern) if wild else low in row.id.lower() or low in row.name.lower()
            return text and all(getattr(row, key) == value for key, value in fields_equal.items())

        return Parameters({key: row for key, row in self._rows.items() if fits(row)})

    def override(self, values: Mapping[str, str | float]) -> Parameters:
        """A new set with some values replaced, e.g. ``{"csf_production": "0.5 mL/min"}``.

        Raises
        ------
        CisternaError
            Unknown id (with the nearest one), wrong kind of unit, or not a number.
        """
        changed = {key: self.peek(key).with_value(text) for key, text in values.items()}
        return Parameters({**self._rows, **changed}, {**self.changed, **changed})

    def replace_rows(self, rows: Mapping[str, Parameter]) -> Parameters:
        """A new set with whole rows replaced: a person's age or a hypothesis brings its own sourced values."""
        for key in rows:
            self.peek(key)
        return Parameters({**self._rows, **rows}, {**self.changed, **rows})

    def table(self) -> list[dict[str, Any]]:
        """The rows as plain dictionaries."""
        return [{f.name: getattr(row, f.name) for f in fields(row)} for row in self.values()]


def read_rows(text: str, where: str) -> dict[str, Parameter]:
    """Parameters of a CSV text; every row is checked (number order, vocabulary, source)."""
    rows: dict[str, Parameter] = {}
    for line, cells in enumerate(csv.DictReader(text.splitlines()), start=2):
        place = f"{where}, line {line}"
        try:
            numbers: dict[str, Any] = {key: float(cells[key]) for key in ("value", "low", "high")}
            texts: dict[str, Any] = {k: v for k, v in cells.items() if k not in numbers}
            row = Parameter(**texts, **numbers, file=where)
        except (KeyError, TypeError, ValueError) as error:
            raise CisternaError("a parameter row cannot be read", where=place, found=str(error)) from error
        wrong = [
            what
            for what, ok in (
                ("value outside low..high", row.inside),
                ("no source", bool(row.source)),
                (f"status '{row.status}'", row.status in STATUS),
                (f"evidence '{row.evidence}'", row.evidence in EVIDENCE),
                (f"range_kind '{row.range_kind}'", row.range_kind in RANGE_KIND),
                (f"level_ref '{row.level_ref}'", row.level_ref in LEVELS),
                (f"id '{row.id}' twice", row.id not in rows),
            )
            if not ok
        ]
        if wrong:
            raise CisternaError(f"parameter {row.id}: {', '.join(wrong)}", where=place)
        rows[row.id] = row
    return rows


@lru_cache(maxsize=1)
def _shipped() -> dict[str, Parameter]:
    rows: dict[str, Parameter] = {}
    for file in sorted(resources.files("cisterna.parameters").iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".csv"):
            continue
        fresh = read_rows(file.read_text(encoding="utf-8"), file.name)
        twice = rows.keys() & fresh.keys()
        if twice:
            raise CisternaError(f"parameter '{min(twice)}' stands in two files", where=file.name)
        rows.update(fresh)
    return rows


def default_parameters() -> Parameters:
    """All parameters that ship: the published reference table and the files beside it.

    Examples
    --------
    >>> p = default_parameters()
    >>> p["csf_production"].value, p["csf_production"].unit
    (0.35, 'mL/min')
    >>> round(p.value("csf_production"), 5)
    0.00583
    """
    return Parameters(_shipped())
