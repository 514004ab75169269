"""The three files of one stream of a Moberg archive: binary samples, index of times, settings in XML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.blocks import MICRO, Block
from cisterna.recordings.infusion import read_xml
from cisterna.recordings.reader import printable

#: A record of the index: first sample, time (us since 1970), interval between samples (us: whole part, and 2^-32).
INDEX = np.dtype(
    [("first", "<u8"), ("time", "<i8"), ("fraction", "<u4"), ("whole", "<u4"), ("kind", "u1"), ("check", "u1"),
     ("width", "<u2")]
)  # fmt: skip
#: Kinds of composite samples, as the index names them.
BYTES_3, BYTES_4 = 0x85, 0x84
#: Largest index or settings file that is believed (bytes): a record for each second of a month.
LARGEST_TABLE = 100 * 1024**2
LARGEST_SETTINGS = 1024**2
#: A record this near (s) to where the one before it ends goes on with it. Time stamps are those of messages: monitors
#: send waves in messages of about a quarter of a second, so a lost one is farther off, the jitter of one is nearer.
JITTER = 0.1


class Name(NamedTuple):
    """What the name of a stream says: ``ABP,na,SampleSeries,Integer,IntelliVue``."""

    modality: str
    location: str
    type: str
    representation: str
    source: str

    @property
    def own(self) -> str:
        """Modality, and the location where there is one."""
        return self.modality if self.location.lower() in ("na", "", "composite") else f"{self.modality} {self.location}"


@dataclass(frozen=True)
class Settings:
    """Unit, columns of a composite stream, and (raw low, raw high, low, high) of the scale; None where not stated."""

    unit: str = ""
    columns: tuple[str, ...] = ()
    scale: tuple[float, float, float, float] | None = None


@dataclass(frozen=True)
class Part:
    """One column of one binary file, its samples still in it: ``part[a:b]`` reads them as float64."""

    file: Path
    width: int
    real: bool
    columns: int
    column: int
    scale: tuple[float, float, float, float] | None
    size: int

    def __getitem__(self, wanted: slice) -> NDArray[np.float64]:
        frame = self.width * self.columns
        with self.file.open("rb") as stream:
            stream.seek(wanted.start * frame)
            raw = np.frombuffer(stream.read((wanted.stop - wanted.start) * frame), np.uint8)
        rows = raw[: raw.size // frame * frame].reshape(-1, self.columns, self.width)[:, self.column]
        if self.width == 3:
            joined = rows.astype(np.int32) @ np.array([1, 1 << 8, 1 << 16], dtype=np.int32)
            values = ((joined ^ 0x800000) - 0x800000).astype(np.float64)  # the sign of 24 bits
        else:
            values = np.ascontiguousarray(rows).view("<f4" if self.real else "<i4")[:, 0].astype(np.float64)
        if self.scale is None:
            return values
        raw_low, raw_high, low, high = self.scale
        return np.asarray(low + (values - raw_low) * ((high - low) / (raw_high - raw_low)))


class Parts:
    """Parts of the segments of an archive end to end, read like one array."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.parts = parts
        self.edges = np.concatenate([[0], np.cumsum([p.size for p in parts])]).astype(int)

    def __getitem__(self, wanted: slice) -> NDArray[np.float64]:
        found = [np.zeros(0)]
        for part, first in zip(self.parts, self.edges.tolist(), strict=False):
            a, b = max(wanted.start - first, 0), min(wanted.stop - first, part.size)
            if a < b:
                found.append(part[a:b])
        return np.concatenate(found)


def stream_name(file: Path) -> Name | None:
    """The name of a stream from one of its files, None for any other file.

    Examples
    --------
    >>> stream_name(Path("ABP,Mean,Numeric,Float,IntelliVue,data")).own, stream_name(Path("abp.csv"))
    ('ABP Mean', None)
    """
    parts = file.name.split(",")
    if len(parts) < 6 or parts[-1] not in ("data", "index", "settings") or not all(parts[k] for k in (0, 2, 3)):
        return None
    modality, location, kind, representation = (printable(p) for p in parts[:4])
    return Name(modality, location, kind, representation, printable(",".join(parts[4:-1])))


def settings_of(file: Path) -> Settings:
    """Unit, columns and scale; empty where there is no such file.

    Raises
    ------
    CisternaError
        The XML is damaged, or its scale is none.
    """
    if not file.is_file():
        return Settings()
    if file.stat().st_size > LARGEST_SETTINGS:
        raise CisternaError("the settings are too large", where=str(file), mend="they hold a few lines of XML")
    root = read_xml(file.read_bytes())
    columns = []
    for element in root.findall("CompositeElements/*"):
        words = str(element.get("type", "")).split(",")
        columns.append(printable(words[1] if len(words) > 1 else words[0]))
    text = (root.findtext("SampleConversion") or "").strip()
    scale = None
    if text:
        try:
            numbers = [float(word) for word in text.split(",")]
        except ValueError:
            numbers = []
        if len(numbers) != 4 or not np.isfinite(numbers).all() or numbers[0] == numbers[1] or numbers[2] == numbers[3]:
            mend = "four numbers: lowest and highest sample, lowest and highest value"
            raise CisternaError("the scale of the samples cannot be understood", str(file), text[:60], mend)
        scale = (numbers[0], numbers[1], numbers[2], numbers[3])
    return Settings(printable(root.findtext("Units") or ""), tuple(columns), scale)


def index_of(file: Path) -> NDArray[np.void]:
    """The records of an index.

    Raises
    ------
    CisternaError
        There is none, or it is damaged.
    """
    mend = "copy the archive again with all its files"
    if not file.is_file():
        raise CisternaError("the samples have no index", str(file), "no times, no rate", mend)
    size = file.stat().st_size
    if size == 0 or size % INDEX.itemsize or size > LARGEST_TABLE:
        found = f"{size} bytes, records of {INDEX.itemsize}"
        raise CisternaError("the index is not whole", str(file), found, mend)
    return np.fromfile(file, INDEX)


def runs_of(rows: NDArray[np.void], size: int, file: Path, notes: list[str]) -> list[Block]:
    """Runs of samples without a gap, in order of time, from the records of an index and the number of samples.

    Records that go on with the one before make one run: their times are those of messages and tremble. Where the
    stamps have run ahead of or behind the samples over a run, the next run still begins where it is stamped, but
    never before the end of the run before it.

    Raises
    ------
    CisternaError
        Samples or times that do not rise, an interval of 0.
    """
    firsts = rows["first"].astype(np.float64)
    times = rows["time"].astype(np.float64)
    steps = rows["whole"].astype(np.float64) + rows["fraction"] / 2.0**32
    if np.any(np.diff(firsts) <= 0) or np.any(np.diff(times) < 0) or np.any(steps <= 0) or np.any(times < 0):
        mend = "copy the archive again with all its files"
        raise CisternaError("the index of the samples does not rise", where=str(file), mend=mend)
    held = firsts < size
    if not held.all():
        notes.append(f"the index of '{file.name}' names samples that are not in the file: missing")
    firsts, times, steps = firsts[held], times[held], steps[held]
    if not firsts.size:
        return []
    if firsts[0] > 0:
        notes.append(f"the first {int(firsts[0])} samples of '{file.name}' have no time: left out")
    counts = np.diff(np.append(firsts, float(size)))
    ends = times + counts * steps
    off = times[1:] - ends[:-1]
    same = np.abs(steps[1:] / steps[:-1] - 1.0) * counts[1:] < 0.5
    going_on = same & (np.abs(off) <= np.maximum(JITTER * MICRO, 0.5 * steps[1:]))
    begins = np.flatnonzero(np.concatenate([[True], ~going_on]))
    blocks: list[Block] = []
    worst = 0.0
    end = 0.0
    for a, b in zip(begins.tolist(), [*begins[1:].tolist(), firsts.size], strict=True):
        length = int(counts[a:b].sum())
        start = float(times[a])
        if blocks and start < end <= start + max(JITTER * MICRO, abs(worst)) + float(steps[a]):
            start = end
        end = start + length * float(steps[a])
        drift = float(ends[b - 1]) - end
        worst = drift if abs(drift) > abs(worst) else worst
        blocks.append(Block(int(firsts[a]), round(start), length, MICRO / float(steps[a])))
    if abs(worst) > max(JITTER * MICRO, 0.5 * float(steps.max())):
        notes.append(
            f"the clock of '{file.name}' runs up to {worst / MICRO:+.2g} s apart from its samples within a run"
        )
    return blocks
