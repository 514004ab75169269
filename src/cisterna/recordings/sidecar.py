"""The side-car: a JSON file beside the data that says what the data file cannot (names, units, rate)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import LEVELS
from cisterna.recordings.reader import Ask, printable
from cisterna.recordings.rules import Event

_LARGEST = 1_000_000


@dataclass(frozen=True)
class Sidecar:
    """What the side-car says.

    Column names, units by name, rate (Hz), name of the time column, first time (s); clock time of time 0, levels
    of pressures by name, and events (time, duration, label) on the clock of the file; whether there is one, and
    whether it states the first time.
    """

    columns: tuple[str, ...] = ()
    units: dict[str, str] = field(default_factory=dict)
    rate: float | None = None
    time: str = ""
    start: float = 0.0
    clock: str = ""
    levels: dict[str, str] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    there: bool = False
    start_stated: bool = False

    def over(self, ask: Ask) -> Ask:
        """The two together; what the user says in the call wins."""
        rate = self.rate if ask.rate is None else ask.rate
        return Ask({**self.units, **ask.units}, rate, tuple(ask.columns) or self.columns)


def sidecar(path: Path) -> Sidecar:
    """The side-car of a data file: `abp.json` beside `abp.csv`; empty when there is none.

    Keys: ``columns``, ``units`` (a text, or by column), ``rate``, ``time``, ``start``, ``clock``, ``levels`` (by
    column), ``events`` (rows of time, duration, label). The BIDS spellings
    ``Columns``, ``SamplingFrequency``, ``StartTime`` and ``{<column>: {"Units": ...}}`` are read as well.

    Raises
    ------
    CisternaError
        The file is not a JSON object, or an entry has the wrong type.
    """
    file = beside(path)
    if not file.is_file():
        return Sidecar()
    try:
        if file.stat().st_size > _LARGEST:
            raise CisternaError("the side-car is too large", where=str(file), mend="it holds a few lines of JSON")
        said = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        mend = 'write e.g. {"columns": ["abp"], "units": {"abp": "mmHg"}, "rate": 100}'
        raise CisternaError("the side-car cannot be read", str(file), str(error)[:160], mend) from error
    if not isinstance(said, dict):
        raise CisternaError("the side-car is not a JSON object", where=str(file), found=type(said).__name__)
    columns = said.get("columns", said.get("Columns", [])) or []
    _must(isinstance(columns, list) and all(isinstance(c, str) for c in columns), "columns", columns, file)
    units = said.get("units", {})
    if isinstance(units, str):
        units = {"": units}
    _must(isinstance(units, dict) and all(isinstance(u, str) for u in units.values()), "units", units, file)
    for key, value in said.items():
        if isinstance(value, dict) and isinstance(value.get("Units"), str):
            units[key] = value["Units"]
    time = said.get("time", "")
    _must(isinstance(time, str), "time", time, file)
    rate = _number(said.get("rate", said.get("SamplingFrequency")), "rate", file)
    if rate is not None:
        _must(rate > 0, "rate", rate, file)
    start = _number(said.get("start", said.get("StartTime")), "start", file)
    clock, levels, rows = said.get("clock", ""), said.get("levels", {}), said.get("events", [])
    _must(isinstance(clock, str), "clock", clock, file)
    _must(isinstance(levels, dict) and all(v in LEVELS for v in levels.values()), "levels", levels, file)
    _must(isinstance(rows, list) and all(isinstance(r, list) and len(r) == 3 for r in rows), "events", rows, file)
    events = [Event(_number(r[0], "events", file) or 0.0, _number(r[1], "events", file) or 0.0, r[2]) for r in rows]
    _must(all(isinstance(e.label, str) and e.duration >= 0 for e in events), "events", rows, file)
    named = tuple(str(c) for c in columns)
    begin = start or 0.0
    return Sidecar(named, units, rate, time, begin, printable(clock), levels, tuple(events), True, start is not None)


def beside(path: Path) -> Path:
    """Where the side-car of a data file lies: `abp.json` for `abp.csv` and `abp.tsv.gz`."""
    name = path.name[: -len(".gz")] if path.name.lower().endswith(".gz") else path.name
    return path.with_name(name).with_suffix(".json")


def write_sidecar(path: Path, said: Mapping[str, Any]) -> None:
    """Write the side-car of a data file; what is empty is left out."""
    kept = {key: value for key, value in said.items() if value not in ({}, [], (), "", None)}
    with beside(path).open("x", encoding="utf-8") as out:
        json.dump(kept, out, indent=1, ensure_ascii=False)
        out.write("\n")


def _number(value: Any, key: str, file: Path) -> float | None:
    if value is None:
        return None
    plain = isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < 1e12
    _must(plain, key, value, file)
    return float(value)


def _must(right: bool, key: str, value: Any, file: Path) -> None:
    if not right:
        raise CisternaError(f"the side-car's '{key}' has the wrong type", str(file), str(value)[:80])
