"""Options that several commands have: a time, the unit and rate of a file, one client out of a file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from cisterna.ground.errors import CisternaError


def seconds(text: str, option: str = "--for") -> float:
    """A time with its unit, s; a bare number is no time.

    Examples
    --------
    >>> seconds("2min")
    120.0
    """
    from cisterna.ground.units import parse, same_dimension, to_internal

    mend = f"write e.g. {option} 60s or {option} 2min"
    try:
        value, unit = parse(text)
    except CisternaError as error:
        mend = error.mend if "comma" in error.what else mend
        raise CisternaError(f"{option} needs a time with its unit", option, text or "nothing", mend) from error
    if unit == "1" or not same_dimension(unit, "s") or not math.isfinite(value):
        raise CisternaError(f"{option} needs a time with its unit", option, text, mend)
    return to_internal(value, unit)


def require_file(files: Sequence[str], units: Sequence[str], rate: float | None, options: str) -> None:
    """Refuse units or a rate stated for a file that is not given.

    Parameters
    ----------
    files : sequence of str
        What was given for the options that take a file.
    options : str
        Names of those, for the message.
    """
    said = [name for name, there in (("--units", units), ("--rate", rate is not None)) if there]
    if said and not any(files):
        mend = f"give the file with {options}, or leave out {' and '.join(said)}"
        raise CisternaError(f"{' and '.join(said)} without a file", where=said[0], mend=mend)


def one_client(file: str, what: str) -> dict[str, Any]:
    """The answers of the only client in a file.

    Raises
    ------
    CisternaError
        None or several.
    """
    from cisterna.sessions.screening import read_clients

    clients = read_clients(file)
    if len(clients) != 1:
        mend = "give a file that holds one client"
        raise CisternaError(f"a {what} is one person's", where=file, found=f"{len(clients)} clients", mend=mend)
    return dict(clients[0])
