"""The folder results go to: made and tried before anything runs, so that no run is lost."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cisterna.ground.errors import CisternaError


def folder_of(out: str) -> Path:
    """The folder to write to, made ready.

    Raises
    ------
    CisternaError
        It is not named, or cannot be made or written.
    """
    if not out.strip():
        raise CisternaError("no folder is named", where="--out", found="nothing", mend="give one, e.g. --out out")
    path = Path(out)
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        found, mend = error.strerror or "", "choose another --out"
        raise CisternaError("the folder cannot be made", str(path), found, mend) from None
    require_writable(path)
    return path


def require_writable(folder: Path) -> None:
    """Refuse a folder in which no file can be made.

    It is tried, not asked: a right to write does not mean that files can be made there.
    """
    try:
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        found, mend = error.strerror or type(error).__name__, "choose another --out"
        raise CisternaError("the folder cannot be written to", str(folder), found, mend) from None
