"""Clients from files: ``.json`` (one object or a list) and ``.jsonl`` (one object a line)."""

from __future__ import annotations

import json
from pathlib import Path

from cisterna.ground.errors import CisternaError
from cisterna.sessions.screening.engine import Screening, screen

_BYTES_MAX = 5_000_000
_CLIENTS_MAX = 20_000
_LINE_BYTES_MAX = 200_000
_FORM = (
    'one object a client: {"id": "A1", "age_years": 40, "sex": "f", "answers": {"headache": "none"}, "free_text": ""}'
)


def read_clients(path: str | Path) -> list[dict]:
    """Read clients from a file.

    Raises
    ------
    CisternaError
        No file, empty, too large, no text, or a line that is no JSON object: says which line, what was
        found and how to mend it.
    """
    path = Path(path)
    text = _text(path)
    if path.suffix.lower() == ".jsonl":
        found = [
            _object(line, f"{path.name}, line {number}")
            for number, line in enumerate(text.splitlines(), 1)
            if line.strip()
        ]
    elif path.suffix.lower() == ".json":
        whole = _parse(text, path.name)
        items = whole if isinstance(whole, list) else [whole]
        found = [item for item in items if isinstance(item, dict)]
        for number, item in enumerate(items, 1):
            if not isinstance(item, dict):
                raise CisternaError(
                    "a client is no object", where=f"{path.name}, item {number}", found=type(item).__name__, mend=_FORM
                )
    else:
        raise CisternaError(
            "cannot tell what kind of file this is",
            where=path.name,
            found=path.suffix or "no ending",
            mend="end the name in .json (one object or a list) or .jsonl (one object a line)",
        )
    if not found:
        raise CisternaError("no client in the file", where=path.name, mend=_FORM)
    if len(found) > _CLIENTS_MAX:
        raise CisternaError(
            "too many clients in one file",
            where=path.name,
            found=f"{len(found)}",
            mend=f"at most {_CLIENTS_MAX} a file",
        )
    return found


def screen_file(path: str | Path, *, complete: bool = False) -> list[Screening]:
    """Screen every client of a ``.json`` or ``.jsonl`` file.

    Parameters
    ----------
    complete : bool
        As for `screen`: True makes an unanswered core question a physician_first.

    Raises
    ------
    CisternaError
        As `read_clients`; also when ``answers`` of a client is no object.
    """
    results = []
    for number, raw in enumerate(read_clients(path), 1):
        raw.setdefault("id", f"client {number}")
        results.append(screen(raw, complete=complete))
    return results


def _text(path: Path) -> str:
    if path.is_dir() or not path.exists():
        raise CisternaError(
            "no such file" if not path.exists() else "this is a folder, not a file",
            where=str(path),
            mend="give a .json or .jsonl file",
        )
    try:
        size = path.stat().st_size
        if size > _BYTES_MAX:
            raise CisternaError(
                "the file is too large for a list of clients",
                where=path.name,
                found=f"{size / 1e6:.1f} MB",
                mend=f"at most {_BYTES_MAX / 1e6:g} MB; split it",
            )
        with path.open("rb") as stream:
            raw = stream.read(_BYTES_MAX + 1)
    except OSError as error:
        raise CisternaError(
            "the file cannot be read", where=path.name, found=error.strerror or "", mend="check its rights"
        ) from None
    if len(raw) > _BYTES_MAX:
        raise CisternaError(
            "the file is too large for a list of clients",
            where=path.name,
            mend=f"at most {_BYTES_MAX / 1e6:g} MB; split it",
        )
    if b"\x00" in raw:
        raise CisternaError("this is no text file", where=path.name, found="zero bytes", mend="save it as UTF-8 text")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise CisternaError(
            "the file is not UTF-8 text",
            where=f"{path.name}, line {line}",
            found=f"byte 0x{raw[error.start]:02x}",
            mend="save it as UTF-8",
        ) from None
    if not text.strip():
        raise CisternaError("the file is empty", where=path.name, mend=_FORM)
    return text


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


def _parse(text: str, where: str) -> object:
    try:
        return json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        place = (
            f"{where}, line {error.lineno}, column {error.colno}"
            if "line" not in where
            else f"{where}, column {error.colno}"
        )
        around = text[max(0, error.pos - 20) : error.pos + 20].replace("\n", " ")
        raise CisternaError(f"no valid JSON: {error.msg}", where=place, found=f"... {around} ...", mend=_FORM) from None
    except RecursionError:
        raise CisternaError("no valid client: brackets nested too deep", where=where, mend=_FORM) from None
    except ValueError as error:
        raise CisternaError(
            "a number cannot be read", where=where, found=str(error)[:120], mend="write plain finite numbers"
        ) from None


def _object(line: str, where: str) -> dict:
    if len(line) > _LINE_BYTES_MAX:
        raise CisternaError(
            "a line is too long for one client", where=where, found=f"{len(line)} characters", mend=_FORM
        )
    item = _parse(line, where)
    if not isinstance(item, dict):
        raise CisternaError("a line is no client", where=where, found=type(item).__name__, mend=_FORM)
    return item
