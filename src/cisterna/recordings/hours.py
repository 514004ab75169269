"""Clocks without a zone: texts, counts and day numbers of one file, apart by whole hours at most."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from cisterna.ground.errors import CisternaError

if TYPE_CHECKING:
    from cisterna.recordings.recording import Recording

#: Time zones reach from -12 to +14 hours.
FARTHEST = 14
HOUR = 3600.0
MICRO = 1e6
#: Day 0 of a spreadsheet and the days from there to 1970-01-01.
EXCEL_EPOCH_DAYS = 25569
_ISO = re.compile(r"^\s*(\d{4})[/-](\d\d?)[/-](\d\d?)[ T]+(\d\d?)[:.](\d\d)[:.](\d\d)")
_DAY_FIRST = re.compile(r"^\s*(\d\d?)[/.](\d\d?)[/.](\d{4})[ T]+(\d\d?)[:.](\d\d)[:.](\d\d)")


def clock_seconds(text: str) -> float | None:
    """A written date and time as s since 1970 of its own clock; None when it is none.

    ``yyyy/mm/dd HH:MM:SS`` and ``dd/mm/yyyy HH:MM:SS``; a full stop may stand for the colon.

    Examples
    --------
    >>> clock_seconds("1970/01/02 00:00:05"), clock_seconds("02/01/1970 00.00.05"), clock_seconds("soon")
    (86405.0, 86405.0, None)
    """
    year_first, day_first = _ISO.match(text), _DAY_FIRST.match(text)
    if not year_first and not day_first:
        return None
    parts = [int(part) for part in (year_first or day_first).groups()]  # type: ignore[union-attr]
    year, month, day = parts[:3] if year_first else parts[2::-1]
    try:
        return datetime(year, month, day, parts[3], parts[4], parts[5], tzinfo=UTC).timestamp()
    except ValueError:
        return None


def clock_text(seconds: float) -> str:
    """ISO text of s since 1970, without zone; "" beyond the years a date can have.

    Examples
    --------
    >>> clock_text(86405.25)
    '1970-01-02T00:00:05.250000'
    """
    try:
        return (datetime(1970, 1, 1) + timedelta(seconds=seconds)).isoformat()
    except OverflowError:
        return ""


def excel_seconds(days: float) -> float:
    """s since 1970 of a spreadsheet's day number (day 0 is 1899-12-30).

    Examples
    --------
    >>> excel_seconds(25569.5)
    43200.0
    """
    return (days - EXCEL_EPOCH_DAYS) * 86400.0


def hours_between(written: float, counted: float, slack: float = 300.0) -> int | None:
    """Whole hours from a written time to a counted one of the same moment; None when they are no hours apart.

    Examples
    --------
    >>> hours_between(1000.0, 4602.0), hours_between(1000.0, 2800.0)
    (1, None)
    """
    hours = round((counted - written) / HOUR)
    return hours if abs(hours) <= FARTHEST and abs(counted - written - hours * HOUR) <= slack else None


def hours_into(times: Sequence[float], begin: float, end: float) -> int:
    """Hours by which marks must be moved to lie in a recording; 0 when that is not beyond doubt.

    They are moved only when none of them lies in the recording as it stands and all of them do after the least
    whole number of hours: a single mark before the start is a mark before the start.

    Examples
    --------
    >>> hours_into([3700.0, 3900.0], 0.0, 600.0), hours_into([300.0, 3900.0], 0.0, 600.0)
    (-1, 0)
    """
    at = np.asarray(times, dtype=np.float64)
    if at.size == 0 or not np.isfinite(at).all() or np.any((begin <= at) & (at <= end)):
        return 0
    for hours in sorted(range(-FARTHEST, FARTHEST + 1), key=abs):
        if np.all((begin <= at + hours * HOUR) & (at + hours * HOUR <= end)):
            return hours
    return 0


def with_utc(rec: Recording, offset: float, where: str = "") -> Recording:
    """The recording with its beginning in UTC beside the clock of the file, which stays as it is.

    Parameters
    ----------
    offset : float
        Hours that the clock of the file is ahead of UTC.
    where : str
        The file, for errors.

    Raises
    ------
    CisternaError
        No zone is that far off, or the recording does not say when it began.

    Examples
    --------
    >>> from cisterna.recordings import Recording
    >>> rec = with_utc(Recording().with_title("night", "2021-07-01T23:30:00"), 2.0)
    >>> rec.start, rec.provenance["start_utc"]
    ('2021-07-01T23:30:00', '2021-07-01T21:30:00')
    """
    if not -12 <= offset <= FARTHEST:
        raise CisternaError("no clock is that far from UTC", where, f"{offset:g} h", "give hours ahead of UTC")
    try:
        begin = datetime.fromisoformat(rec.start).replace(tzinfo=None)
    except ValueError:
        mend = "leave the offset out"
        raise CisternaError("the file does not say when it began", where, repr(rec.start), mend) from None
    return rec.with_provenance(utc_offset_h=offset, start_utc=(begin - timedelta(hours=offset)).isoformat())
