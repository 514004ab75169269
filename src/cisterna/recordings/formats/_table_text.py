"""The text of a table: its separator, head line, names and units, and its numbers."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError

MISSING = ("", "nan", "n/a", "na", "null", "none", "-")
_MOST_COLUMNS = 1000
_EMPTY = "give a table with a line of numbers for each sample; lines with # are comments"
_UNIT = re.compile(r"^(?P<name>.*?)\s*[\[(](?P<unit>[^\])]*)[\])]\s*$")


class Layout(NamedTuple):
    names: list[str]
    units: list[str]
    delimiter: str
    skip: int
    rate: float | None


def decoded(data: bytes, path: Path) -> str:
    """Bytes as text: UTF-8, else Latin-1."""
    if b"\x00" in data:
        raise CisternaError("the table holds bytes that are no text", where=str(path), mend="save it as plain CSV")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def layout_of(text: str, path: Path, columns: Sequence[str]) -> Layout:
    """Separator, head line, names and units; the comments of BioSPPy's simple text format are understood."""
    given = [str(c) for c in columns]
    rate, labels, skip, first = None, [], 0, ""
    for line in io.StringIO(text):
        if not line.startswith("#") and line.strip():
            first = line.strip("\r\n")
            break
        skip += 1
        key, sign, value = line.lstrip("# ").partition(":=")
        if sign and key.strip().lower() == "sampling rate (hz)":
            rate = as_float(value)
        elif sign and key.strip().lower() == "labels":
            labels = value.split()
    if not first:
        raise CisternaError("the table holds no rows", where=str(path), mend=_EMPTY)
    delimiter = next((d for d in ("\t", ";", ",") if d in first), " ")
    cells = first.split() if delimiter == " " else next(csv.reader([first], delimiter=delimiter))
    cells = [cell.strip() for cell in cells]
    head = any(as_float(cell) is None and cell.lower() not in MISSING for cell in cells)
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
    return Layout(names, units, delimiter, skip + int(head), rate)


def numbers_of(
    text: str, layout: Layout, path: Path, only: Sequence[str] = (), before: int = 0
) -> tuple[dict[str, NDArray[np.float64]], list[str]]:
    """The columns of numbers by name; columns of text are left out and named in the notes.

    With `only` these columns alone, and each must hold numbers. `before` counts the lines before this text.
    """
    import pandas as pd

    lines = text.splitlines()[layout.skip :]
    first = before + layout.skip + 1
    wanted = {k: name for k, name in enumerate(layout.names) if not only or name in only}
    while lines and not lines[-1].strip():
        lines.pop()
    columns = len(layout.names)
    if layout.delimiter != " ":
        for row, line in enumerate(lines):
            if line.count(layout.delimiter) != columns - 1 and (line.strip() or columns > 1):
                found = f"{line.count(layout.delimiter) + 1} cells instead of {columns}"
                where = f"{path}, line {row + first}"
                raise CisternaError("a row of the table is not whole", where, found, "mend or remove the row")
    if not lines:
        raise CisternaError("the table holds no rows", where=str(path), mend=_EMPTY)
    body = "\n".join(lines)
    options: dict[str, Any] = {
        "sep": r"\s+" if layout.delimiter == " " else layout.delimiter,
        "header": None,
        "names": list(range(columns)),
        "quoting": csv.QUOTE_NONE,
        "skip_blank_lines": False,
        "index_col": False,
        "usecols": list(wanted),
        "keep_default_na": False,
    }
    try:
        missing = [spelt for word in MISSING for spelt in (word, word.upper(), word.capitalize(), "NaN")]
        fast = pd.read_csv(
            io.StringIO(body), dtype=np.float64, na_values=missing, float_precision="round_trip", **options
        )
        return {name: fast[k].to_numpy() for k, name in wanted.items()}, []
    except ValueError:
        pass  # some cell is text: look at each
    frame = pd.read_csv(io.StringIO(body), dtype=str, na_filter=False, **options)
    out: dict[str, NDArray[np.float64]] = {}
    notes = []
    for k, name in wanted.items():
        cells = frame[k].fillna("").str.strip()
        values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64)
        bad = np.isnan(values) & ~cells.str.lower().isin(MISSING).to_numpy(dtype=bool)
        if not only and (bad.all() or bad.sum() > 0.5 * bad.size):
            notes.append(f"column '{name}' holds text: left out")
        elif bad.any():
            row = int(np.argmax(bad))
            where = f"{path}, line {row + first}, column {name}"
            raise CisternaError("a cell is not a number", where, f"'{cells[row][:40]}'", "write a number or n/a")
        else:
            out[name] = values
    if not out:
        raise CisternaError("the table holds no column of numbers", where=str(path), mend=_EMPTY)
    return out, notes


def as_float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
