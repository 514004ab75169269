"""One way out into every file: the ending of the name says the format; whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from pathlib import Path

from cisterna.ground.errors import CisternaError
from cisterna.recordings.load import by_ending, formats
from cisterna.recordings.reader import Format
from cisterna.recordings.recording import Recording

#: Entries of the provenance that may name a person: left out of what is given away.
PERSONAL = ("file", "joined", "name", "patient", "person", "subject", "notes", "comments", "birth")


def write(rec: Recording, path: str | Path, *, personal: bool = False) -> Path:
    """Write a recording for other programs, in the format that the ending of the name says.

    ``.hea`` WFDB, ``.edf`` and ``.bdf`` EDF+ and BDF+, ``.nc`` NetCDF, ``.csv`` and ``.tsv`` a table with a
    side-car, ``_physio.tsv.gz`` BIDS, and what else `formats()` writes. Samples come back within half a step of
    the format; missing samples stay missing. The files appear whole or not at all: an older one stays when
    anything fails.

    Parameters
    ----------
    rec : Recording
        What to write.
    path : path or str
        Where. Formats of several files (a header and its samples, a table and its side-car) put them beside it.
    personal : bool
        Keep title, file names and what the provenance says of a person. They are left out by default; the clock
        time of the start is kept.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    CisternaError
        The ending is not known, the format cannot hold what the recording has (and what to do then), or the
        place cannot be written to.

    Examples
    --------
    >>> import tempfile
    >>> from cisterna.recordings import load
    >>> rec = Recording().with_signal("icp", [9.5, 10.0, 10.25, 9.75], rate=2.0, unit="mmHg")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     back = load(write(rec, f"{folder}/icp.edf"))
    >>> back.rate("icp"), back.unit("icp"), float(abs(back.values("icp") - rec.values("icp")).max()) < 1e-4
    (2.0, 'mmHg', True)
    """
    target = Path(path)
    form = _writer(target)
    if target.is_dir() or not target.parent.is_dir():
        found = "a folder" if target.is_dir() else f"no folder '{target.parent}'"
        raise CisternaError(
            "the recording cannot be written here", str(target), found, "give a file in a folder that exists"
        )
    if not any(rec[name].size for name in rec.signals):
        raise CisternaError("the recording holds no samples", where=str(target))
    if not personal:
        rec = without_personal(rec)
    work = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        work.mkdir()
        form.write(rec, work / target.name)
        _move(work, target)
    except CisternaError as error:
        error.where = error.where.replace(str(work / target.name), str(target)) or str(target)
        raise
    except OSError as error:
        mend = "choose a folder you may write to, with room on the disk"
        raise CisternaError(
            "the recording cannot be written", str(target), error.strerror or str(error), mend
        ) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return target


def without_personal(rec: Recording) -> Recording:
    """The recording without its title and without what its provenance may say of a person.

    Examples
    --------
    >>> rec = Recording().with_title("bed 4").with_provenance(file="smith.hea", seed=1)
    >>> without_personal(rec).title, without_personal(rec).provenance
    ('', {'seed': 1})
    """
    from cisterna.recordings.rules import PROVENANCE

    kept = {key: value for key, value in rec.provenance.items() if not key.lower().startswith(PERSONAL)}
    data = rec.dataset
    data.attrs.pop(PROVENANCE, None)
    return Recording(data).with_title("").with_provenance(**kept)


def _writer(target: Path) -> Format:
    """The format of the ending, one that is written."""
    named = by_ending(target)
    for form in named:
        if type(form).write is not Format.write:
            return form
    if named:
        named[0].write(Recording(), target)  # refuses, with advice
    known = [f"{f.name} ({' '.join(f.suffixes)})" for f in formats().values() if type(f).write is not Format.write]
    found = f"'{''.join(target.suffixes[-2:])}'"
    raise CisternaError("no format is written under this ending", str(target), found, "known: " + "; ".join(known))


def _move(work: Path, target: Path) -> None:
    """Put the finished files in their place, the one asked for last; on failure the old ones come back."""
    files = sorted((f for f in work.iterdir() if f.is_file()), key=lambda f: f.name == target.name)
    for file in files:
        place = target.with_name(file.name)
        if place != target and place.exists() and not target.exists():
            mend = "choose another name, or move that file away"
            raise CisternaError(f"'{file.name}' is there already, of another recording", str(place), mend=mend)
    old = work / "old"
    old.mkdir()
    new: list[Path] = []
    try:
        for file in files:
            place = target.with_name(file.name)
            if place.exists() and len(files) > 1:
                _keep(place, old / file.name)
            os.replace(file, place)
            new.append(place)
    except OSError:
        for place in new:
            if (old / place.name).exists():
                os.replace(old / place.name, place)
            else:
                place.unlink(missing_ok=True)
        raise


def _keep(place: Path, copy: Path) -> None:
    """A second name for a file, or a copy where the disk knows no second names."""
    try:
        os.link(place, copy)
    except OSError:
        shutil.copy2(place, copy)
