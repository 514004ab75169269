"""BIDS physiological recordings: `*_physio.tsv.gz` without a head line, named and clocked by the JSON beside it.

Brain Imaging Data Structure, specification 1.10 (Gorgolewski et al. 2016, doi:10.1038/sdata.2016.44). Per the
published description; no real file was met.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.flat import single_channels
from cisterna.recordings.formats._table_stream import Window, windows_of
from cisterna.recordings.formats._table_text import as_float, layout_of, numbers_of
from cisterna.recordings.formats.table import table_text, told, unit_of, write_columns
from cisterna.recordings.reader import Ask, Channel, Format, assemble, printable
from cisterna.recordings.recording import Recording
from cisterna.recordings.sidecar import Sidecar, sidecar, write_sidecar

#: What BIDS calls our signals.
_BIDS_NAMES = {"ppg": "cardiac", "resp": "respiratory"}
_LABEL = re.compile(r"(_recording-[A-Za-z0-9]+)?(_(?:physio|stim)\.tsv\.gz)$", re.IGNORECASE)
#: Length of the windows in which a trigger is looked at, s.
_LOOK = 600.0
_LARGEST_EVENTS, _MOST_EVENTS = 16 * 1024**2, 1_000_000


class Bids(Format):
    """Columns at one rate; `trigger` becomes marks, the task's `_events.tsv` beside it events.

    ``StartTime`` (s, relative to the first image of the scan) is kept as ``clock_offset_s``; the recording itself
    begins at 0. Column ``cardiac`` is a light plethysmogram unless the call names it otherwise.
    """

    name: ClassVar[str] = "bids"
    suffixes: ClassVar[tuple[str, ...]] = ("_physio.tsv.gz", "_stim.tsv.gz")

    def sniff(self, path: Path, head: bytes) -> bool:
        """A packed table of such a name, with a side-car or without a head line: else it is an ordinary table."""
        if not path.name.lower().endswith(self.suffixes) or not head.startswith(b"\x1f\x8b"):
            return False
        if sidecar(path).there:
            return True
        try:
            with gzip.open(path, "rb") as stream:
                cells = stream.readline(4096).decode("latin-1").split()
        except (OSError, EOFError):
            return True
        return all(as_float(cell) is not None or cell == "n/a" for cell in cells)

    def read(self, path: Path, ask: Ask) -> Recording:
        """Every column of numbers, the trigger as marks."""
        car, said = _stated(path, ask)
        text = table_text(path)
        layout = layout_of(text, path, said.columns)
        notes = ["the first line is a head, which BIDS has not: left out"] if layout.skip else []
        # Tabs only: a blank would part what belongs together.
        numbers, more = numbers_of(text, layout._replace(delimiter="\t"), path)
        marks: list[tuple[float, float, str]] = []
        channels = []
        for name, values in numbers.items():
            if name.lower() == "trigger":
                marks += _marks(values, float(said.rate or 1.0))
            else:
                channels.append(Channel(name, values, unit_of(name, layout, car, len(numbers)), said.rate))
        rec = told(assemble(channels, path, notes=[*notes, *more]), car, car.start)
        return rec.with_events([*rec.events, *marks, *_events(path, car.start)])

    def stream(self, path: Path, ask: Ask, seconds: float) -> Iterator[Recording]:
        """Windows of the columns, block by block; marks of a trigger are found by two looks at it before."""
        car, said = _stated(path, ask)
        rate = float(said.rate or 1.0)

        def clock(*_: Any) -> tuple[str, str, float | None]:
            return "", "", rate

        def windows(length: float) -> Iterator[Window]:
            return windows_of(path, car, said, length, clock, delimiter="\t")

        named = [name for name in said.columns if name.lower() == "trigger"]
        beside = [*(_marks_of(windows, named[0], rate) if named else []), *_events(path, car.start)]
        for window in windows(seconds):
            channels = [
                Channel(
                    name, values, unit_of(name, window.layout, car, len(window.columns)), rate, start=window.begin,
                    quality=window.note,
                )
                for name, values in window.columns.items()
                if name not in named
            ]  # fmt: skip
            rec = told(assemble(channels, path, notes=window.notes), car, car.start)
            first, end = window.span
            yield rec.with_events(e for e in [*rec.events, *beside] if e[0] < end and e[0] + e[1] >= first)

    def write(self, rec: Recording, path: Path) -> None:
        """One file a rate: the first under the name given, the others as ``recording-<label>``; events beside.

        Signals take their BIDS names (``cardiac``, ``respiratory``), missing samples are ``n/a``.
        """
        offset = float(rec.provenance.get("clock_offset_s", 0.0))
        groups: dict[str, dict[str, NDArray[np.float64]]] = {}
        units: dict[str, str] = {}
        for label, name, values in single_channels(rec, path, self.name):
            rec.rate(name)  # refuses irregular times
            plain = _BIDS_NAMES.get(name, name if set(label) & set('\t"') else label)
            groups.setdefault(rec.time_dim(name), {})[plain] = values
            units[plain] = rec.unit(name)
        for k, (dim, columns) in enumerate(groups.items()):
            axis = rec.dataset[dim]
            target = path
            if k:
                label = re.sub("[^A-Za-z0-9]", "", next(iter(columns)))
                target = path.with_name(_LABEL.sub(rf"_recording-{label}\2", path.name))
            if target.exists():
                found, mend = target.name, "rename the signals, or write each rate by itself (rec.only(...))"
                raise CisternaError("two rates would go to one file", str(path), found, mend)
            write_columns(columns, target, "\t", head=False)
            stated: dict[str, Any] = {
                "SamplingFrequency": float(axis.attrs["rate"]),
                "StartTime": offset + float(axis.values[0] if axis.size else 0.0),
                "Columns": list(columns),
            }
            write_sidecar(target, stated | {name: {"Units": units[name]} for name in columns if units[name]})
        if rec.events:
            with _events_file(path).open("x", encoding="utf-8", newline="") as out:
                rows = csv.writer(out, delimiter="\t", lineterminator="\n")
                rows.writerow(["onset", "duration", "trial_type"])
                for event in rec.events:
                    rows.writerow([repr(offset + event.time), repr(event.duration), printable(event.label) or "n/a"])


def _stated(path: Path, ask: Ask) -> tuple[Sidecar, Ask]:
    """The side-car and what is known with it; BIDS requires columns, rate and start."""
    car = sidecar(path)
    said = car.over(ask)
    for what, there in (
        ("Columns", said.columns),
        ("SamplingFrequency", said.rate),
        ("StartTime", car.start_stated or not car.there),
    ):
        if not there:
            mend = f'write "{what}" into the JSON file of the same name'
            raise CisternaError(f"the side-car states no {what}, which BIDS requires", str(path), mend=mend)
    return car, said


def _marks(trigger: NDArray[np.float64], rate: float) -> list[tuple[float, float, str]]:
    """Where the trigger is up: more than half of its highest value."""
    top = float(np.nanmax(trigger, initial=0.0))
    if top <= 0:
        return []
    up = np.concatenate([[False], np.nan_to_num(trigger) > top / 2, [False]])
    begins, ends = np.flatnonzero(~up[:-1] & up[1:]), np.flatnonzero(up[:-1] & ~up[1:])
    return [(b / rate, (e - b) / rate, "trigger") for b, e in zip(begins.tolist(), ends.tolist(), strict=True)]


def _marks_of(windows: Callable[[float], Iterator[Window]], name: str, rate: float) -> list[tuple[float, float, str]]:
    """`_marks` of a column that is read in windows."""
    top = max((float(np.nanmax(w.columns[name], initial=0.0)) for w in windows(_LOOK)), default=0.0)
    if top <= 0:
        return []
    marks: list[tuple[float, float, str]] = []
    begun, place = -1, 0
    for window in windows(_LOOK):
        up = np.nan_to_num(window.columns[name]) > top / 2
        place = round(window.begin * rate)
        for k in np.flatnonzero(np.diff(up, prepend=begun >= 0)).tolist():
            if begun < 0:
                begun = place + k
            else:
                marks.append((begun / rate, (place + k - begun) / rate, "trigger"))
                begun = -1
        place += up.size
    if begun >= 0:
        marks.append((begun / rate, (place - begun) / rate, "trigger"))
    return marks


def _events_file(path: Path) -> Path:
    """The events of the same task: `sub-01_task-rest_events.tsv`."""
    return path.with_name(_LABEL.sub("_events.tsv", path.name))


def _events(path: Path, start: float) -> list[tuple[float, float, str]]:
    """Rows of the events beside the recording, on its clock; [] without such a file."""
    file = _events_file(path)
    if not file.is_file() or file == path:
        return []
    if file.stat().st_size > _LARGEST_EVENTS:
        raise CisternaError("the events file is too large to be one", where=str(file))
    text = file.read_text(encoding="utf-8-sig", errors="replace").replace("\x00", "")
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    events = []
    for k, row in enumerate(rows[:_MOST_EVENTS]):
        onset, lasts = as_float(row.get("onset") or ""), as_float(row.get("duration") or "")
        if onset is None or not abs(onset) < 1e12:
            found = f"'{str(row.get('onset'))[:40]}'"
            raise CisternaError("an event has no onset", f"{file}, line {k + 2}", found, "write seconds as numbers")
        label = printable(row.get("trial_type") or row.get("value") or "")
        lasts = lasts if lasts is not None and 0 <= lasts < 1e12 else 0.0
        events.append((onset - start, lasts, label if label not in ("", "n/a") else "event"))
    return events
