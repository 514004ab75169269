"""What a body is: a named recipe from parameters to a blueprint."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from cisterna.ground.errors import UnknownName
from cisterna.ground.parameter import Parameters
from cisterna.ground.registry import scan
from cisterna.model.blueprint import Blueprint


class Body(ABC):
    """A drop-in body. `name` is how people ask for it; `plan` builds it from parameters."""

    name: ClassVar[str]
    #: One line: what it holds and what it leaves out.
    summary: ClassVar[str]
    #: Body that is the same but for a prescribed heart, when this one's heart beats by itself.
    twin: ClassVar[str] = ""

    @abstractmethod
    def plan(self, parameters: Parameters) -> Blueprint:
        """The blueprint of this body for a set of parameters."""


def bodies() -> Mapping[str, type[Body]]:
    """All bodies that ship, by name."""
    return scan("cisterna.model.bodies", Body)


def body(name: str) -> Body:
    """A body by name; a wrong name is answered with the nearest."""
    known = bodies()
    if name not in known:
        raise UnknownName("body", name, list(known))
    return known[name]()
