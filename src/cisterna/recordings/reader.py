"""The drop-in interface of file formats: a class with a name, suffixes, `sniff` and `read`."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from cisterna.ground.errors import CisternaError
from cisterna.recordings.recording import Recording

#: A unit is a short text; anything longer is damage.
LONGEST_UNIT = 40
#: Texts that files write where a unit is unknown or the scale is arbitrary.
NO_UNIT = frozenset({"", "nu", "adu", "au", "a.u.", "none", "n/a", "na", "?", "unknown", "unit", "units", "counts"})
#: Spellings of units that files use, in lower case, and ours.
KNOWN_UNITS = {
    **{"mmhg": "mmHg", "cmh2o": "cmH2O", "degc": "degC", "deg c": "degC"},
    **{"bpm": "1/min", "beats/min": "1/min", "seconds": "s", "sec": "s"},
}


@dataclass(frozen=True)
class Ask:
    """What the user says about a file because the file does not.

    Attributes
    ----------
    units : mapping
        Unit by channel name; the key "" holds for the only channel of the file.
    rate : float or None
        Samples a second (Hz).
    columns : sequence of str
        Names of channels in a file that carries none.
    """

    units: Mapping[str, str] = field(default_factory=dict)
    rate: float | None = None
    columns: Sequence[str] = ()

    def unit_of(self, own: str) -> str | None:
        """The unit given for a channel by its own name, None when none was given."""
        return self.units.get(own, self.units.get(""))


@dataclass(frozen=True)
class Channel:
    """One signal as a file holds it: own name, own unit text, samples, and a rate (Hz) or times (s).

    `scale` says in words how the file's numbers became these (kept as the attribute ``own_scale``).
    """

    own: str
    values: ArrayLike
    unit: str = ""
    rate: float | None = None
    time: ArrayLike | None = None
    start: float = 0.0
    quality: str = ""
    scale: str = ""


class Format(ABC):
    """A file format. One file in `recordings/formats` defines one; it is found by scanning.

    Attributes
    ----------
    name : str
        Short name, e.g. ``wfdb``.
    suffixes : tuple of str
        Endings of its files, lower case, with the dot.
    """

    name: ClassVar[str]
    suffixes: ClassVar[tuple[str, ...]]

    @abstractmethod
    def sniff(self, path: Path, head: bytes) -> bool:
        """Whether the file is of this format, judged by its first bytes."""

    def entry(self, folder: Path) -> Path | None:
        """The file by which a folder of this format is read; None when the folder is none of it."""
        return None

    @abstractmethod
    def read(self, path: Path, ask: Ask) -> Recording:
        """The whole file under its own names; `load` renames, selects and applies units afterwards."""

    def stream(self, path: Path, ask: Ask, seconds: float) -> Iterator[Recording]:
        """The file in pieces of that length, in order and on one clock; here by cutting the whole.

        A format whose files may be larger than memory reads piece by piece instead.
        """
        whole = self.read(path, ask)
        times = [whole.time(name) for name in whole.signals]
        first, k = whole.span[0], 0
        while True:
            ahead = [float(at[i]) for at in times if (i := int(at.searchsorted(first + k * seconds))) < at.size]
            if not ahead:
                return
            # Nothing is recorded in some windows of irregular times: go on where the next sample is.
            k = max(k, int((min(ahead) - first) // seconds))
            k += min(ahead) >= first + (k + 1) * seconds
            yield whole.slice(first + k * seconds, first + (k + 1) * seconds)
            k += 1

    def write(self, rec: Recording, path: Path) -> None:
        """Write a recording as a file of this format; a format that is only read refuses.

        Raises
        ------
        CisternaError
            The format is not written, or cannot hold what the recording has.
        """
        raise CisternaError(f"{self.name} files are read, not written", where=str(path), mend="save as .nc")


def assemble(
    channels: Sequence[Channel], path: Path, *, start: str = "", notes: Sequence[str] = (), **provenance: Any
) -> Recording:
    """A measured Recording from the channels of a file.

    Infinite samples become NaN and are counted in `quality`. Own names that cannot name a signal are made
    plain; equal ones are numbered; `own_name` keeps the file's text.
    """
    if not channels:
        raise CisternaError("the file holds no signal", where=str(path))
    rec = Recording().with_title(path.name, start)
    taken: set[str] = set()
    for channel in channels:
        values = np.array(channel.values, dtype=np.float64)
        quality = [channel.quality] if channel.quality else []
        endless = int(np.isinf(values).sum())
        if endless:
            values[np.isinf(values)] = np.nan
            quality.append(f"{endless} infinite samples set to missing")
        unit = tidy_unit(channel.unit)
        if not unit:
            quality.insert(0, "uncalibrated")
        axis: dict[str, Any] = {"rate": channel.rate, "start": channel.start}
        if channel.time is not None:
            axis = {"time": channel.time}
        if channel.scale:
            axis["own_scale"] = channel.scale
        own = printable(channel.own) or "signal"
        rec = rec.with_signal(
            _free(plain_name(own), taken),
            values,
            unit=unit,
            origin="measured",
            own_name=own,
            quality="; ".join(dict.fromkeys(quality)),
            own_unit=printable(channel.unit),
            **axis,
        )
    warnings = {"warnings": list(notes)} if notes else {}
    return rec.with_provenance(file=path.name, **warnings, **provenance)


def tidy_unit(text: str) -> str:
    """A file's unit text as we write it; "" when it says that there is none.

    Examples
    --------
    >>> tidy_unit("mmHg"), tidy_unit("bpm"), tidy_unit("NU")
    ('mmHg', '1/min', '')
    """
    text = printable(text)
    return "" if text.lower() in NO_UNIT or len(text) > LONGEST_UNIT else KNOWN_UNITS.get(text.lower(), text)


def plain_name(own: str) -> str:
    """A signal name from any text: letters, digits and '_'.

    Examples
    --------
    >>> plain_name("SpO2 (finger)"), plain_name("2nd / lead")
    ('SpO2_finger', 'signal_2nd_lead')
    """
    plain = re.sub(r"[^A-Za-z0-9]+", "_", own).strip("_")[:60] or "signal"
    bad = not plain[0].isalpha() or plain.lower().startswith(("time", "event"))
    return f"signal_{plain}" if bad else plain


def printable(text: str) -> str:
    """A file's text without control characters, of bounded length: it goes into reports and other files."""
    return "".join(c if c.isprintable() else "?" for c in text.strip())[:200]


def _free(name: str, taken: set[str]) -> str:
    new, k = name, 1
    while new in taken:
        k += 1
        new = f"{name}_{k}"
    taken.add(new)
    return new
