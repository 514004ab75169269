"""The client as told: age, sex, answers, words; read tolerantly, every oddity kept as a note."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from cisterna.ground.errors import CisternaError
from cisterna.ground.registry import nearest
from cisterna.sessions.screening.questions import AGE, limits, questions

_TOP = ("id", "age_years", "sex", "answers", "free_text")
_WORDS_MAX = 20_000
_ALIKE = 0.85
"""How alike a misspelt field name must be before its answer is taken."""


@dataclass
class Client:
    """One client as told.

    Parameters
    ----------
    id : str
        Any name; never a person's.
    age_years : float or None
        Decimals for infants.
    sex : str
        f | m | "" when not told.
    answers : dict
        Field to answer code or number; a missing field was not asked or left empty.
    free_text : str
        The client's or the parent's own words.
    notes : list of str
        What could not be read, and how it was taken.
    """

    id: str = "client"
    age_years: float | None = None
    sex: str = ""
    answers: dict[str, str | float] = field(default_factory=dict)
    free_text: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def spoken_for(self) -> bool:
        """A parent or carer answers."""
        return self.answers.get("answered_by") in ("parent", "carer")

    @property
    def infant(self) -> bool:
        """Younger than two years; by the months when the years are not told."""
        if self.age_years is not None:
            return self.age_years < limits()["infant_age"]
        return isinstance(self.answers.get("age_months_corrected"), float)

    @property
    def minor(self) -> bool:
        """Younger than eighteen years."""
        return self.infant or (self.age_years is not None and self.age_years < limits()["minor_age"])

    def asked(self, who: str) -> bool:
        """Whether questions for a group (all, adult, minor, child, infant, not_infant, fertile) concern this client."""
        infant, minor = self.infant, self.minor
        fertile = self.sex != "m" and (self.age_years is None or 12 <= self.age_years <= 55) and not infant
        groups = {
            "all": True,
            "adult": not minor,
            "minor": minor,
            "child": minor and not infant,
            "infant": infant,
            "not_infant": not infant,
            "fertile": fertile,
        }
        return groups[who]


def read_client(raw: Mapping | Client) -> Client:
    """Read a client from a mapping with the keys id, age_years, sex, answers, free_text.

    Unknown fields and impossible values do not stop the reading: they become notes with the nearest right name.
    An answer that cannot be read counts as ``unknown``, so that it is asked back; an unknown field is missing,
    unless its name is a plain misspelling of a field and its answer could only raise the verdict.

    Raises
    ------
    CisternaError
        The thing is no mapping, or ``answers`` is none.

    Examples
    --------
    >>> c = read_client({"id": "A", "age_years": 40, "answers": {"hedache": "new", "fever": "maybe"}})
    >>> c.notes[0], c.answers["headache"], c.answers["fever"]
    ("no field 'hedache', read as 'headache': please confirm", 'new', 'unknown')
    """
    if isinstance(raw, Client):
        raw = {
            "id": raw.id,
            "age_years": raw.age_years,
            "sex": raw.sex,
            "answers": raw.answers,
            "free_text": raw.free_text,
        }
    if not isinstance(raw, Mapping):
        raise CisternaError(
            "a client is an object with id, age_years, sex, answers, free_text",
            found=type(raw).__name__,
            mend='write {"id": "A1", "age_years": 40, "answers": {...}}',
        )
    client = Client(id="client" if raw.get("id") is None else str(raw["id"])[:80])
    answers = raw.get("answers", {})
    if answers is None:
        answers = {}
    if not isinstance(answers, Mapping):
        raise CisternaError(
            "answers is no object of field: value",
            where=client.id,
            found=type(answers).__name__,
            mend='write "answers": {"headache": "none"}',
        )
    _who(client, raw)
    known = questions()
    for name, value in answers.items():
        name = str(name)
        if name not in known:
            if name in _TOP:
                continue
            _misspelt(client, name, value, set(answers))
            continue
        read, wrong = known[name].read(value)
        if wrong:
            client.notes.append(wrong)
        if read is None and wrong and "unknown" in known[name].codes:
            read = "unknown"
        if read is not None:
            client.answers[name] = read
    for extra in raw:
        if extra in known and extra not in answers:
            _beside(client, str(extra), raw[extra])
    _corrected_age(client)
    return client


def _beside(client: Client, name: str, value: object) -> None:
    """An answer that stands beside ``answers``: taken where it could only raise a verdict."""
    question = questions()[name]
    read = question.read(value)[0]
    raises = isinstance(read, float) or question.rank(read or "") > 0
    if raises and read is not None:
        client.answers[name] = read
    taken = "read as one of them" if raises else "treated as missing"
    client.notes.append(f"'{name}' stands beside the answers, not among them; {taken}")


def _misspelt(client: Client, name: str, value: object, told: set) -> None:
    """A field name that is not known: its answer is taken for the nearest name where it could only raise a verdict."""
    known = questions()
    best = nearest(name, known)
    close = difflib.get_close_matches(name.lower(), known, n=1, cutoff=_ALIKE)
    read = known[close[0]].read(value)[0] if close and close[0] not in told else None
    if isinstance(read, str) and known[close[0]].rank(read) > 0:
        client.answers[close[0]] = read
        client.notes.append(f"no field '{name[:60]}', read as '{close[0]}': please confirm")
        return
    client.notes.append(f"no field '{name[:60]}', treated as missing" + (f"; did you mean '{best}'?" if best else ""))


def _who(client: Client, raw: Mapping) -> None:
    age: object = raw.get("age_years")
    if isinstance(age, str):
        age, wrong = AGE.read(age)
        client.notes += [wrong] if wrong else []
    if isinstance(age, float | int) and not isinstance(age, bool):
        if math.isfinite(age) and 0 <= age <= 120:
            client.age_years = float(age)
        else:
            client.notes.append(f"age_years: {age:g} is outside 0 to 120 years; treated as missing")
    elif age is not None:
        client.notes.append("age_years: no number; treated as missing")
    sex = str(raw.get("sex") or "").strip().lower()[:1]
    client.sex = {"f": "f", "w": "f", "g": "f", "m": "m", "b": "m"}.get(sex, "")
    words = raw.get("free_text")
    client.free_text = words if isinstance(words, str) else "" if words is None else str(words)
    if len(client.free_text) > _WORDS_MAX:
        client.notes.append(f"free_text: only the first {_WORDS_MAX} characters are read")
        client.free_text = client.free_text[:_WORDS_MAX]


def _corrected_age(client: Client) -> None:
    """Fill the corrected age of an infant from age and weeks of gestation when it is not told."""
    told = client.answers.get("age_months_corrected")
    if not client.infant or client.age_years is None or isinstance(told, float):
        return
    months = client.age_years * 12
    gestation = client.answers.get("gestation_weeks")
    if isinstance(gestation, float) and gestation < limits()["term_weeks"]:
        months = max(0.0, months - (limits()["full_weeks"] - gestation) * 12 / 52)
    client.answers["age_months_corrected"] = round(months, 2)
    client.notes.append(f"corrected age taken from the age told: {months:.1f} months")
