"""The questionnaire as data: fields, allowed answers, whom and when to ask, and what "unknown" means."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cisterna.ground.errors import CisternaError
from cisterna.ground.registry import nearest
from cisterna.sessions.screening.expression import Node, parse
from cisterna.sessions.screening.when import find_times

_WEEKS = {"hours": 1 / 168, "days": 1 / 7, "weeks": 1.0, "months": 52 / 12, "years": 52.0}
"""Length of the units of time questions in weeks."""

_YES = {
    "y": "yes",
    "true": "yes",
    "1": "yes",
    "ja": "yes",
    "n": "no",
    "false": "no",
    "0": "no",
    "nein": "no",
    "?": "unknown",
    "not known": "unknown",
    "don't know": "unknown",
    "dont know": "unknown",
    "unsure": "unknown",
    "na": "unknown",
    "n/a": "unknown",
}


@dataclass(frozen=True)
class Question:
    """One question.

    Attributes
    ----------
    kind : str
        yn | choice | number | bp | text.
    codes : tuple of str
        Allowed answer codes from the least to the most serious; for numbers the words allowed instead.
    unit, low, high
        Unit and plausible range of a number.
    who : str
        all | adult | minor | child | infant | not_infant | fertile.
    when : Node or None
        Asked only if this holds for the answers so far.
    core : bool
        Must be answered before a session when `complete` is asked for.
    if_unknown : (str, str)
        Verdict and urgency when the answer is "unknown"; empty when that changes nothing.
    """

    id: str
    group: str
    kind: str
    codes: tuple[str, ...]
    unit: str
    low: float
    high: float
    who: str
    when: Node | None
    core: bool
    if_unknown: tuple[str, str]
    listed: bool
    text: str
    aliases: Mapping[str, str] = field(default_factory=dict)

    @property
    def choices(self) -> str:
        """The allowed answers in words, for a prompt."""
        if self.kind == "bp":
            return "systolic/diastolic in mmHg, or none, unknown"
        if self.kind == "number":
            return f"number in {self.unit} ({self.low:g} to {self.high:g})" + "".join(f", {c}" for c in self.codes)
        return ", ".join(self.codes) if self.codes else "words"

    def rank(self, code: str | float) -> int:
        """Place of an answer code from harmless (0) to serious; -1 when not a code."""
        return self.codes.index(code) if isinstance(code, str) and code in self.codes else -1

    def read(self, value: object) -> tuple[str | float | None, str]:
        """Turn a raw answer into a code or number; the second part says what was wrong with it, "" if nothing."""
        if value is None or (isinstance(value, str) and not value.strip()):
            return None, ""
        if isinstance(value, bool):
            value = "yes" if value else "no"
        if self.kind == "text":
            return str(value)[:2000], ""
        if isinstance(value, float | int):
            return self._number(float(value))
        if not isinstance(value, str):
            return None, f"{self.id}: a {type(value).__name__} is no answer; treated as not known"
        word = value.strip().lower()
        folded = word.replace(" ", "_").replace("-", "_")
        if folded in self.codes:
            return folded, ""
        if self.kind in ("number", "bp"):
            return self._written(word)
        if _YES.get(word) in self.codes:
            return _YES[word], ""
        if folded in self.aliases:
            return self.aliases[folded], ""
        if word == "no" and "none" in self.codes:
            return "none", ""
        if word == "none" and "no" in self.codes:
            return "no", ""
        best = nearest(folded, self.codes)
        hint = f"did you mean '{best}'?" if best else f"allowed: {self.choices}"
        return None, f"{self.id}: no answer '{value[:40]}'; {hint} Treated as not known."

    def _written(self, word: str) -> tuple[str | float | None, str]:
        if self.kind == "bp":
            match = re.fullmatch(r"(\d{2,3})\s*(?:/|over|-)\s*(\d{2,3})(?:\s*mmhg)?", word)
            if match and 50 <= int(match[1]) <= 300 and 20 <= int(match[2]) <= 200 and int(match[1]) > int(match[2]):
                return f"{match[1]}/{match[2]}", ""
            return None, f"{self.id}: no blood pressure '{word[:40]}', write 120/80; treated as not known"
        if word in _YES and _YES[word] in self.codes:
            return _YES[word], ""
        if word == "no" and "none" in self.codes:
            return "none", ""
        match = re.fullmatch(r"(?:[<>~]|ca\.?|about|approx\.?)?\s*(-?\d+(?:[.,]\d+)?)\s*([a-z%°/]*)\.?", word)
        if match and not self._other_unit(match[2]):
            return self._number(float(match[1].replace(",", ".")))
        if match and self.unit == "degC" and match[2] in ("f", "°f"):
            return self._number(round((float(match[1].replace(",", ".")) - 32) / 1.8, 2))
        if match and self.unit == "mm" and match[2] == "cm":
            return self._number(float(match[1].replace(",", ".")) * 10)
        times = find_times(word if "ago" in word else word + " ago") if self.unit in _WEEKS else []
        if len(times) == 1 and times[0].weeks is not None:
            return self._number(round(times[0].weeks / _WEEKS[self.unit], 4))
        return None, f"{self.id}: no number '{word[:40]}'; treated as not known"

    def _other_unit(self, written: str) -> bool:
        """Whether a number is written in another unit than the one asked for."""
        if self.unit in _WEEKS and written:
            return not self.unit.startswith(written.rstrip("s"))
        return (self.unit, written) in (("degC", "f"), ("degC", "°f"), ("mm", "cm"))

    def _number(self, value: float) -> tuple[str | float | None, str]:
        if self.kind != "number":
            return None, f"{self.id}: a number is no answer here, allowed: {self.choices}; treated as not known"
        if not math.isfinite(value) or not self.low <= value <= self.high:
            return (
                None,
                f"{self.id}: {value:g} is outside {self.low:g} to {self.high:g} {self.unit}; treated as not known",
            )
        return value, ""


def _own(name: str, kind: str, codes: tuple[str, ...], text: str, unit: str = "", high: float = 0.0) -> Question:
    return Question(name, "who", kind, codes, unit, 0.0, high, "all", None, True, ("", ""), False, text)


AGE = _own(
    "age_years", "number", (), "How old is the client, in years (an infant: 0.25 for three months)?", "years", 120.0
)
SEX = _own("sex", "choice", ("f", "m"), "Sex at birth: f or m?")
WORDS = _own(
    "free_text", "text", (), "Is there anything else, in your own words: pain, accidents, medicines, what worries you?"
)


def read_table(name: str) -> list[dict[str, str]]:
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def questions() -> dict[str, Question]:
    """All questions by field name, in the order they are asked.

    Examples
    --------
    >>> questions()["headache"].codes
    ('none', 'known_stable', 'unknown', 'known_changed', 'new')
    """
    found = {}
    names: dict[str, dict[str, str]] = {}
    for row in read_table("aliases.csv"):
        names.setdefault(row["field"], {})[row["word"]] = row["code"]
    for row in read_table("questions.csv"):
        verdict, _, urgency = row["if_unknown"].partition("/")
        found[row["id"]] = Question(
            row["id"],
            row["group"],
            row["kind"],
            tuple(c for c in row["codes"].split("|") if c),
            row["unit"],
            float(row["low"] or 0),
            float(row["high"] or 0),
            row["who"],
            parse(row["when"]) if row["when"] else None,
            row["core"] == "yes",
            (verdict, urgency),
            row["listed"] == "yes",
            row["text"],
            names.get(row["id"], {}),
        )
    return found


@cache
def limits() -> dict[str, float]:
    """Numbers of the rules by name, in the unit of the limits table.

    Examples
    --------
    >>> limits()["stroke_recent"], limits()["inr_stop"]
    (26.0, 4.0)
    """
    return {row["id"]: float(row["value"]) for row in read_table("limits.csv")}


@cache
def sources() -> dict[str, str]:
    """Full text of each short source name."""
    return {row["key"]: row["text"] for row in read_table("sources.csv")}


def question(name: str) -> Question:
    """One question by field name.

    Raises
    ------
    CisternaError
        No such field; names the nearest one.
    """
    try:
        return questions()[name]
    except KeyError:
        best = nearest(name, questions())
        raise CisternaError(
            f"no question '{name}'", where="screening", mend=f"did you mean '{best}'?" if best else "see questions.csv"
        ) from None
