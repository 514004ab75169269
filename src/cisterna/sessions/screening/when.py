"""Time in plain words: how long ago, still going on, long known, or over.

`find_times` reads one sentence and gives every time mark with its place, so that a symptom can be joined
to the mark nearest to it. Weeks are rough on purpose ("the other day" is under one week); a mark
without a number ("in July") carries ``weeks=None``. The marks stand in ``lexicon/times.toml``.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

OLD = 1000.0
"""Weeks given to "as a child", "decades ago", "in 2009": surely old."""

_NUMBERS: dict[str, float] = {
    word: float(number)
    for number, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
        "eighteen nineteen twenty".split(),
        1,
    )
} | {"a": 1, "an": 1, "thirty": 30, "forty": 40, "fifty": 50, "couple": 2, "few": 3, "several": 4, "some": 3, "many": 6}
_HALF = {"half a": 0.5, "half an": 0.5}
_UNITS = {
    "second": 1 / 604800,
    "sec": 1 / 604800,
    "minute": 1 / 10080,
    "min": 1 / 10080,
    "hour": 1 / 168,
    "day": 1 / 7,
    "night": 1 / 7,
    "week": 1.0,
    "fortnight": 2.0,
    "month": 52 / 12,
    "year": 52.0,
    "yr": 52.0,
    "decade": 520.0,
    "season": 13.0,
}
"""Length of each unit in weeks."""


@dataclass(frozen=True)
class Time:
    """A time mark: `kind` past | lasting | now | over; `weeks` since (past) or long (lasting), None when not told."""

    kind: str
    weeks: float | None
    start: int
    end: int


@cache
def _parts() -> dict[str, str]:
    about = (
        "about|around|almost|nearly|over|more than|less than|maybe|perhaps|only|just|the last|last|the past|past|these"
    )
    numbers = "|".join(sorted(_NUMBERS, key=len, reverse=True))
    return {
        "{N}": rf"(?:(?:{about}|some|good) )*(?:a )?(?P<n>\d+(?:\.\d+)?|half an?|{numbers})"
        r"(?: (?:or|to) (?:\d+|\w+))?(?: of)?(?: full| good| long| whole| or so)?",
        "{U}": r"(?P<u>" + "|".join(_UNITS) + ")s?",
        "{DAY}": r"(?:mon|tues|wednes|thurs|fri|satur|sun)day",
        "{MONTH}": r"(?:january|february|march|april|may|june|july|august|september|october|november|december"
        r"|spring|summer|autumn|winter|easter|christmas|new year)",
    }


@cache
def _marks() -> list[tuple[re.Pattern[str], str, float | str | None]]:
    path = Path(__file__).parent / "lexicon" / "times.toml"
    found: list[tuple[re.Pattern[str], str, float | str | None]] = []
    for row in tomllib.loads(path.read_text(encoding="utf-8"))["mark"]:
        for pattern in row["patterns"]:
            for name, part in _parts().items():
                pattern = pattern.replace(name, part)
            found.append((re.compile(r"\b" + pattern), row["kind"], row.get("weeks")))
    return found


def find_times(sentence: str) -> list[Time]:
    """Time marks of a sentence in normalised lower-case words; of two that overlap the longer is kept.

    Examples
    --------
    >>> [(t.kind, round(t.weeks, 1)) for t in find_times("concussion five years ago")]
    [('past', 260.0)]
    >>> [t.kind for t in find_times("the dizziness is gone since june")]
    ['over', 'lasting']
    """
    found: list[Time] = []
    for regex, kind, told in _marks():
        for match in regex.finditer(sentence):
            if told == "counted":
                weeks: float | None = _count(match["n"]) * _UNITS[match["u"]]
            else:
                weeks = OLD if told == "old" else None if told is None else float(told)
            found.append(Time(kind, weeks, match.start(), match.end()))
    found.sort(key=lambda t: (t.start - t.end, t.start))
    kept: list[Time] = []
    for time in found:
        if not any(_overlap(time, other) and (time.kind == "over") == (other.kind == "over") for other in kept):
            kept.append(time)
    return sorted(kept, key=lambda t: t.start)


def _overlap(one: Time, other: Time) -> bool:
    return one.start < other.end and other.start < one.end


def _count(word: str) -> float:
    return float(word) if word[0].isdigit() else _HALF.get(word, _NUMBERS.get(word, 1.0))
