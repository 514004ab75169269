"""Tables of numbers (CSV, TSV, text): a time column or a rate, units in a side-car, in the head or in the call."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from numpy.typing import ArrayLike

from cisterna.ground.errors import CisternaError
from cisterna.recordings.flat import moved_clock, single_channels
from cisterna.recordings.formats._table_stream import Window, windows_of
from cisterna.recordings.formats._table_text import Layout, decoded, layout_of, numbers_of
from cisterna.recordings.reader import Ask, Channel, Format, assemble, printable, tidy_unit
from cisterna.recordings.recording import Recording
from cisterna.recordings.sidecar import Sidecar, beside, sidecar, write_sidecar
from cisterna.recordings.timebase import is_time_name, place, seconds, time_unit, unit_in_name

#: Largest text of a table that is read as a whole, unpacked (bytes); a stream may be of any size.
LARGEST_TEXT = 256 * 1024**2
#: Two rates this close (relative) are one: the side-car's is then taken for the one of rounded times.
_SAME_RATE = 1e-6


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
        text = table_text(path)
        car = sidecar(path)
        said = car.over(ask)
        layout = layout_of(text, path, said.columns)
        numbers, notes = numbers_of(text, layout, path)
        clock, unit, rate = clock_of(layout, car, said, path, notes)
        channels, offset = [], car.start
        at = None
        if clock and unit:
            times = numbers.pop(clock, None)
            if times is None:
                raise CisternaError(f"the time column '{clock}' holds text", str(path), mend="write times as numbers")
            at = seconds(times, unit, clock, path)
            offset = float(at[0]) if at.size else 0.0
        numbers.pop(clock, None)
        for name, values in numbers.items():
            own_unit = unit_of(name, layout, car, len(numbers))
            if at is None:
                channels.append(Channel(name, values, own_unit, rate=rate))
            else:
                grid = place(at - offset, values)
                exact = nearest_rate(grid.rate, car.rate)
                channels.append(Channel(name, grid.values, own_unit, rate=exact, time=grid.time, quality=grid.note))
        return told(assemble(channels, path, notes=notes, time_columns=[clock] if clock else []), car, offset)

    def stream(self, path: Path, ask: Ask, seconds: float) -> Iterator[Recording]:
        """Windows of the table: one look at the times, then the columns, block by block."""
        car = sidecar(path)
        said = car.over(ask)
        for window in windows_of(path, car, said, seconds, clock_of):
            yield self._piece(window, path, car)

    def _piece(self, window: Window, path: Path, car: Sidecar) -> Recording:
        channels = []
        for name, values in window.columns.items():
            unit = unit_of(name, window.layout, car, len(window.columns))
            if window.rate is None:
                channels.append(Channel(name, values, unit, time=window.time))
            else:
                rate = window.rate
                channels.append(Channel(name, values, unit, rate, start=window.begin, quality=window.note))
        clock = [window.clock] if window.clock else []
        rec = told(assemble(channels, path, notes=window.notes, time_columns=clock), car, window.offset)
        first, end = window.span
        return rec.with_events(e for e in rec.events if e.time < end and e.time + e.duration >= first)

    def write(self, rec: Recording, path: Path) -> None:
        """Times and signals of one clock, units in the head; the side-car holds what the table cannot.

        Numbers are written with as many digits as they need, so nothing is rounded.
        """
        dims = {rec.time_dim(name) for name in rec.signals}
        if len(dims) > 1:
            found = "; ".join(", ".join(n for n in rec.signals if rec.time_dim(n) == dim) for dim in sorted(dims))
            mend = "write each clock by itself (rec.only(...)), or all of it as .nc, .edf or .hea"
            raise CisternaError("a table has one clock, the recording has several", str(path), found, mend)
        dim = dims.pop()
        at = rec.time(rec.signals[0])
        columns: dict[str, Any] = {"time [s]": at}
        levels, units = {}, {}
        for label, name, values in single_channels(rec, path, "table"):
            plain = name if set(label) & set(',;\t"#') or label == "time" else label
            unit = rec.unit(name)
            head = f"{plain} [{unit}]" if unit or plain[-1] in ")]" else plain
            columns[head] = values
            units[plain] = unit
            level = str(rec[name].attrs["level_ref"])
            if level != "none":
                levels[plain] = level
        inner = path.name.lower().removesuffix(".gz")
        write_columns(columns, path, "," if inner.endswith(".csv") else "\t")
        events = [[e.time, e.duration, e.label] for e in rec.events]
        rate = float(rec.dataset[dim].attrs.get("rate", 0.0)) or None
        said = {"rate": rate, "time": "time", "units": units, "levels": levels, "clock": rec.start, "events": events}
        write_sidecar(path, said)


def table_text(path: Path) -> str:
    """The whole text, unpacked within bounds."""
    opener = gzip.open if path.name.lower().endswith(".gz") else open
    with opener(path, "rb") as stream:
        data = stream.read(LARGEST_TEXT + 1)
    if len(data) > LARGEST_TEXT:
        mend = "read it in pieces: stream(path, seconds=600), or store it as NetCDF"
        raise CisternaError(f"the table is larger than {LARGEST_TEXT // 1024**2} MiB", str(path), mend=mend)
    return decoded(data, path)


def write_columns(columns: Mapping[str, ArrayLike], path: Path, separator: str, head: bool = True) -> None:
    """Columns as text, packed when the name says so; missing samples are ``n/a``."""
    import pandas as pd

    packed = path.name.lower().endswith(".gz")
    with path.open("xb") as raw:
        # No name and no time in the packed file: two runs write the same bytes.
        out = gzip.GzipFile("", "wb", 6, raw, 0) if packed else raw
        text = io.TextIOWrapper(out, encoding="utf-8", newline="")
        pd.DataFrame(columns).to_csv(text, sep=separator, index=False, header=head, na_rep="n/a")
        text.flush()
        text.detach()
        if packed:
            out.close()


def clock_of(layout: Layout, car: Sidecar, said: Ask, path: Path, notes: list[str]) -> tuple[str, str, float | None]:
    """Name of the time column, its unit ("" when its times are not used), and the rate (Hz) without times."""
    rate = said.rate if said.rate is not None else layout.rate
    clock = car.time or next((n for n in layout.names if is_time_name(n)), "")
    if clock:
        if clock not in layout.names:
            raise CisternaError(f"no time column '{clock}'", where=str(path), found=", ".join(layout.names[:12]))
        stated = said.units.get(clock) or layout.units[layout.names.index(clock)]
        if rate is None or tidy_unit(stated) or unit_in_name(clock):
            return clock, time_unit(tidy_unit(stated), clock, path), None
        notes.append(f"time column '{clock}' states no unit: the rate is used")
        return clock, "", rate
    if rate is None:
        mend = (
            "give rate=<Hz> (command line: --rate HZ), or a time column 't'; where the columns have no names, "
            f'name them in a side-car {beside(path).name}: {{"columns": ["t", ...], "units": {{"t": "s", ...}}}}'
        )
        raise CisternaError("the table has neither times nor a rate", where=str(path), mend=mend)
    return "", "", rate


def unit_of(name: str, layout: Layout, car: Sidecar, count: int) -> str:
    """Unit of a column: by the side-car, by the head, or the one unit of the only column."""
    return car.units.get(name) or layout.units[layout.names.index(name)] or (car.units.get("", "") * (count == 1))


def nearest_rate(found: float | None, stated: float | None) -> float | None:
    """The rate of the times, or the stated one when rounded times are all that parts them."""
    return stated if found and stated and abs(found / stated - 1.0) < _SAME_RATE else found


def told(rec: Recording, car: Sidecar, offset: float) -> Recording:
    """The recording with what the side-car says of clock, levels and events; `offset` is the file's first time."""
    data = rec.dataset
    levels: Mapping[str, str] = car.levels
    for name in rec.signals:
        level = levels.get(str(data[name].attrs["own_name"]))
        if level:
            data[name].attrs["level_ref"] = level
    rec = Recording(data)
    if car.clock:
        rec = rec.with_title(rec.title, moved_clock(car.clock, offset))
    if car.events:
        rec = rec.with_events((e.time - offset, e.duration, printable(e.label)) for e in car.events)
    return rec.with_provenance(clock_offset_s=offset) if offset else rec
