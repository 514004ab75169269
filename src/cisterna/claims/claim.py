"""What a claim is: a statement, an output with two levels, its key parameters, and a way to measure it.

To add one, write a file with a `Claim` (drop it into ``claims/book/`` or give it with ``--with file.py``):
fill the class attributes, `keys` and `measure`. Draws, required values, flips and the verdict are done for it.
What a model cannot answer, only recordings, is a `cisterna.claims.evidence.DataClaim`.
"""

from __future__ import annotations

import csv
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import ClassVar

import numpy as np

from cisterna.claims.bench import Bench, Case
from cisterna.claims.key import Key
from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.model.person import Person


@dataclass(frozen=True)
class Published:
    """A measurement the result is held against; a cell that is not known is None."""

    quantity: str
    value: float | None
    low: float | None
    high: float | None
    unit: str
    population: str
    source: str


@dataclass(frozen=True)
class Table:
    """A table of results: columns with their units, and rows."""

    title: str
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str | float, ...], ...]


@dataclass(frozen=True)
class Check:
    """One quantity by two ways."""

    quantity: str
    unit: str
    first: tuple[str, float]
    second: tuple[str, float]


class Statement(ABC):
    """What every claim states, however it is decided.

    Attributes
    ----------
    name : str
        Name of the experiment, ``E1``.
    question : str
        What is asked.
    claims : tuple of str
        Rows of the claims table it answers.
    output, unit : str
        The number the verdict rests on.
    """

    name: ClassVar[str]
    question: ClassVar[str]
    claims: ClassVar[tuple[str, ...]] = ()
    output: ClassVar[str]
    unit: ClassVar[str]

    def published(self) -> Sequence[Published]:
        """Measurements beside it."""
        return published(self.name)


class Claim(Statement):
    """A claim as an experiment on a body: `measure` gives its output in each world.

    Attributes
    ----------
    supports, contradicts : float
        Levels: at or beyond the first the claim holds, at or beyond the second it fails. The first may be
        the larger or the smaller.
    asks : tuple of str
        Hypotheses the question itself puts on in the established body, at their literal strength.
    switches : tuple of str
        Hypotheses that act on the output; these are flipped one at a time.
    no_data : str
        Why there is nothing to decide by; then the verdict is undecided, no data.
    """

    supports: ClassVar[float]
    contradicts: ClassVar[float]
    asks: ClassVar[tuple[str, ...]] = ()
    switches: ClassVar[tuple[str, ...]] = ()
    no_data: ClassVar[str] = ""

    @abstractmethod
    def keys(self, bench: Bench) -> Sequence[Key]:
        """The key parameters with default and published range, one to five."""

    @abstractmethod
    def measure(self, bench: Bench, multiples: Mapping[str, np.ndarray]) -> np.ndarray:
        """The output for arrays of multiples of the key parameters (a key left out stays at 1).

        Parameters
        ----------
        bench : Bench
            A person in a world; `bench.rest` is what was measured on the body.
        multiples : dict
            Key id -> array (n,), all of one length.
        """

    def cases(self) -> Mapping[str, Case]:
        """Who it is measured on; the first is the one the verdict is about."""
        return {"adult": Case(Person.typical())}

    def tables(self, bench: Bench) -> Sequence[Table]:
        """Results beyond the output."""
        return ()

    def checks(self, bench: Bench) -> Sequence[Check]:
        """Cross-checks of the closed form with the body run in time."""
        return ()


def published(name: str) -> list[Published]:
    """Published measurements that stand beside a claim.

    Examples
    --------
    >>> published("E1")[0].quantity
    'ICP change at 5-20 gf'
    """
    text = (resources.files("cisterna.claims") / "published.csv").read_text(encoding="utf-8")

    def number(cell: str) -> float | None:
        return float(cell) if cell else None

    return [
        Published(
            row["quantity"], number(row["value"]), number(row["low"]), number(row["high"]),
            row["unit"], row["population"], row["source"],
        )
        for row in csv.DictReader(text.splitlines())
        if row["claim"] == name
    ]  # fmt: skip


def book(files: Iterable[str | Path] = ()) -> Mapping[str, type[Statement]]:
    """All claims that can be run, by name; `files` are a user's own.

    Raises
    ------
    CisternaError
        A file cannot be read, holds no claim, or claims a name that is taken.
    """
    from cisterna.ground.registry import load_file, scan

    found = dict(scan("cisterna.claims.book", Statement))
    for file in files:
        own = load_file(file, Statement)
        if not own:
            raise CisternaError("no claim in the file", where=str(file), mend="define a subclass of Claim or DataClaim")
        for name, cls in own.items():
            if name in found:
                raise CisternaError(f"the claim '{name}' exists already", where=str(file), mend="choose another name")
            found[name] = cls
    return dict(sorted(found.items()))


def claim(name: str, files: Iterable[str | Path] = ()) -> Statement:
    """A claim by its name (``E1``) or by a row of the claims table that it answers (``C-055``).

    Raises
    ------
    CisternaError
        Unknown name, with the nearest; or a row that no experiment answers yet.
    """
    known = book(files)
    wanted = name.strip().upper()
    by_fold = {key.upper(): cls for key, cls in known.items()}
    if wanted in by_fold:
        return by_fold[wanted]()
    for cls in known.values():
        if wanted in cls.claims:
            return cls()
    from cisterna.claims.table import claims_table

    rows = {row.id: row for row in claims_table()}
    if wanted in rows:
        answered = ", ".join(sorted({c for cls in known.values() for c in cls.claims}))
        raise CisternaError(
            f"no experiment answers {wanted} yet", where=rows[wanted].claim,
            mend=f"these can be run: {', '.join(known)} ({answered})",
        )  # fmt: skip
    raise UnknownName("claim", name, [*known, *rows])
