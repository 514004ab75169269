"""NumPy files: `.npy` holds one array, `.npz` several by name; the file cannot say units, often no rate either."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.recordings.guard import guard_size
from cisterna.recordings.outline import SMALL, Stored, windows
from cisterna.recordings.reader import Ask, Format, assemble
from cisterna.recordings.recording import Recording
from cisterna.recordings.sidecar import sidecar
from cisterna.recordings.track import Track, pieces
from cisterna.recordings.variables import channels_of

MOST_MEMBERS = 1000
_ZIP = b"PK\x03\x04"


class Npy(Format):
    """A 1-D array of numbers (`.npy`), unit, rate and name from `<file>.json` or the call; or arrays by name.

    In an `.npz` a rate stands as ``fs``, a clock as ``t``, units as ``<name>_units``: see `recordings.variables`.
    Pickled objects are never read.
    """

    name: ClassVar[str] = "numpy"
    suffixes: ClassVar[tuple[str, ...]] = (".npy", ".npz")

    def sniff(self, path: Path, head: bytes) -> bool:
        """The NumPy signature, or a ZIP archive under the ending `.npz`."""
        return head.startswith(b"\x93NUMPY") or (head.startswith(_ZIP) and path.name.lower().endswith(".npz"))

    def read(self, path: Path, ask: Ask) -> Recording:
        """The array as one channel named by `columns`, the side-car or the file; of an archive all signals."""
        with path.open("rb") as stream:
            archive = stream.read(4) == _ZIP
        if archive:
            notes: list[str] = []
            found = channels_of(_members(path, notes), sidecar(path), ask, path)
            extra: dict[str, Any] = {"clock_offset_s": min(found.offsets)} if found.offsets else {}
            return assemble(found.channels, path, notes=notes + found.notes, time_columns=found.clocks, **extra)
        track = _track(path, ask)
        guard_size(track.size * 8.0, path, "the array")
        return assemble([track.whole()], path)

    def stream(self, path: Path, ask: Ask, seconds: float) -> Iterator[Recording]:
        """A single array, or the arrays of an archive, piece by piece; with a clock among them the whole is cut."""
        with path.open("rb") as stream:
            archive = stream.read(4) == _ZIP
        if archive:
            notes: list[str] = []
            with zipfile.ZipFile(path) as source, ExitStack() as opened:
                tree = _members(path, notes, partial(_stored, source, opened))
                found = windows(tree, sidecar(path), ask, path, seconds, notes)
                if found is not None:
                    yield from found
                    return
            yield from super().stream(path, ask, seconds)
            return
        for _, _, channels in pieces([_track(path, ask)], seconds):
            yield assemble(channels, path)


def _track(path: Path, ask: Ask) -> Track:
    """The one array of a `.npy` file, still in it."""
    car = sidecar(path)
    said = car.over(ask)
    with path.open("rb") as stream:
        shape, dtype = _header(stream)
        begin = stream.tell()
    if dtype.kind not in "fiub" or len(shape) != 1:
        found = f"{dtype} of shape {shape}"
        raise CisternaError("not one signal of numbers", str(path), found, "save one 1-D array a file, or an .npz")
    if path.stat().st_size < begin + shape[0] * dtype.itemsize:
        found = f"{path.stat().st_size - begin} of {shape[0] * dtype.itemsize} bytes"
        raise CisternaError("the file is cut short", str(path), found, "copy it again from its source")
    own = said.columns[0] if said.columns else path.stem
    if said.rate is None:
        mend = "give rate=<Hz>, e.g. rate=1000 (command line: --rate 1000)"
        raise CisternaError("a .npy file states no rate", str(path), mend=mend)
    if not said.units:
        mend = "give units='mmHg' (command line: --units mmHg), or units='none' for an uncalibrated signal"
        raise CisternaError("a .npy file states no unit", where=str(path), mend=mend)

    def read(first: int, stop: int) -> NDArray[np.float64]:
        offset = begin + first * dtype.itemsize
        return np.fromfile(path, dtype, max(stop - first, 0), offset=offset).astype(np.float64)

    return Track(own, car.units.get(own, car.units.get("", "")), read, shape[0], said.rate)


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Shape and type of a NumPy array; the stream stands at its first number then."""
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, order, dtype = read(stream)
    if order and len(shape) > 1:
        raise CisternaError("an array in Fortran order is not read", mend="save it by numpy.ascontiguousarray")
    return shape, dtype


def _stored(source: zipfile.ZipFile, opened: ExitStack, info: zipfile.ZipInfo) -> Stored:
    """A large array of an archive, still in it: its rows are unpacked in order."""
    stream = opened.enter_context(source.open(info))
    shape, dtype = _header(stream)
    begin, width = stream.tell(), shape[1] if len(shape) == 2 else 1
    last: dict[tuple[int, int], NDArray[np.float64]] = {}

    def read(first: int, stop: int, column: int) -> NDArray[np.float64]:
        if (first, stop) not in last:
            stream.seek(begin + first * width * dtype.itemsize)
            data = stream.read((stop - first) * width * dtype.itemsize)
            if len(data) != (stop - first) * width * dtype.itemsize:
                raise CisternaError("an array is cut short", info.filename, mend="copy the file again from its source")
            last.clear()
            last[first, stop] = np.frombuffer(data, dtype).reshape(-1, width).astype(np.float64)
        return last[first, stop][:, column]

    return Stored(shape, read)


def _members(path: Path, notes: list[str], keep: Callable[[zipfile.ZipInfo], Stored] | None = None) -> dict[str, Any]:
    """Arrays of numbers and texts of an archive by name, read within bounds; `keep` leaves large ones in it."""
    tree: dict[str, Any] = {}
    with zipfile.ZipFile(path) as archive:
        infos = archive.infolist()
        if len(infos) > MOST_MEMBERS:
            raise CisternaError("the archive holds too many arrays", str(path), str(len(infos)))
        if keep is None:
            guard_size(float(sum(info.file_size for info in infos)), path, "the unpacked file")
        for info in infos:
            name = info.filename.removesuffix(".npy")
            with archive.open(info) as stream:
                shape, dtype = _header(stream)
                if dtype.kind not in "fiubUS" or len(shape) > 2:
                    notes.append(f"array '{name}' is neither numbers nor text: left out")
                    continue
                count = 1
                for length in shape:
                    count *= length
                upright = len(shape) == 1 or (len(shape) == 2 and shape[0] > shape[1])
                if keep is not None and count > SMALL and upright and dtype.kind in "fiub":
                    tree[name] = keep(info)
                    continue
                guard_size(float(count) * max(dtype.itemsize, 8), path, f"the array '{name}'")
                data = stream.read(count * dtype.itemsize)
            if len(data) != count * dtype.itemsize:
                found = f"{len(data)} of {count * dtype.itemsize} bytes"
                raise CisternaError(f"the array '{name}' is cut short", str(path), found)
            array = np.frombuffer(data, dtype, count).reshape(shape)
            tree[name] = [_word(text) for text in array.ravel()[:MOST_MEMBERS]] if dtype.kind in "US" else array
    return tree


def _word(text: Any) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text)
