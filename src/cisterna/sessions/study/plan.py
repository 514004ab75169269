"""The plan of a reliability study: who palpates whom, where, how often and for how long; one TOML file.

The plan holds the seed of the allocation, so it is the key that unblinds the study: examiners never get it.
"""

from __future__ import annotations

import json
import re
import secrets
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters

#: First line of every study; another number is another layout of the folder.
FORMAT = "cisterna study 1"
#: Ceilings that keep a slip of the keyboard from filling a disk.
MOST_SUBJECTS, MOST_EXAMINERS, MOST_SITES, MOST_REPEATS, LONGEST = 5000, 26, 12, 10, 3600.0
#: Entry that ties the plan to its list; kept because the numbers behind a seed may change with NumPy.
_DIGEST = "allocation_sha256"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,23}")


@dataclass(frozen=True)
class Plan:
    """What a study consists of.

    Attributes
    ----------
    examiners, sites : tuple of str
        Two or more examiners by their codes; one or more places of the hands.
    subjects, repeats : int
        How many people, and how often each examiner palpates each of them at each site.
    seconds : float
        Length of one hold, s.
    together : bool
        Whether examiners palpate one subject at the same time at different sites.
    block : int
        Subjects in a block of the randomisation; 0: lengths drawn at random, which conceals best.
    questions : tuple of str
        Asked after each hold, answered yes or no (``felt``, ``restricted``).
    seed : int
        Of the allocation.
    title : str

    Examples
    --------
    >>> plan = Plan(("A", "B"), subjects=12, seed=4)
    >>> plan.holds_of_one, plan.sites
    (48, ('head', 'feet'))
    """

    examiners: tuple[str, ...]
    subjects: int
    sites: tuple[str, ...] = ("head", "feet")
    repeats: int = 2
    seconds: float = 90.0
    together: bool = True
    block: int = 0
    questions: tuple[str, ...] = ("felt", "restricted")
    seed: int = 0
    title: str = ""

    def __post_init__(self) -> None:
        for what, names, least, most in (
            ("examiners", self.examiners, 2, MOST_EXAMINERS),
            ("sites", self.sites, 1, MOST_SITES),
            ("questions", self.questions, 0, MOST_SITES),
        ):
            _names(what, names, least, most)
        for what, number, least, most in (
            ("subjects", self.subjects, 2, MOST_SUBJECTS),
            ("repeats", self.repeats, 1, MOST_REPEATS),
            ("block", self.block, 0, MOST_SUBJECTS),
            ("seed", self.seed, 0, 2**63 - 1),
        ):
            if isinstance(number, bool) or not isinstance(number, int) or not least <= number <= most:
                raise CisternaError(
                    f"{what}: a whole number from {least} to {most} is needed", found=f"{number!r}"[:60]
                )  # fmt: skip
        shortest = default_parameters()["study_shortest_hold"].value
        number_of_seconds = isinstance(self.seconds, (int, float)) and not isinstance(self.seconds, bool)
        if not number_of_seconds or not shortest <= self.seconds <= LONGEST:
            mend = f"give {shortest:g} to {LONGEST:g} s; 90 s or more tells a slow rate"
            raise CisternaError("the length of a hold is out of range", found=f"{self.seconds!r}"[:60], mend=mend)
        if any(ord(c) < 32 or ord(c) == 127 for c in self.title):
            raise CisternaError("the title holds control characters", found=repr(self.title)[:60])

    @property
    def rounds(self) -> int:
        """Holds that follow each other in one sitting of one subject."""
        e, s = len(self.examiners), len(self.sites)
        return max(e, s) if self.together else e * s

    @property
    def holds_of_one(self) -> int:
        """Holds of one examiner in the whole study."""
        return self.subjects * len(self.sites) * self.repeats

    @property
    def hours(self) -> float:
        """Palpation time of the whole study, h, without pauses."""
        return self.subjects * self.repeats * self.rounds * self.seconds / 3600.0

    def as_toml(self, allocation: str) -> str:
        """The plan as the text of ``study.toml``; `allocation` is the digest of the list that was drawn."""
        lines = [
            "# The key of the study. Examiners must not see this file nor allocation.csv: give each only its folder.",
            f"format = {json.dumps(FORMAT)}",
        ]
        for item in fields(self):
            value = getattr(self, item.name)
            value = list(value) if isinstance(value, tuple) else value
            lines.append(f"{item.name} = {json.dumps(value, ensure_ascii=False)}")
        lines.append(f"{_DIGEST} = {json.dumps(allocation)}")
        return "\n".join(lines) + "\n"


def new_seed() -> int:
    """A seed nobody can guess: without one, an allocation is only concealed by good will."""
    return secrets.randbelow(2**48)


def read_plan(path: Path) -> tuple[Plan, str]:
    """The plan of a ``study.toml``, and the digest of its allocation.

    Raises
    ------
    CisternaError
        The file is missing, is no TOML, is another format, or an entry makes no sense.
    """
    table = read_toml(path)
    if table.pop("format", None) != FORMAT:
        raise CisternaError("this is not the plan of a study", where=str(path), mend=f"format = {json.dumps(FORMAT)}")
    digest = table.pop(_DIGEST, "")
    known = {item.name for item in fields(Plan)}
    strange = sorted(set(table) - known)
    missing = sorted({"examiners", "subjects", "seed"} - set(table))
    if strange or missing:
        found = "; ".join(
            part
            for part in (
                f"unknown: {', '.join(strange)}" if strange else "",
                f"missing: {', '.join(missing)}" if missing else "",
            )
            if part
        )
        raise CisternaError("the plan has entries that do not fit", where=str(path), found=found)
    for name in ("examiners", "sites", "questions"):
        if name in table:
            if not isinstance(table[name], list):
                raise CisternaError(f"{name} must be a list", where=str(path), found=f"{table[name]!r}"[:60])
            table[name] = tuple(table[name])
    for name, kind in (("title", str), ("together", bool)):
        if not isinstance(table.get(name, kind()), kind):
            raise CisternaError(f"{name} has the wrong kind", where=str(path), found=f"{table[name]!r}"[:60])
    try:
        return Plan(**table), str(digest)
    except CisternaError as error:
        raise CisternaError(error.what, where=str(path), found=error.found, mend=error.mend) from error


def read_toml(path: Path) -> dict[str, Any]:
    """A TOML file as a dictionary, or a clear error."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CisternaError("no study here", where=str(path), mend="make one: cisterna study new DIR") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise CisternaError("the file cannot be read", where=str(path), found=str(error)[:120]) from error


def _names(what: str, names: Sequence[str], least: int, most: int) -> None:
    if not least <= len(names) <= most:
        raise CisternaError(f"{least} to {most} {what} are needed", found=f"{len(names)}")
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            mend = "letters, digits, _ and -, at most 24, such as A or head"
            raise CisternaError(f"{what}: not a name that can be used", found=f"{name!r}"[:60], mend=mend)
    if len({name.casefold() for name in names}) != len(names):
        raise CisternaError(f"{what}: a name stands twice", found=", ".join(names))
