"""What a condition is: a named, sourced change of a plan or of parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from cisterna.ground.errors import UnknownName
from cisterna.model.blueprint import Blueprint


class Condition(ABC):
    """A drop-in condition: call it with a plan to get the changed plan."""

    name: ClassVar[str]
    #: One line in plain words.
    summary: ClassVar[str]
    #: Source of the change and its size.
    source: ClassVar[str]

    @abstractmethod
    def __call__(self, plan: Blueprint) -> Blueprint:
        """The plan of a body with this condition."""


def conditions() -> Mapping[str, type[Condition]]:
    """All conditions that ship, by name."""
    from cisterna.ground.registry import scan

    return scan("cisterna.conditions", Condition)  # type: ignore[type-abstract]


def condition(name: str) -> Condition:
    """A condition by name; a wrong name is answered with the nearest."""
    known = conditions()
    if name not in known:
        raise UnknownName("condition", name, list(known))
    return known[name]()
