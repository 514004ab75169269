"""A table in windows: its text in blocks, its samples in their place, with the memory of one window."""

from __future__ import annotations

import gzip
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.formats._table_text import Layout, decoded, layout_of, numbers_of
from cisterna.recordings.reader import Ask
from cisterna.recordings.sidecar import Sidecar
from cisterna.recordings.timebase import JITTER, MOST_MISSING, seconds

#: Bytes of text read at once, and most a single line may have.
BLOCK = 4 * 1024**2
_LONGEST_LINE = 16 * 1024**2
#: A step between two times is a whole number of samples when it is off by less than this share of one.
_UNSURE = 0.3


@dataclass(frozen=True)
class Window:
    """Columns from `begin` [s from the first sample], with a rate or with times."""

    columns: dict[str, NDArray[np.float64]]
    begin: float
    span: tuple[float, float]
    rate: float | None
    time: NDArray[np.float64] | None
    note: str
    layout: Layout
    clock: str
    offset: float
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Clock:
    """What a look at all times tells: first time [s], samples of the grid, rate (None = irregular), rows."""

    first: float
    size: int
    rate: float | None


def windows_of(
    path: Path,
    car: Sidecar,
    said: Ask,
    length: float,
    clock_of: Callable[..., tuple[str, str, float | None]],
    delimiter: str = "",
) -> Iterator[Window]:
    """The windows of a table, in order; a delimiter that is known need not be found."""
    before, text = next(blocks(path))
    layout = layout_of(text, path, said.columns)
    layout = layout._replace(delimiter=delimiter) if delimiter else layout
    numbers, notes = numbers_of(text, layout, path)
    clock, unit, rate = clock_of(layout, car, said, path, notes)
    names = [name for name in numbers if name != clock]
    if not names:
        raise CisternaError("the table holds no column of numbers", where=str(path))
    del before, text, numbers
    if unit:
        looked = _look(path, layout, clock, unit, car.rate)
        rows = _timed(path, layout, names, clock, unit, looked)
        offset, rate, size = looked.first, looked.rate, looked.size
    else:
        rows, offset, size = _counted(path, layout, names), car.start, None
    common: dict[str, Any] = {"layout": layout, "clock": clock, "offset": offset, "notes": notes}
    if rate is None:
        yield from _irregular(rows, names, length, common)
    else:
        yield from _uniform(rows, names, length, rate, size, common)


def blocks(path: Path) -> Iterator[tuple[int, str]]:
    """The text in blocks of whole lines, each with the number of lines before it; blank lines end no block."""
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    carry, line = b"", 0
    with opener(path, "rb") as stream:
        while True:
            chunk = stream.read(BLOCK)
            data = carry + chunk
            if not chunk:
                break
            last = len(data[: data.rfind(b"\n") + 1].rstrip())
            end = data.find(b"\n", last) + 1 if last else 0
            carry = data[end:]
            if len(carry) > _LONGEST_LINE:
                raise CisternaError("a line of the table is too long to be one", f"{path}, line {line + 1}")
            if end:
                text = decoded(data[:end], path)
                yield line, text
                line += len(text.splitlines())
    if data.strip() or line == 0:
        yield line, decoded(data, path)


def _columns(path: Path, layout: Layout, only: list[str]) -> Iterator[tuple[int, dict[str, NDArray[np.float64]]]]:
    """Columns of numbers block by block, each with its first line."""
    rest = layout._replace(skip=0)
    for before, text in blocks(path):
        here = rest if before else layout
        if len(text.splitlines()) > here.skip:
            yield before, numbers_of(text, here, path, only, before)[0]


def _times(path: Path, layout: Layout, clock: str, unit: str, more: list[str]) -> Iterator[tuple[Any, ...]]:
    """Times [s] and further columns block by block; the times rise from block to block too."""
    last = -math.inf
    for before, found in _columns(path, layout, [clock, *more]):
        at = seconds(found[clock], unit, clock, path)
        if at.size and at[0] <= last:
            shown = f"{at[0]:g} s after {last:g} s"
            raise CisternaError(
                f"the times in '{clock}' do not rise", f"{path}, line {before + 1}", shown, "sort the rows"
            )
        last = float(at[-1]) if at.size else last
        yield before, at, found


def _look(path: Path, layout: Layout, clock: str, unit: str, stated: float | None) -> _Clock:
    """First time, rate and number of samples, by one pass over the times alone; as `timebase.place` finds them."""
    first = last = step = math.nan
    rows, index, even = 0, 0.0, True
    for _, at, _ in _times(path, layout, clock, unit, []):
        if rows == 0:
            first = last = float(at[0])
            steps = np.sort(np.diff(at))
            step = float(steps[(steps.size - 1) // 2]) if steps.size else math.nan
        steps = np.diff(at, prepend=last) / step if even else np.zeros(0)
        counts = np.round(steps)
        fresh = counts[1:] if rows == 0 else counts
        # The first time of the file is the origin, not a step.
        off = np.abs(steps - counts)
        even = even and bool(np.isfinite(steps).all() and (fresh >= 1).all() and (off <= _UNSURE).all())
        index, rows, last = index + float(counts.sum()), rows + at.size, float(at[-1])
    if rows < 2 or not even or index + 1 > MOST_MISSING * rows:
        return _Clock(first, rows, None)
    rate = index / (last - first)
    rate = float(round(rate)) if round(rate) and abs(rate / round(rate) - 1) < 1e-6 else rate
    if stated and abs(rate / stated - 1) < 1e-6:
        rate = stated
    return _Clock(first, int(index) + 1, rate)


def _timed(
    path: Path, layout: Layout, names: list[str], clock: str, unit: str, looked: _Clock
) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Place of each row (sample number, or time from the first when irregular) and its columns."""
    for before, at, found in _times(path, layout, clock, unit, names):
        rel = at - looked.first
        if looked.rate is not None:
            index = np.round(rel * looked.rate)
            off = np.abs(rel * looked.rate - index)
            if off.max() > _UNSURE + JITTER or (np.diff(index) < 1).any():
                row = int(np.argmax(off))
                where, mend = f"{path}, line {before + row + 1}", "load() it, or resample it to a uniform clock"
                raise CisternaError("the clock of the table drifts", where, f"{off[row]:.2f} of a sample off", mend)
            rel = index
        yield rel, np.column_stack([found[name] for name in names])


def _counted(path: Path, layout: Layout, names: list[str]) -> Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """Number of each row and its columns, where the rate alone gives the times."""
    row = 0
    for _, found in _columns(path, layout, names):
        values = np.column_stack([found[name] for name in names])
        yield row + np.arange(len(values), dtype=np.float64), values
        row += len(values)


def _cut(
    rows: Iterator[tuple[NDArray[np.float64], NDArray[np.float64]]], edge: Callable[[float], tuple[float, float]]
) -> Iterator[tuple[float, float, NDArray[np.float64], NDArray[np.float64]]]:
    """Rows gathered into the windows that `edge` gives for a place; windows without rows are left out."""
    place, values = next(rows, (np.zeros(0), np.zeros((0, 0))))
    while place.size:
        begin, end = edge(float(place[0]))
        parts: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
        while place.size:
            k = int(np.searchsorted(place, end))
            parts.append((place[:k], values[:k]))
            place, values = place[k:], values[k:]
            if place.size:
                break
            place, values = next(rows, (np.zeros(0), np.zeros((0, 0))))
        yield begin, end, np.concatenate([p for p, _ in parts]), np.concatenate([v for _, v in parts])


def _irregular(rows: Iterator[Any], names: list[str], length: float, common: dict[str, Any]) -> Iterator[Window]:
    def edge(at: float) -> tuple[float, float]:
        k = math.floor(at / length)
        return k * length, (k + 1) * length

    for begin, end, time, values in _cut(rows, edge):
        columns = {name: values[:, k] for k, name in enumerate(names)}
        yield Window(columns, begin, (begin, end), None, time, "", **common)


def _uniform(
    rows: Iterator[Any], names: list[str], length: float, rate: float, size: int | None, common: dict[str, Any]
) -> Iterator[Window]:
    """Windows of a uniform clock; NaN where the table leaves rows out, whole windows too."""

    def bound(k: int) -> int:
        return math.ceil(k * length * rate - 1e-6)

    def edge(at: float) -> tuple[float, float]:
        k = math.floor((at + 1e-6) / (length * rate))
        k += at >= bound(k + 1)
        return bound(k), bound(k + 1)

    def window(first: int, place: NDArray[np.float64], values: NDArray[np.float64], end: int) -> Window:
        grid = np.full((end - first, len(names)), np.nan)
        grid[place.astype(np.int64) - first] = values
        missing = end - first - place.size
        note = f"{missing} samples missing in the file" if missing else ""
        columns = {name: grid[:, k] for k, name in enumerate(names)}
        return Window(columns, first / rate, (first / rate, end / rate), rate, None, note, **common)

    done = 0
    for begin, end, place, values in _cut(rows, edge):
        while done < begin:
            upto = int(edge(float(done))[1])
            yield window(done, np.zeros(0), np.zeros((0, len(names))), upto)
            done = upto
        last = int(place[-1]) + 1
        whole = last == size or (size is None and last < end)
        done = last if whole else int(end)
        yield window(int(begin), place, values, done)
