"""Which program wrote an HDF5 file, told from the names in it, without the HDF5 library.

A damaged file can make that library loop for ever, so that it is not asked before `guard.guard_hdf5` was.
"""

from __future__ import annotations

import mmap
from pathlib import Path

HDF5_SIGNATURE = b"\x89HDF\r\n\x1a\n"
MATLAB_SIGNATURE = b"MATLAB 7.3 MAT-file"
#: Endings of files that are HDF5 inside and belong to another format by their name alone.
_ENDINGS = {".nc": "netcdf", ".nc4": "netcdf", ".snirf": "snirf", ".mat": "matlab"}
#: Names are looked for in this many bytes at either end (groups of one file stand near each other).
_REACH = 32 * 1024**2


def hdf5_layout(path: Path, head: bytes) -> str:
    """The layout of an HDF5 file: ``netcdf``, ``snirf``, ``matlab``, ``icmplus`` or ``plain``; "" when it is none.

    Parameters
    ----------
    path : Path
        The file.
    head : bytes
        Its first bytes.

    Examples
    --------
    >>> hdf5_layout(Path("night.csv"), b"t,icp"), hdf5_layout(Path("a.mat"), MATLAB_SIGNATURE)
    ('', 'matlab')
    """
    if head.startswith(MATLAB_SIGNATURE):
        return "matlab"
    if not head.startswith(HDF5_SIGNATURE):
        return ""
    if path.suffix.lower() in _ENDINGS:
        return _ENDINGS[path.suffix.lower()]
    if _holds(path, b"dataTimeSeries") and _holds(path, b"nirs"):
        return "snirf"
    samples = _holds(path, b"waves") or _holds(path, b"numerics")
    marks = (b"startidx", b"dataStartTime", b"annotations", b"ICM+", b"patient.info", b"qualityRef")
    if samples and any(_holds(path, mark) for mark in marks):
        return "icmplus"
    return "plain"


def _holds(path: Path, name: bytes) -> bool:
    """Whether the bytes of a name stand near either end of a file."""
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        first = data.find(name, 0, min(_REACH, len(data)))
        return first >= 0 or data.rfind(name, max(0, len(data) - _REACH)) >= 0
