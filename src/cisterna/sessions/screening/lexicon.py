"""The word list: which plain words mean which answer, read from ``lexicon/*.toml``.

Pattern language of the tables: a blank is one blank, ``word*`` any ending, `` .. `` up to four words
between (none of them a denial), `` ... `` up to nine, ``(a|b)`` either, ``[word]`` may be there.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

_NO = r"(?!(?:no|not|never|without|neither|nor|but|none)\b)"


@dataclass(frozen=True)
class Concept:
    """One thing words can tell.

    Attributes
    ----------
    field, value : str
        The answer the words mean.
    kind : str
        sign | event | event_local | illness | medicine | mind | state | loss; decides what time words do.
    also : dict
        Further answers the words carry.
    weeks, days, months : str
        Field that takes the time of an event, "" when none.
    lasting : bool
        True when the finding still counts after it has gone (a passed deficit, a first seizure).
    neuro : bool
        True when its time since onset goes to ``symptom_onset_hours``.
    """

    name: str
    field: str
    value: str
    kind: str
    also: dict[str, str] = field(default_factory=dict)
    weeks: str = ""
    days: str = ""
    months: str = ""
    lasting: bool = False
    neuro: bool = False
    recent_only: bool = False
    infant_only: bool = False
    old_value: str = ""
    treated_value: str = ""
    strong: re.Pattern[str] | None = None
    weak: re.Pattern[str] | None = None
    exclude: re.Pattern[str] | None = None
    treated: re.Pattern[str] | None = None

    @property
    def time_field(self) -> str:
        """The number field of the event's time, "" when it has none."""
        return self.weeks or self.days or self.months

    def in_time_unit(self, weeks: float) -> float:
        """Weeks in the unit of the time field."""
        return weeks * 7 if self.days else weeks * 12 / 52 if self.months else weeks


@dataclass(frozen=True)
class NumberWords:
    """A number told in words: where it goes and what is plausible."""

    name: str
    field: str
    patterns: tuple[re.Pattern[str], ...]
    low: float
    high: float
    clause: re.Pattern[str] | None
    means: dict[str, str]


def pattern(text: str) -> str:
    """The regular expression of one phrase of the pattern language.

    Examples
    --------
    >>> bool(re.search(pattern("(arm|leg) .. numb*"), "my left arm went quite numb"))
    True
    >>> bool(re.search(pattern("(arm|leg) .. numb*"), "my arm is not numb"))
    False
    """
    text = re.sub(r"(?:\s*\.{2,3}\s*)$", "", text.strip())
    text = re.sub(r"\[(\w[\w|]*)\] ", r"(?:(?:\1) )?", text)
    text = re.sub(r"(?<=[\w)])\*", r"\\w*", text)
    text = text.replace(" ... ", "<NINE>").replace(" .. ", "<FOUR>").replace(" ", "[,)]? ")
    text = text.replace("<NINE>", rf"(?:[,:)]? {_NO}[^ ]+){{0,9}}?[,:)]? ")
    text = text.replace("<FOUR>", rf"(?:[,:)]? {_NO}[^ ]+){{0,4}}?[,:)]? ")
    return rf"\b(?:{text})\b"


def _join(phrases: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(pattern(p) for p in phrases)) if phrases else None


def _tables(name: str) -> dict:
    path = Path(__file__).parent / "lexicon" / f"{name}.toml"
    return tomllib.loads(path.read_text(encoding="utf-8"))


@cache
def concepts() -> tuple[Concept, ...]:
    """All concepts of the word list, compiled once at first use."""
    found = []
    for table in ("signs", "illness", "infant"):
        for name, row in _tables(table).items():
            row = dict(row)
            if table == "infant":
                row.setdefault("infant_only", row["field"] in ("seizure",))
            compiled = {"strong": _join(row.pop("strong", [])), "weak": _join(row.pop("weak", [])),
                        "exclude": _join(row.pop("not", [])), "treated": _join(row.pop("treated", []))}
            found.append(Concept(name=name, **row, **compiled))
    return tuple(found)


@cache
def numbers() -> tuple[NumberWords, ...]:
    """Numbers the words may carry (INR, platelets, temperature, week of pregnancy)."""
    return tuple(
        NumberWords(name, row["field"], tuple(re.compile(p) for p in row["patterns"]), row["low"], row["high"],
                    re.compile(row["clause"]) if "clause" in row else None, row.get("means", {}))
        for name, row in _tables("numbers").items())
