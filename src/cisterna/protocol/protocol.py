"""A protocol: a person, a timeline of steps, observations. Experiment, clinical test and session alike.

Written in Python or in TOML, with the same words and the same checks:

    Protocol(
        title="Bolus of 4 mL, supine adult",
        person=Subject(age=35),
        steps=(Rest(duration="30 s"), Bolus(volume="4 mL", over="3 s"), Rest(duration="20 s", label="after")),
        observe=(
            Observation(id="rise", signal="icp", measure="ratio", window=("bolus end", "+1 breath"),
                        baseline=("0 s", "30 s"), range="bolus4_rise"),
        ),
    )
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.protocol.step import Number, Step, as_table, number, plain

if TYPE_CHECKING:
    from cisterna.model.person import Person

#: Largest integration step that may be asked for, s.
COARSEST = 1.0
FINEST = 1e-4


@dataclass(frozen=True)
class Subject:
    """Who takes part, before anything is built.

    Attributes
    ----------
    body : str
        Name of the body model.
    age : float
        Years.
    conditions : tuple
        Names, or tables ``{"name": "stenosis", ...}`` with what the condition may be given.
    set : dict
        Values by parameter id or dotted name, as texts with units.

    Examples
    --------
    >>> Subject(body="one", set={"csf_production": "0.4 mL/min"}).person().parameters.peek("csf_production").value
    0.4
    """

    body: str = "axis"
    age: float = 35.0
    conditions: tuple[str | Mapping[str, Any], ...] = ()
    set: Mapping[str, str | float] = field(default_factory=dict)

    def person(self) -> Person:
        """The person, with values set and conditions applied.

        Raises
        ------
        CisternaError
            Unknown body, condition or parameter (with the nearest), wrong kind of unit, impossible age.
        """
        from cisterna.model.body import bodies
        from cisterna.model.person import Person

        if self.body not in bodies():
            raise UnknownName("body", self.body, list(bodies()))
        made = Person.typical(age=self.age, body=self.body).with_values(self.set)
        return made.with_(*(build_condition(entry) for entry in self.conditions))


def build_condition(entry: str | Mapping[str, Any]) -> Any:
    """A condition from its name, or from a table with its name and what it may be given."""
    from cisterna.conditions import condition, conditions

    if isinstance(entry, str):
        return condition(entry)
    table = dict(entry)
    name = table.pop("name", None)
    if not isinstance(name, str):
        raise CisternaError("a condition needs a name", found=str(dict(entry)), mend='write { name = "..." }')
    condition(name)
    try:
        return conditions()[name](**table)
    except TypeError as error:
        what = f"condition '{name}' cannot be given this"
        raise CisternaError(what, found=", ".join(table), mend=str(error)) from None


@dataclass(frozen=True)
class Observation:
    """One number read from a run.

    Attributes
    ----------
    id : str
        Its name in the results.
    signal, place : str
        What is read, and where if the signal has places; ``L3/L4`` lies between two levels.
    measure : str
        See `cisterna.protocol.measures`.
    window, baseline : tuple of str
        See `cisterna.protocol.window`.
    against, against_place : str
        Second signal, for `delay`.
    fraction : float
        For `time_to_fraction`.
    range : str
        Row of the measurements table or a parameter it is compared with.
    low, high : float or None
        A range of one's own, in `unit`, with its `source`.
    unit : str
        Unit of the value; that of the range, or of the measure, when empty.
    source : str
        Where the range comes from; filled from `range`.
    role : str
        ``input`` when the body only returns what was put in: the row is shown, never counted.
    """

    id: str
    signal: str
    window: tuple[str, ...]
    measure: str = "mean"
    place: str = ""
    baseline: tuple[str, ...] = ()
    against: str = ""
    against_place: str = ""
    fraction: float = 0.5
    range: str = ""
    low: float | None = None
    high: float | None = None
    unit: str = ""
    source: str = ""
    role: str = ""

    def __post_init__(self) -> None:
        if self.role not in ("", "input"):
            mend = "write input, or leave it to the reference"
            raise CisternaError(f"'{self.id}' cannot have this role", found=self.role, mend=mend)
        own = self.low is not None or self.high is not None
        if own and self.range:
            found = f"{self.range}, and low or high"
            raise CisternaError(f"'{self.id}' has a range twice", found=found, mend="keep one")
        if own and not self.source:
            mend = 'add source = "...", or "assumed: why" when it is your own'
            raise CisternaError(f"low and high of '{self.id}' have no source", mend=mend)
        if self.low is not None and self.high is not None and self.low > self.high:
            raise CisternaError(f"'{self.id}': low is above high", found=f"{self.low:g} > {self.high:g}")
        if not 0.0 < self.fraction < 1.0:
            raise CisternaError(f"'{self.id}': fraction must lie between 0 and 1", found=f"{self.fraction:g}")


@dataclass(frozen=True)
class Protocol:
    """A person, a timeline, observations.

    Attributes
    ----------
    title : str
    person : Subject
    steps : tuple of Step
        One after the other, unless a step says `at` or `with_previous`.
    observe : tuple of Observation
    resolution : float or None
        Integration step, s (text with a unit); the solver's own when None.
    note : str
        For the reader.
    """

    title: str = ""
    person: Subject = field(default_factory=Subject)
    steps: tuple[Step, ...] = ()
    observe: tuple[Observation, ...] = ()
    resolution: Any = None
    note: str = ""

    def __post_init__(self) -> None:
        if self.resolution is None:
            return
        given = self.resolution
        h = given if isinstance(given, Number) else Number(number(given, "s", "resolution"))
        if not FINEST <= h <= COARSEST:
            mend = f"give {FINEST * 1e3:g} ms to {COARSEST:g} s"
            raise CisternaError("no such resolution", found=plain(h, "s"), mend=mend)
        object.__setattr__(self, "resolution", h)

    def as_table(self) -> dict[str, Any]:
        """The protocol as a file would hold it; reading it back gives the same protocol."""
        subject = {
            "body": self.person.body,
            "age": self.person.age,
            "conditions": [c if isinstance(c, str) else dict(c) for c in self.person.conditions],
            "set": dict(self.person.set),
        }
        table: dict[str, Any] = {"title": self.title, "person": {k: v for k, v in subject.items() if v not in ([], {})}}
        if self.note:
            table["note"] = self.note
        if self.resolution is not None:
            table["resolution"] = plain(self.resolution, "s")
        table["step"] = [as_table(step) for step in self.steps]
        table["observe"] = [_without_defaults(seen) for seen in self.observe]
        return table


def _without_defaults(seen: Observation) -> dict[str, Any]:
    rows = {item.name: (getattr(seen, item.name), item.default) for item in fields(seen)}
    return {key: list(v) if isinstance(v, tuple) else v for key, (v, default) in rows.items() if v != default}
