"""Tables of numbers (CSV, TSV, text): a time column or a rate, units in a side-car, in the head or in the call."""

from __future__ import annotations

import csv
import gzip
import io
import re
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.reader import Ask, Channel, Format, assemble, tidy_unit
from cisterna.recordings.recording import Recording
from cisterna.recordings.sidecar import Sidecar, sidecar
from cisterna.recordings.timebase import is_time_name, place, seconds, unit_in_name

#: Largest text of a table, unpacked (bytes); larger recordings belong into a binary format.
LARGEST_TEXT = 256 * 1024**2
_MOST_COLUMNS = 1000
_MISSING = ("", "nan", "n/a", "na", "null", "none", "-")
_UNIT = re.compile(r"^(?P<name>.*?)\s*[\[(](?P<unit>[^\])]*)[\])]\s*$")


class Table(Format):
    """Comma, semicolon, tab or blank separated columns, with or without a head line and ``#`` comments.

    A unit stands in the head (``ABP [mmHg]``), in the side-car or in the call, and is never guessed; a column
    without one is uncalibrated. Empty cells and ``n/a`` are missing samples.
    """

    name: ClassVar[str] = "table"
    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv", ".txt", ".dat", ".csv.gz", ".tsv.gz")

    def sniff(self, path: Path, head: bytes) -> bool:
        """Text without NUL bytes, under one of the endings."""
        packed = head.startswith(b"\x1f\x8b") and path.name.lower().endswith(".gz")
        return path.name.lower().endswith(self.suffixes) and (packed or b"\x00" not in head)

    def read(self, path: Path, ask: Ask) -> Recording:
        """Every column of numbers but the time column."""
        text = _text(path)
        car = sidecar(path)
        said = car.over(ask)
        layout = _layout(text, path, said.columns)
        rate = said.rate if said.rate is not None else layout.rate
        numbers, notes = _numbers(text, layout, path)
        clock = car.time or next((n for n in layout.names if is_time_name(n)), "")
        stated = ""
        if clock:
            if clock not in layout.names:
                raise CisternaError(f"no time column '{clock}'", where=str(path), found=", ".join(layout.names[:12]))
            stated = said.units.get(clock) or layout.units[layout.names.index(clock)]
            if not stated and rate is not None and not unit_in_name(clock):
                notes.append(f"time column '{clock}' states no unit: the rate is used")
                stated = "ignored"
        channels, offset = [], car.start
        at = None
        if clock and stated != "ignored":
            times = numbers.pop(clock, None)
            if times is None:
                raise CisternaError(f"the time column '{clock}' holds text", str(path), mend="write times as numbers")
            at = seconds(times, tidy_unit(stated), clock, path)
            offset = float(at[0]) if at.size else 0.0
        elif rate is None:
            mend = "give rate=<Hz>, a time column 't', or a side-car with a rate"
            raise CisternaError("the table has neither times nor a rate", where=str(path), mend=mend)
        numbers.pop(clock, None)
        for name, values in numbers.items():
            unit = car.units.get(name) or layout.units[layout.names.index(name)] or _only(car, len(numbers))
            if at is None:
                channels.append(Channel(name, values, unit, rate=rate))
            else:
                grid = place(at - offset, values)
                channels.append(Channel(name, grid.values, unit, rate=grid.rate, time=grid.time, quality=grid.note))
        extra: dict[str, Any] = {"clock_offset_s": offset} if offset else {}
        return assemble(channels, path, notes=notes, time_columns=[clock] if clock else [], **extra)


class _Layout(NamedTuple):
    names: list[str]
    units: list[str]
    delimiter: str
    skip: int
    rate: float | None


def _text(path: Path) -> str:
    """The whole text, unpacked within bounds."""
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rb") as stream:
        data = stream.read(LARGEST_TEXT + 1)
    if len(data) > LARGEST_TEXT:
        mend = "store it as NetCDF, HDF5 or .npy, or cut it"
        raise CisternaError(f"the table is larger than {LARGEST_TEXT // 1024**2} MiB", str(path), mend=mend)
    if b"\x00" in data:
        raise CisternaError("the table holds bytes that are no text", where=str(path), mend="save it as plain CSV")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _layout(text: str, path: Path, columns: tuple[str, ...] | list[str] | object) -> _Layout:
    """Separator, head line, names and units; the comments of BioSPPy's simple text format are understood."""
    given = [str(c) for c in columns] if isinstance(columns, (tuple, list)) else []
    rate, labels, skip, first = None, [], 0, ""
    for line in io.StringIO(text):
        if not line.startswith("#") and line.strip():
            first = line.strip("\r\n")
            break
        skip += 1
        key, sign, value = line.lstrip("# ").partition(":=")
        if sign and key.strip().lower() == "sampling rate (hz)":
            rate = _float(value)
        elif sign and key.strip().lower() == "labels":
            labels = value.split()
    if not first:
        raise CisternaError("the table holds no rows", where=str(path))
    delimiter = next((d for d in ("\t", ";", ",") if d in first), " ")
    cells = first.split() if delimiter == " " else next(csv.reader([first], delimiter=delimiter))
    cells = [cell.strip() for cell in cells]
    head = any(_float(cell) is None and cell.lower() not in _MISSING for cell in cells)
    if len(cells) > _MOST_COLUMNS:
        raise CisternaError("too many columns", where=str(path), found=str(len(cells)), mend="one column a signal")
    names = given or (cells if head else labels) or [f"column {k + 1}" for k in range(len(cells))]
    if len(names) != len(cells):
        found = f"{len(cells)} columns, {len(names)} names"
        raise CisternaError("the names do not fit the columns", str(path), found, "give one name a column")
    parts = [_UNIT.match(name) for name in names]
    names = [part["name"] or name if part else name for part, name in zip(parts, names, strict=True)]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise CisternaError(f"two columns are called '{twice}'", str(path), mend="name them by columns=[...]")
    units = [part["unit"] if part else "" for part in parts]
    if rate is not None and not (np.isfinite(rate) and rate > 0):
        raise CisternaError("impossible sampling rate in the head", where=str(path), found=f"{rate:g} Hz")
    return _Layout(names, units, delimiter, skip + int(head), rate)


def _numbers(text: str, layout: _Layout, path: Path) -> tuple[dict[str, NDArray[np.float64]], list[str]]:
    """The columns of numbers by name; columns of text are left out and named in the notes."""
    import pandas as pd

    lines = text.splitlines()[layout.skip :]
    while lines and not lines[-1].strip():
        lines.pop()
    columns = len(layout.names)
    if layout.delimiter != " ":
        for row, line in enumerate(lines):
            if line.count(layout.delimiter) != columns - 1 and (line.strip() or columns > 1):
                found = f"{line.count(layout.delimiter) + 1} cells instead of {columns}"
                where = f"{path}, line {row + layout.skip + 1}"
                raise CisternaError("a row of the table is not whole", where, found, "mend or remove the row")
    if not lines:
        raise CisternaError("the table holds no rows", where=str(path))
    body = "\n".join(lines)
    options: dict[str, Any] = {
        "sep": r"\s+" if layout.delimiter == " " else layout.delimiter,
        "header": None,
        "names": list(range(columns)),
        "quoting": csv.QUOTE_NONE,
        "skip_blank_lines": False,
        "index_col": False,
        "keep_default_na": False,
    }
    try:
        missing = [spelt for word in _MISSING for spelt in (word, word.upper(), word.capitalize(), "NaN")]
        fast = pd.read_csv(
            io.StringIO(body), dtype=np.float64, na_values=missing, float_precision="round_trip", **options
        )
        return {name: fast[k].to_numpy() for k, name in enumerate(layout.names)}, []
    except ValueError:
        pass  # some cell is text: look at each
    frame = pd.read_csv(io.StringIO(body), dtype=str, na_filter=False, **options)
    out: dict[str, NDArray[np.float64]] = {}
    notes = []
    for k, name in enumerate(layout.names):
        cells = frame[k].fillna("").str.strip()
        values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64)
        bad = np.isnan(values) & ~cells.str.lower().isin(_MISSING).to_numpy(dtype=bool)
        if bad.all() or bad.sum() > 0.5 * bad.size:
            notes.append(f"column '{name}' holds text: left out")
        elif bad.any():
            row = int(np.argmax(bad))
            where = f"{path}, line {row + layout.skip + 1}, column {name}"
            raise CisternaError("a cell is not a number", where, f"'{cells[row][:40]}'", "write a number or n/a")
        else:
            out[name] = values
    if not out:
        raise CisternaError("the table holds no column of numbers", where=str(path))
    return out, notes


def _only(car: Sidecar, count: int) -> str:
    return car.units.get("", "") if count == 1 else ""


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
