"""A recording in pieces: a file of any size, read with the memory of one piece."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from cisterna.ground.errors import CisternaError
from cisterna.recordings.guard import reading
from cisterna.recordings.load import Source
from cisterna.recordings.recording import Recording

#: Shortest piece [s]: anything shorter costs more in overhead than it holds.
SHORTEST = 0.01


def stream(
    path: str | Path,
    seconds: float = 600.0,
    channels: Mapping[str, str] | Iterable[str] | str | None = None,
    units: Mapping[str, str] | str | None = None,
    rate: float | None = None,
    columns: Sequence[str] = (),
    utc_offset: float | None = None,
) -> Iterator[Recording]:
    """Read a recording piece by piece, in order and on one clock.

    The pieces hold the same names, units and samples as `load` gives, one after the other; their times go on from
    piece to piece. A mark stands in every piece it overlaps. WFDB, EDF and BDF, tables, NetCDF, HDF5, ICM+, SNIRF
    and `.npy` files may be larger than memory; what a whole file says of itself (its fingerprint, WFDB checksums)
    is not checked.

    Parameters
    ----------
    path, channels, units, rate, columns, utc_offset
        As for `load`.
    seconds : float
        Length of a piece [s]. Pieces of a WFDB record end on a frame.

    Yields
    ------
    Recording
        The next piece. Where a file has gaps in irregular times a window without a sample is left out.

    Raises
    ------
    CisternaError
        As `load`: at once for a wrong path, format or option, else at the piece where the damage lies.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "night.csv")
    ...     _ = file.write_text("t [s],ICP [mmHg]\\n" + "".join(f"{k},{10 + k}\\n" for k in range(5)))
    ...     [piece.values("icp").tolist() for piece in stream(file, seconds=2.0)]
    [[10.0, 11.0], [12.0, 13.0], [14.0]]
    """
    if not (math.isfinite(seconds) and seconds >= SHORTEST):
        raise CisternaError(
            "the pieces have an impossible length", found=f"{seconds:g} s", mend="give e.g. seconds=600"
        )
    return _pieces(Source.of(path, channels, units, rate, columns, False, utc_offset), float(seconds))


def _pieces(source: Source, seconds: float) -> Iterator[Recording]:
    parts = iter(source.form.stream(source.file, source.ask, seconds))
    empty = True
    while True:
        # One step at a time: what the caller does between two pieces is no damage of the file.
        with reading(source.file, source.form.name):
            part = next(parts, None)
        if part is None:
            break
        empty = False
        yield source.finished(part)
    if empty:
        raise CisternaError("the file holds no samples", where=str(source.file))
