"""Conditions: one file a pathology, each a named change of the plan."""

from __future__ import annotations

from collections.abc import Mapping

from cisterna.ground.errors import UnknownName
from cisterna.ground.registry import scan
from cisterna.model.condition import Condition


def conditions() -> Mapping[str, type[Condition]]:
    """All conditions that ship, by name."""
    return scan("cisterna.conditions", Condition)


def condition(name: str) -> Condition:
    """A condition by name; a wrong name is answered with the nearest."""
    known = conditions()
    if name not in known:
        raise UnknownName("condition", name, list(known))
    return known[name]()
