"""What a condition is: a named, sourced change of a plan or of parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from cisterna.model.blueprint import Blueprint


class Condition(ABC):
    """A drop-in condition: call it with a plan to get the changed plan."""

    name: ClassVar[str]
    #: One line in plain words.
    summary: ClassVar[str]
    #: Source of the change and its size.
    source: ClassVar[str]
    #: What a person with it answers in screening: field -> code, and in own words.
    answers: ClassVar[Mapping[str, str]] = {}
    words: ClassVar[str] = ""

    @abstractmethod
    def __call__(self, plan: Blueprint) -> Blueprint:
        """The plan of a body with this condition."""
