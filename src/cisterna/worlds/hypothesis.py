"""What a hypothesis is: a named change of a person whose invented numbers stay marked as such.

A hypothesis moves named parameters and changes the plan of the body. For a parameter ``id`` that it moves,
the table holds the value it takes as rows ``id_alone`` (a published or literal value, used when the switch is
turned alone in the established world) and ``id_taught``; without a row ``id_alone`` the taught value is used.
The row put in place keeps its status ``required``: required by the claim, not measured.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.parameter import Parameter, Parameters
from cisterna.model.blueprint import Blueprint
from cisterna.model.person import Person
from cisterna.worlds.resting import Resting

KINDS = ("claim", "rival", "tag")
GRADES = ("established", "plausible", "contested", "hypothesis", "contradicted")
#: How strongly a switch is turned: the whole teaching, or the one published or literal value.
STRENGTHS = ("as-taught", "alone")
_SUFFIX = {"as-taught": "taught", "alone": "alone"}


class Hypothesis(ABC):
    """A drop-in hypothesis.

    Attributes
    ----------
    name, title : str
        ``H-...`` and what it says in words.
    kind : str
        ``claim`` of the therapy, ``rival`` explanation, or ``tag`` without physics.
    grade : str
        Grade of the law.
    claims : tuple of str
        Rows of the claims table it carries.
    law : str
        The equations.
    moves : tuple of str
        Parameters it moves; see the module for the rows that hold the values.
    uses : tuple of str
        Other parameters of the law.
    expected, against : str
        What would be seen if it were so; what would count against it.
    order : int
        Place among the switches: a later one sees what an earlier one changed.
    self_sustained : bool
        Whether it makes the body oscillate by itself, so that no resting state exists with it.
    excludes : tuple of str
        Switches it cannot stand beside.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    kind: ClassVar[str]
    grade: ClassVar[str]
    claims: ClassVar[tuple[str, ...]]
    law: ClassVar[str]
    moves: ClassVar[tuple[str, ...]] = ()
    uses: ClassVar[tuple[str, ...]] = ()
    expected: ClassVar[str] = ""
    against: ClassVar[str] = ""
    order: ClassVar[int] = 0
    self_sustained: ClassVar[bool] = False
    excludes: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def change(self, plan: Blueprint, person: Person) -> Blueprint:
        """The plan of a body with this hypothesis; `person` carries the moved parameters."""

    def tune(self, plan: Blueprint, person: Person, rest: Resting) -> tuple[Blueprint, tuple[str, ...]]:
        """Set what follows from the person's own rest (`worlds.start`): the plan, and notes for the reader."""
        return plan, ()

    def rows(self, parameters: Parameters, strength: str) -> dict[str, Parameter]:
        """The rows this hypothesis puts in place of the published ones."""
        if strength not in STRENGTHS:
            raise UnknownName("strength", strength, list(STRENGTHS), where=self.name)
        placed = {}
        for key in self.moves:
            wanted = f"{key}_{_SUFFIX[strength]}"
            row = parameters[wanted if wanted in parameters else f"{key}_taught"]
            note = f"{self.name}, {strength}; {row.note}".rstrip("; ")
            placed[key] = replace(row, id=key, status="required", note=note)
        return placed

    def apply(self, person: Person, strength: str = "as-taught") -> Person:
        """The person with this hypothesis; apply it after conditions and after your own values.

        Raises
        ------
        CisternaError
            It is on already, or stands beside one it excludes.
        """
        on = switched_on(person)
        if self.name in on:
            raise CisternaError(f"{self.name} is on already", where=person.name)
        clash = [name for name in on if name in self.excludes or self.name in hypothesis(name).excludes]
        if clash:
            raise CisternaError(f"{self.name} and {clash[0]} exclude each other", mend="switch one of them off")
        changed = replace(person, parameters=person.parameters.replace_rows(self.rows(person.parameters, strength)))
        return changed.with_(Switch(self, strength, changed))


@dataclass(frozen=True)
class Switch:
    """A hypothesis that is on in a person: a change of the plan."""

    hypothesis: Hypothesis
    strength: str
    person: Person

    @property
    def name(self) -> str:
        return self.hypothesis.name

    def __call__(self, plan: Blueprint) -> Blueprint:
        return self.hypothesis.change(plan, self.person).with_hypothesis(self.name)


def switches(person: Person) -> tuple[Switch, ...]:
    """The hypotheses that are on in a person, in the order applied."""
    return tuple(change for change in person.changes if isinstance(change, Switch))


def switched_on(person: Person) -> tuple[str, ...]:
    """Names of the hypotheses that are on."""
    return tuple(switch.name for switch in switches(person))


def hypotheses() -> Mapping[str, type[Hypothesis]]:
    """All hypotheses that ship, by name, in the order they are applied.

    Examples
    --------
    >>> list(hypotheses())
    ['H-SUT', 'H-PRESSURESTAT', 'H-PRM']
    """
    from cisterna.ground.registry import scan

    found = scan("cisterna.worlds.hypotheses", Hypothesis)
    return dict(sorted(found.items(), key=lambda item: (item[1].order, item[0])))


def hypothesis(name: str) -> Hypothesis:
    """A hypothesis by name; a wrong name is answered with the nearest."""
    known = hypotheses()
    if name not in known:
        raise UnknownName("hypothesis", name, list(known))
    return known[name]()
