"""One way into every file: `load` finds the format, reads, names, selects and applies the units stated."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.ground.registry import scan
from cisterna.ground.units import to_internal
from cisterna.recordings.guard import readable_file, reading
from cisterna.recordings.hours import with_utc
from cisterna.recordings.names import canonical_names, kind_of, pick
from cisterna.recordings.reader import Ask, Format, tidy_unit
from cisterna.recordings.recording import Recording
from cisterna.recordings.rules import UNCALIBRATED

_HEAD_BYTES = 4096


@lru_cache(maxsize=1)
def formats() -> dict[str, Format]:
    """The formats known, by name."""
    return {name: cls() for name, cls in sorted(scan("cisterna.recordings.formats", Format).items())}


def load(
    path: str | Path,
    channels: Mapping[str, str] | Iterable[str] | str | None = None,
    units: Mapping[str, str] | str | None = None,
    rate: float | None = None,
    columns: Sequence[str] = (),
    utc_offset: float | None = None,
) -> Recording:
    """Read a recording from a file of any known format.

    Parameters
    ----------
    path : path or str
        The file (or the folder of a format that is one); ``FILE:CHANNEL`` picks one channel by its own or canonical
        name.
    channels : mapping, names or name, optional
        Which channels to keep: names, or canonical name to own name, e.g. ``{"abp": "ART"}``. All by default.
    units : mapping or str, optional
        Unit by own or canonical name, e.g. ``{"ABP": "mmHg"}``, for a file that states none or a wrong one.
        ``"mmHg*2"`` also multiplies the file's numbers; ``"none"`` declares a channel uncalibrated. A bare text
        holds for the only channel. Units are never guessed.
    rate : float, optional
        Samples a second, for a file without times or rate.
    columns : names, optional
        Channel names of a file without any.
    utc_offset : float, optional
        Hours that the clock of the file is ahead of UTC, when you know it: files seldom say. `Recording.start` stays
        as the file has it; provenance gains ``start_utc``.

    Returns
    -------
    Recording
        Canonical signal names where the file's name is known; own name and unit are kept beside.

    Raises
    ------
    CisternaError
        No such file, unknown format, damaged, larger than memory (`stream` reads it in pieces), wrong channel,
        no rate, bad unit.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "bed4.csv")
    ...     _ = file.write_text("t [s],ART [mmHg],PLETH\\n0.00,80,1\\n0.01,81,2\\n0.02,83,4\\n")
    ...     rec = load(file)
    >>> rec.signals, rec.rate("abp"), rec.unit("abp"), rec.unit("ppg")
    (['abp', 'ppg'], 100.0, 'mmHg', '')
    """
    source = Source.of(path, channels, units, rate, columns, utc_offset=utc_offset)
    with reading(source.file, source.form.name):
        rec = source.form.read(source.file, source.ask)
    if not rec.signals or all(rec[name].size == 0 for name in rec.signals):
        raise CisternaError("the file holds no samples", where=str(source.file))
    return source.finished(rec).with_provenance(sha256=_sha256(source.file))


class Source(NamedTuple):
    """A file to read: its format, and what the user said about it."""

    file: Path
    form: Format
    ask: Ask
    named: Mapping[str, str]
    listed: Sequence[str]
    utc_offset: float | None = None

    @classmethod
    def of(
        cls,
        path: str | Path,
        channels: Mapping[str, str] | Iterable[str] | str | None,
        units: Mapping[str, str] | str | None,
        rate: float | None,
        columns: Sequence[str],
        whole: bool = True,
        utc_offset: float | None = None,
    ) -> Source:
        """Find the file and its format, and check what was said; `whole` when it shall be held in memory."""
        file, chosen = split_channel(path)
        file = readable_file(_inside(file), whole)
        if rate is not None and not (math.isfinite(rate) and rate > 0):
            raise CisternaError("the rate must be above 0 Hz", found=f"{rate:g} Hz", mend="give samples a second")
        ask = Ask({"": units} if isinstance(units, str) else dict(units or {}), rate, tuple(columns))
        named = dict(channels) if isinstance(channels, Mapping) else {}
        listed = [channels] if isinstance(channels, str) else list(channels or ()) if not named else []
        return cls(file, _format_of(file), ask, named, listed + ([chosen] if chosen else []), utc_offset)

    def finished(self, rec: Recording) -> Recording:
        """What the format read, under canonical names, with the channels and units asked for."""
        rec = _named(rec, self.file, self.named, self.listed, self.form.name)
        rec = _with_units(rec, self.ask.units, self.file)
        if self.utc_offset is not None:
            rec = with_utc(rec, self.utc_offset, str(self.file))
        return rec.with_provenance(format=self.form.name)


def split_channel(path: str | Path) -> tuple[Path, str]:
    """File and channel of ``FILE:CHANNEL``; a WFDB record may be named without its ``.hea``.

    Examples
    --------
    >>> split_channel("night.csv:ABP")[1]
    'ABP'
    """
    text, channel = str(path), ""
    try:
        if not Path(text).exists() and ":" in text[2:]:
            text, _, channel = text.rpartition(":")
        file = Path(text)
        header = file.with_name(f"{file.name}.hea") if file.name else file
        return (header if not file.is_file() and header.is_file() else file), channel
    except (OSError, ValueError) as error:
        raise CisternaError("the path cannot be used", where=repr(text)[:120], found=str(error)) from error


def _inside(file: Path) -> Path:
    """The file by which a folder is read, where a format knows it; else what was given."""
    try:
        entries = (form.entry(file) for form in formats().values()) if file.is_dir() else iter(())
        return next((entry for entry in entries if entry is not None), file)
    except OSError as error:
        raise CisternaError("the folder cannot be opened", where=str(file), found=str(error)) from error


def by_ending(file: Path) -> list[Format]:
    """The formats that claim the ending of a file name, the most telling one first."""
    name = file.name.lower()
    lengths = {f: max((len(s) for s in f.suffixes if name.endswith(s)), default=0) for f in formats().values()}
    return sorted((f for f in lengths if lengths[f]), key=lambda f: -lengths[f])


def _format_of(file: Path) -> Format:
    """The format whose suffix and first bytes fit; else the one whose first bytes fit."""
    with file.open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
    known = formats().values()
    # The longest ending first: `_physio.tsv.gz` says more than `.tsv.gz`.
    named = by_ending(file)
    for form in [f for f in named if f.sniff(file, head)] or [f for f in known if f.sniff(file, head)]:
        return form
    if file.suffix in (".dat", ".mat") and file.with_suffix(".hea").is_file():
        mend = f"give the header: {file.with_suffix('.hea').name}"
        raise CisternaError("this is the signal file of a WFDB record", where=str(file), mend=mend)
    if named:
        mend = "it is damaged or carries the wrong ending"
        raise CisternaError(f"the file is not of the format its name says ({named[0].name})", str(file), mend=mend)
    mend = "known: " + "; ".join(f"{f.name} ({' '.join(f.suffixes)})" for f in known)
    raise CisternaError("unknown file format", where=str(file), mend=mend)


def _named(rec: Recording, file: Path, asked: Mapping[str, str], listed: Sequence[str], form: str) -> Recording:
    """Canonical names, the channels asked for, and the usual reference level of pressures."""
    if rec.provenance.get("own_layout"):
        # Saved here: names, units and levels are already ours.
        rec = rec.with_provenance(own_layout=False)
    else:
        rec = rec.renamed(canonical_names(rec, form))
    if asked or listed:
        found = {name: pick(rec, own, str(file)) for name, own in asked.items()}
        others = [pick(rec, own, str(file)) for own in listed]
        if len(set(found.values())) < len(found):
            raise CisternaError("one channel is asked for under two names", where=str(file), found=str(asked))
        rec = rec.only(*found.values(), *others).renamed({old: new for new, old in found.items() if old != new})
    data = rec.dataset
    for name in rec.signals:
        row = kind_of(name)
        if row and row.level_ref != "none" and data[name].attrs["level_ref"] == "none":
            # Files do not state the level; transducers are set to the customary one.
            data[name].attrs |= {"level_ref": row.level_ref, "level_status": "assumed: customary level"}
    return Recording(data)


def _with_units(rec: Recording, units: Mapping[str, str], file: Path) -> Recording:
    """Apply the units the user states; what the file said is kept in `own_unit` and the provenance."""
    declared = {}
    data = rec.dataset
    for key, text in units.items():
        if key == "":
            if len(rec.signals) > 1:
                mend = f"say which, e.g. units={{'{rec.signals[0]}': '{text}'}}"
                raise CisternaError("one unit for several channels", str(file), ", ".join(rec.signals), mend)
            name = rec.signals[0]
        elif key in rec.provenance.get("time_columns", ()):
            continue
        else:
            name = pick(rec, key, str(file))
        unit, factor = parse_unit(text)
        signal = data[name]
        attrs = {**signal.attrs, "units": unit}
        quality = [q for q in str(attrs["quality"]).split("; ") if q and q != UNCALIBRATED]
        attrs["quality"] = "; ".join(quality if unit else [UNCALIBRATED, *quality])
        values = np.array(signal.values) * factor
        if np.isinf(values).any():
            raise CisternaError(f"'{text}' makes the samples of '{name}' infinite", where=str(file))
        data[name] = (signal.dims, values, attrs)
        before = str(signal.attrs.get("own_unit", "")) or "none"
        declared[str(signal.attrs["own_name"])] = f"{text} (file: {before})"
    rec = Recording(data)
    return rec.with_provenance(units_declared=declared) if declared else rec


def parse_unit(text: str) -> tuple[str, float]:
    """Unit and factor of a declaration such as ``mmHg*2.5``.

    Examples
    --------
    >>> parse_unit("mmHg"), parse_unit("mmHg*2.5"), parse_unit("none")
    (('mmHg', 1.0), ('mmHg', 2.5), ('', 1.0))
    """
    head, star, tail = str(text).rpartition("*")
    try:
        unit, factor = (head, float(tail)) if star else (tail, 1.0)
    except ValueError:
        unit, factor = str(text), 1.0
    if not (math.isfinite(factor) and factor != 0):
        raise CisternaError("the factor of a unit must be a number other than 0", found=str(text))
    unit = tidy_unit(unit)
    if unit:
        to_internal(1.0, unit)  # raises for an unknown unit
    return unit, factor


def _sha256(file: Path) -> str:
    """Fingerprint of the file, so that a result can be traced to it."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
