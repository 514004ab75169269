"""What every reader does before it believes a file: is it a file, is it small enough, does it read at all."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cisterna.ground.errors import CisternaError

#: Largest file, and largest decoded recording, that is held in memory (bytes).
LARGEST = 2 * 1024**3
#: Largest chunk of a compressed dataset that is unpacked at once (bytes), and most objects in one file.
LARGEST_CHUNK = 64 * 1024**2
MOST_OBJECTS = 2000


def readable_file(path: str | Path, whole: bool = True) -> Path:
    """The path, when it is an ordinary file; read as a `whole`, of a size that can be held in memory."""
    file = Path(path)
    try:
        if not file.exists():
            raise CisternaError("no such file", where=str(file), mend="check the path; a record may need its '.hea'")
        if not file.is_file():
            found = "a folder" if file.is_dir() else "a device or pipe"
            raise CisternaError("not a file", where=str(file), found=found, mend="give one file")
        size = file.stat().st_size
        if size == 0:
            raise CisternaError("the file is empty", where=str(file), mend="copy it again from its source")
        with file.open("rb") as stream:
            stream.read(1)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise CisternaError("the file cannot be opened", where=str(file), found=str(error)) from error
    if whole:
        guard_size(size, file)
    return file


def guard_size(size: float, file: Path, what: str = "the file") -> None:
    """Refuse what would not fit in memory when it is read as a whole; `stream` takes any size."""
    if not 0 <= size <= LARGEST:
        found = f"{size / 1024**3:.1f} GiB" if size >= 0 else "a negative size"
        mend = "read it in pieces: stream(path, seconds=600), or load a shorter cut"
        raise CisternaError(f"{what} is larger than {LARGEST // 1024**3} GiB", where=str(file), found=found, mend=mend)


@contextmanager
def reading(file: Path, kind: str) -> Iterator[None]:
    """Turn whatever a decoding library raises on a damaged file into one CisternaError."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except CisternaError as error:
        error.where = error.where or str(file)
        raise
    except Exception as error:  # a damaged file can raise anything in a third-party decoder
        first = (str(error).strip().splitlines() or [""])[0][:160]
        raise CisternaError(
            f"the {kind} file cannot be read",
            where=str(file),
            found=f"{type(error).__name__}: {first}" if first else type(error).__name__,
            mend="it is damaged, cut short or of another format; copy it again from its source",
        ) from error


def guard_hdf5(file: Path, whole: bool = True) -> None:
    """Refuse an HDF5 file that is too large unpacked, or that the HDF5 library does not get through.

    The file is read through once by a worker process first: see `cisterna.recordings.probe`. A file that is read
    in pieces (`whole=False`) may be of any size; of its long datasets of numbers only both ends are tried.
    """
    from cisterna.recordings.probe import worker

    with file.open("rb") as stream:
        head = stream.read(520)
        if b"\x89HDF\r\n\x1a\n" not in (head[:8], head[512:]):  # MATLAB puts a text of 512 bytes before it
            raise CisternaError("not an HDF5 file", where=str(file), mend="give a file of the format its name says")
    answer = worker.ask(str(file.resolve()), LARGEST if whole else 0, LARGEST_CHUNK, MOST_OBJECTS)
    mend = "it is damaged or cut short; copy it again from its source"
    if answer is None:
        raise CisternaError("the HDF5 file cannot be read", str(file), "the HDF5 library does not get through it", mend)
    if answer:
        if "larger than" in answer["what"]:
            mend = "read it in pieces: stream(path, seconds=600)"
        raise CisternaError(answer["what"], str(file), answer.get("found", ""), mend)
