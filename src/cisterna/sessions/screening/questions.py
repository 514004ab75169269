"""The questionnaire as data: fields, allowed answers, whom and when to ask, and what "unknown" means."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cisterna.ground.errors import CisternaError
from cisterna.ground.registry import nearest
from cisterna.sessions.screening.expression import Node, parse

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
            return None, f"{self.id}: a {type(value).__name__} is no answer; treated as missing"
        word = value.strip().lower()
        folded = word.replace(" ", "_").replace("-", "_")
        if folded in self.codes:
            return folded, ""
        if self.kind in ("number", "bp"):
            return self._written(word)
        if _YES.get(word) in self.codes:
            return _YES[word], ""
        if word == "no" and "none" in self.codes:
            return "none", ""
        if word == "none" and "no" in self.codes:
            return "no", ""
        best = nearest(folded, self.codes)
        hint = f"did you mean '{best}'?" if best else f"allowed: {self.choices}"
        return None, f"{self.id}: no answer '{value[:40]}'; {hint} Treated as missing."

    def _written(self, word: str) -> tuple[str | float | None, str]:
        if self.kind == "bp":
            match = re.fullmatch(r"(\d{2,3})\s*(?:/|over|-)\s*(\d{2,3})(?:\s*mmhg)?", word)
            if match and 50 <= int(match[1]) <= 300 and 20 <= int(match[2]) <= 200 and int(match[1]) > int(match[2]):
                return f"{match[1]}/{match[2]}", ""
            return None, f"{self.id}: no blood pressure '{word[:40]}', write 120/80; treated as missing"
        if word in _YES and _YES[word] in self.codes:
            return _YES[word], ""
        if word == "no" and "none" in self.codes:
            return "none", ""
        match = re.fullmatch(r"(-?\d+(?:[.,]\d+)?)\s*[a-z%°/]*", word)
        if match:
            return self._number(float(match[1].replace(",", ".")))
        return None, f"{self.id}: no number '{word[:40]}'; treated as missing"

    def _number(self, value: float) -> tuple[str | float | None, str]:
        if self.kind != "number":
            return None, f"{self.id}: a number is no answer here, allowed: {self.choices}; treated as missing"
        if not math.isfinite(value) or not self.low <= value <= self.high:
            return (
                None,
                f"{self.id}: {value:g} is outside {self.low:g} to {self.high:g} {self.unit}; treated as missing",
            )
        return value, ""


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
