"""Claims that only recordings can decide: judged by data, and undecided without them.

No model answers for a missing measurement. Without data the verdict is "undecided: no data", beside what would be
needed: channels, length of record or number of persons, and the size of effect that what exists could have shown.
To add one, write a `DataClaim` into ``claims/book/``: fill the class attributes, `judge` and `needed`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from cisterna.claims.claim import Published, Statement, Table
from cisterna.claims.judge import NO_DATA
from cisterna.claims.table import claims_table
from cisterna.claims.verdict import _number, _plain, _wrap
from cisterna.ground.parameter import Parameter, default_parameters
from cisterna.ground.sources import cite
from cisterna.recordings.recording import Recording
from cisterna.signals.result import Result


@dataclass(frozen=True)
class Needed:
    """One thing that would decide the claim, or that what exists falls short of.

    Attributes
    ----------
    quantity : str
    value : float or None
        None where it is no number (a channel), or where no value would do.
    unit, note : str
    """

    quantity: str
    value: float | None
    unit: str
    note: str = ""


@dataclass(frozen=True)
class Finding:
    """What data say.

    Attributes
    ----------
    verdict, why : str
        supported, contradicted, undecided, or undecided: no data.
    value, low, high : float
        The output of the claim and its 95 % interval; NaN where there is none.
    results : tuple of Result
        All that was measured.
    tables : tuple of Table
    notes : tuple of str
    """

    verdict: str
    why: str
    value: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    results: tuple[Result, ...] = ()
    tables: tuple[Table, ...] = ()
    notes: tuple[str, ...] = ()


class DataClaim(Statement):
    """A claim that only recordings can decide.

    Attributes
    ----------
    supports, contradicts : str
        The two levels in words, fixed before any data are seen.
    no_data : str
        Why nothing decides it today.
    channels : dict
        Name of each channel -> what it is; the names `--channels` takes.
    rows : tuple of str
        Parameters it rests on.
    """

    supports: ClassVar[str]
    contradicts: ClassVar[str]
    no_data: ClassVar[str]
    channels: ClassVar[Mapping[str, str]] = {}
    rows: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def judge(self, recordings: Sequence[Recording], seed: int, fast: bool) -> Finding:
        """Judge by recordings, one or more."""

    @abstractmethod
    def needed(self) -> Sequence[Needed]:
        """What would decide it."""

    def tables(self, seed: int, fast: bool, say: Callable[[str], None]) -> Sequence[Table]:
        """What can be computed without data: power, null shares, error rates of the method."""
        return ()


@dataclass(frozen=True)
class DataVerdict:
    """The answer to a claim that only data can decide.

    Attributes
    ----------
    name, question, output, unit, claims, supports, contradicts, channels
        Of the claim.
    grades : dict
        Claims-table row -> grade of the evidence.
    finding : Finding
    needed : tuple of Needed
    tables : tuple of Table
        Computed without data.
    published : tuple of Published
    parameters : dict
        Parameters that ran.
    sources : tuple of str
    recordings : tuple of str
        Titles of the recordings it was judged by.
    seed : int
    fast : bool
    """

    name: str
    question: str
    output: str
    unit: str
    claims: tuple[str, ...]
    supports: str
    contradicts: str
    channels: Mapping[str, str]
    grades: Mapping[str, str]
    finding: Finding
    needed: tuple[Needed, ...]
    tables: tuple[Table, ...]
    published: tuple[Published, ...]
    parameters: Mapping[str, Parameter]
    sources: tuple[str, ...]
    recordings: tuple[str, ...]
    seed: int
    fast: bool

    @property
    def verdict(self) -> str:
        """supported, contradicted, undecided, or undecided: no data."""
        return self.finding.verdict

    @property
    def value(self) -> float:
        """Output of the claim; NaN without data."""
        return self.finding.value

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain types, for JSON; a number that does not exist is None."""
        plain: dict[str, Any] = _plain(self)
        plain["finding"]["results"] = [r.as_dict() for r in self.finding.results]
        return {**plain, "verdict": self.verdict, "why": self.finding.why, "value": plain["finding"]["value"]}

    def text(self) -> str:
        """Lines for a terminal, at most 80 columns."""
        found = self.finding
        lines = [
            *_wrap(f"{self.name}  {self.question}"),
            *_wrap("claims      " + ", ".join(f"{c} ({g})" for c, g in self.grades.items()), 12),
            *_wrap(f"output      {self.output}" + ("" if self.unit == "1" else f", {self.unit}"), 12),
            *_wrap(f"supports    {self.supports}", 12),
            *_wrap(f"contradicts {self.contradicts}", 12),
            "",
            f"verdict     {self.verdict.upper()}",
            *_wrap(f"            {found.why}", 12),
        ]
        for title in self.recordings:
            lines += _wrap(f"recording   {title}", 12)
        lines += _results(found.results)
        lines += ["", "what would decide it" if self.verdict.startswith("undecided") else "what it takes"]
        for need in self.needed:
            size = (
                "" if need.value is None else f"{_number(need.value)}" + ("" if need.unit == "1" else f" {need.unit}")
            )
            lines += _wrap("  " + ": ".join(part for part in (need.quantity, size) if part), 4)
            lines += _wrap(f"    {need.note}", 4) if need.note else []
        for table in (*found.tables, *self.tables):
            lines += ["", *_wrap(table.title), *_grid(table)]
        lines += [""] if self.published else []
        for row in self.published:
            value = "" if row.value is None else f"{_number(row.value)} "
            band = "" if row.low is None or row.high is None else f"({_number(row.low)}..{_number(row.high)}) "
            unit = "" if row.unit == "1" else f"{row.unit}, "
            lines += _wrap(f"measured    {row.quantity}: {value}{band}{unit}{row.population} [{row.source}]", 12)
        for note in found.notes:
            lines += _wrap(f"note        {note}", 12)
        lines += ["", f"seed {self.seed}" + (", fast" if self.fast else "")]
        return "\n".join(line.rstrip() for line in lines)


def judge_by_data(
    asked: DataClaim, recordings: Sequence[Recording], seed: int, fast: bool, say: Callable[[str], None]
) -> DataVerdict:
    """Judge a claim by recordings; without any it is undecided, no data."""
    every = default_parameters()
    if recordings:
        say(f"{asked.name}: {len(recordings)} recording" + "s" * (len(recordings) > 1))
        found = asked.judge(recordings, seed, fast)
    else:
        found = Finding(NO_DATA, asked.no_data)
    say(f"{asked.name}: what would be needed")
    needed = tuple(asked.needed())
    tables = tuple(asked.tables(seed, fast, say))
    parameters = {key: every[key] for key in asked.rows}
    return DataVerdict(
        name=asked.name, question=asked.question, output=asked.output, unit=asked.unit, claims=asked.claims,
        supports=asked.supports, contradicts=asked.contradicts, channels=dict(asked.channels),
        grades={row.id: row.grade for row in claims_table() if row.id in asked.claims}, finding=found, needed=needed,
        tables=tables, published=tuple(asked.published()), parameters=parameters,
        sources=tuple(cite(parameters, every)), recordings=tuple(r.title or "recording" for r in recordings),
        seed=seed, fast=fast,
    )  # fmt: skip


def _results(results: Sequence[Result]) -> list[str]:
    lines = ["", "measured here"] if results else []
    for r in results:
        unit = "" if r.unit == "1" else f" {r.unit}"
        band = "" if r.low != r.low else f" ({_number(r.low)}..{_number(r.high)})"
        where = f" [{r.channel}]" if r.channel else ""
        lines += _wrap(f"  {r.id}{where}: {_number(r.value)}{unit}{band}", 4)
    return lines


def _grid(table: Table) -> list[str]:
    """A table in columns; the first to the left, the others to the right."""
    heads = [name + ("" if unit in ("", "1") else f", {unit}") for name, unit in table.columns]
    cells = [[c if isinstance(c, str) else _number(c) for c in row] for row in table.rows]
    wide = [max(len(heads[k]), *(len(row[k]) for row in cells)) for k in range(len(heads))]
    every = [heads, *cells]
    lines = []
    for row in every:
        first, *others = zip(row, wide, strict=True)
        lines.append("  ".join(["", f"{first[0]:<{first[1]}}", *(f"{cell:>{width}}" for cell, width in others)]))
    return lines
