"""What a technique is: where the hands lie, which way they draw, what is claimed for it."""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from typing import ClassVar

from cisterna.ground.errors import UnknownName
from cisterna.ground.registry import scan


class Technique(ABC):
    """A drop-in technique: a hold at one or more stations at once.

    Attributes
    ----------
    name : str
        How a protocol asks for it.
    title : str
        What practitioners call it.
    hands : dict
        Station -> direction in which it is loaded.
    target : str
        What is claimed to be reached, in the words of the teaching.
    claims : tuple of str
        Rows of the table of claims it touches.
    infant : bool
        Whether infant rules allow it (no load on a fontanelle, no movement of the neck).
    source : str
        Where the hold is described.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    hands: ClassVar[Mapping[str, str]]
    target: ClassVar[str]
    claims: ClassVar[tuple[str, ...]] = ()
    infant: ClassVar[bool] = True
    source: ClassVar[str] = "practice reference, ten-step protocol (recalled from training literature)"


def techniques() -> Mapping[str, type[Technique]]:
    """All techniques that ship, by name."""
    return scan("cisterna.sessions.techniques", Technique)


def technique(name: str, more: Mapping[str, type[Technique]] | None = None) -> Technique:
    """A technique by name, from those that ship and `more`; a wrong name is answered with the nearest."""
    known = {**techniques(), **(more or {})}
    if name not in known:
        raise UnknownName("technique", name, list(known))
    return known[name]()
