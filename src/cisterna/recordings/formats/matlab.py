"""MATLAB files: version 5 to 7, and version 7.3 (HDF5) through h5py. Signals are found by plain rules."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.annotations import text_of
from cisterna.recordings.formats._mat5 import read_mat5
from cisterna.recordings.guard import guard_hdf5
from cisterna.recordings.layout import HDF5_SIGNATURE, hdf5_layout
from cisterna.recordings.outline import SMALL, Stored, windows
from cisterna.recordings.reader import Ask, Format, assemble
from cisterna.recordings.recording import Recording
from cisterna.recordings.sidecar import sidecar
from cisterna.recordings.variables import channels_of


class Matlab(Format):
    """A `.mat` file: vectors or a matrix with a rate ``fs`` or a clock ``t``; see `recordings.variables`."""

    name: ClassVar[str] = "matlab"
    suffixes: ClassVar[tuple[str, ...]] = (".mat",)

    def sniff(self, path: Path, head: bytes) -> bool:
        """The text at the head of a file, or HDF5 under the ending; a WFDB record's signal file is not meant."""
        if path.with_suffix(".hea").is_file():
            return False
        five = head[:6] == b"MATLAB" and len(head) >= 128 and head[126:128] in (b"IM", b"MI")
        return five or hdf5_layout(path, head) == "matlab"

    def read(self, path: Path, ask: Ask) -> Recording:
        """Every vector (and column of a matrix) over time."""
        with path.open("rb") as stream:
            head = stream.read(520)
        notes: list[str] = []
        packed = HDF5_SIGNATURE in (head[:8], head[512:520])
        tree = _read_hdf5(path, notes) if packed else read_mat5(path, notes)
        if not tree:
            raise CisternaError("the MATLAB file holds no variable that can be read", where=str(path))
        found = channels_of(tree, sidecar(path), ask, path)
        extra: dict[str, Any] = {"clock_offset_s": min(found.offsets)} if found.offsets else {}
        return assemble(found.channels, path, notes=notes + found.notes, time_columns=found.clocks, **extra)

    def stream(self, path: Path, ask: Ask, seconds: float) -> Iterator[Recording]:
        """Version 7.3 window by window, where a rate and no clock gives the times; others by cutting the whole."""
        with path.open("rb") as stream:
            head = stream.read(520)
        if HDF5_SIGNATURE in (head[:8], head[512:520]):
            import h5py

            guard_hdf5(path)
            with h5py.File(path, "r") as source:
                notes: list[str] = []
                tree = _variables(source, notes, deep=True, lazily=True)
                found = windows(tree, sidecar(path), ask, path, seconds, notes)
                if found is not None:
                    yield from found
                    return
        yield from super().stream(path, ask, seconds)


def _stored(item: Any) -> Stored:
    """A large variable of a version 7.3 file, still in it; time runs along its longer side."""
    across = item.shape[1] >= item.shape[0]

    def read(first: int, stop: int, column: int) -> NDArray[np.float64]:
        part = item[column, first:stop] if across else item[first:stop, column]
        return np.asarray(part, dtype=np.float64)

    return Stored(item.shape[::-1], read)


def _read_hdf5(path: Path, notes: list[str]) -> dict[str, Any]:
    """Variables of a version 7.3 file; arrays stand transposed in it."""
    import h5py

    guard_hdf5(path)
    with h5py.File(path, "r") as source:
        return _variables(source, notes, deep=True)


def _variables(group: Any, notes: list[str], deep: bool, lazily: bool = False) -> dict[str, Any]:
    import h5py

    tree: dict[str, Any] = {}
    for name, item in group.items():
        if name.startswith("#"):
            continue
        if isinstance(item, h5py.Group):
            if deep:
                tree[name] = _variables(item, notes, deep=False, lazily=lazily)
            continue
        if item.shape is None or "MATLAB_empty" in item.attrs:
            continue
        if text_of(item.attrs.get("MATLAB_class", "")) == "char":
            rows = np.atleast_2d(item[()].T)
            tree[name] = ["".join(chr(int(c)) for c in row).strip("\x00 ") for row in rows]
        elif item.dtype.kind in "fiub" and lazily and item.size > SMALL and item.ndim == 2:
            tree[name] = _stored(item)
        elif item.dtype.kind in "fiub":
            tree[name] = np.asarray(item[()]).T
        else:
            notes.append(f"variable '{name}' is neither numbers nor text: left out")
    return tree
