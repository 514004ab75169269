"""The body as a plan: named components, how they nest and join, what is imposed and what is read.

A blueprint is a value: `add`, `join`, `scale`, `replace` and `remove` return a new one, so a condition or a
hypothesis is a function from blueprint to blueprint.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.parameter import Parameter
from cisterna.ground.units import from_internal, to_internal
from cisterna.physiology.component import (
    Column,
    Compartment,
    Component,
    Drive,
    Path,
    Reflex,
    Tissue,
    internal,
)

#: Name of the world beyond the modelled body in a path that crosses the border.
OUTSIDE = ""


@dataclass(frozen=True)
class Part:
    """A component in its place.

    Attributes
    ----------
    law : Component
        What it does.
    sees : dict
        Slot of the law -> reference.
    inside : dict
        Compartments: container -> share of the volume that lies in it (reciprocal: the container's pressure
        acts from outside with the same share, so power is conserved).
    outside : dict
        Compartments: node or drive -> weight of a pressure imposed from outside, one-way.
    ends : tuple
        Paths: names of the nodes; "" is the world outside.
    on : str
        Tissues: the compartment whose wall it is.
    position : float or None
        Nodes: distance below the ear along the body axis, cm; None where no fluid column acts.
    fluid : str
        Fluid whose column acts along a path or around a wall: ``csf`` or ``blood``.
    start : float
        Initial state.
    """

    law: Component
    sees: Mapping[str, str] = field(default_factory=dict)
    inside: Mapping[str, float] = field(default_factory=dict)
    outside: Mapping[str, float] = field(default_factory=dict)
    ends: tuple[str, str] = (OUTSIDE, OUTSIDE)
    on: str = ""
    position: float | None = None
    fluid: str = "csf"
    start: float = 0.0


@dataclass(frozen=True)
class Signal:
    """A named output: a weighted sum of references, with unit and reference level."""

    terms: Mapping[str, float]
    unit: str
    level_ref: str = "none"


@dataclass(frozen=True)
class Control:
    """An input that a protocol may move in time, with its resting value (internal units)."""

    default: float
    unit: str


@dataclass(frozen=True)
class Blueprint:
    """Named parts of a body; see the module for how one is changed.

    Attributes
    ----------
    parts : dict
        Name -> Part, in the order added.
    controls, signals : dict
        Inputs a protocol moves; outputs a recording holds.
    densities : dict
        Fluid -> density, mmHg s^2/cm^2.
    hypotheses : tuple of str
        Switches that are on.
    """

    parts: Mapping[str, Part] = field(default_factory=dict)
    controls: Mapping[str, Control] = field(default_factory=dict)
    signals: Mapping[str, Signal] = field(default_factory=dict)
    densities: Mapping[str, float] = field(default_factory=dict)
    hypotheses: tuple[str, ...] = ()
    periods: Mapping[str, float] = field(default_factory=dict)

    # ---- building -------------------------------------------------------------------------------------
    def add(self, name: str, law: Component, **place: Any) -> Blueprint:
        """Add a compartment, tissue, drive or reflex; `place` holds the fields of Part."""
        if name in self.parts or name in self.controls:
            raise CisternaError(f"'{name}' is already in the plan", mend="use replace, or another name")
        if isinstance(place.get("inside"), str):
            place["inside"] = {place["inside"]: 1.0}
        return replace(self, parts={**self.parts, name: Part(law, **place)})

    def join(self, name: str, ends: tuple[str, str], law: Path | Column, **place: Any) -> Blueprint:
        """Add a path from one node to another; positive flow runs from the first to the second."""
        return self.add(name, law, ends=ends, **place)

    def control(self, name: str, default: float, unit: str) -> Blueprint:
        """Declare an input that a protocol may move."""
        return replace(self, controls={**self.controls, name: Control(to_internal(default, unit), unit)})

    def signal(self, name: str, terms: str | Mapping[str, float], unit: str, level_ref: str = "none") -> Blueprint:
        """Declare an output: one reference or a weighted sum."""
        known = {terms: 1.0} if isinstance(terms, str) else dict(terms)
        return replace(self, signals={**self.signals, name: Signal(known, unit, level_ref)})

    # ---- changing -------------------------------------------------------------------------------------
    def part(self, name: str) -> Part:
        """A part by name; a wrong name is answered with the nearest."""
        if name not in self.parts:
            raise UnknownName("part", name, list(self.parts))
        return self.parts[name]

    def replace(self, name: str, law: Component | None = None, **place: Any) -> Blueprint:
        """Exchange a part's law, or fields of its place."""
        old = self.part(name)
        new = replace(old, law=law or old.law, **place)
        return replace(self, parts={**self.parts, name: new})

    def remove(self, *names: str) -> Blueprint:
        """Take parts away."""
        for name in names:
            self.part(name)
        return replace(self, parts={k: v for k, v in self.parts.items() if k not in names})

    def with_field(self, dotted: str, value: float | Parameter) -> Blueprint:
        """Set one field of a law by its dotted name ``part.field`` (a bare number is in internal units)."""
        name, _, attribute = dotted.rpartition(".")
        law = self.part(name).law
        if attribute not in law.units():
            raise UnknownName(f"field of '{name}'", attribute, list(law.units()))
        return self.replace(name, dataclasses.replace(law, **{attribute: value}))  # type: ignore[type-var]

    def scale(self, dotted: str, by: float) -> Blueprint:
        """Multiply one field of a law."""
        name, _, attribute = dotted.rpartition(".")
        law = self.part(name).law
        if attribute not in law.units():
            raise UnknownName(f"field of '{name}'", attribute, list(law.units()))
        return self.with_field(dotted, internal(getattr(law, attribute), law.units()[attribute], dotted) * by)

    def with_hypothesis(self, name: str) -> Blueprint:
        """Note that a switch is on."""
        return replace(self, hypotheses=(*self.hypotheses, name))

    # ---- looking --------------------------------------------------------------------------------------
    def of_kind(self, *kinds: type) -> dict[str, Part]:
        """Parts whose law is of a kind."""
        return {name: part for name, part in self.parts.items() if isinstance(part.law, kinds)}

    def fields(self) -> dict[str, tuple[float, str]]:
        """Every dotted name with its value and unit."""
        rows = {}
        for name, part in self.parts.items():
            for attribute, unit in part.law.units().items():
                value = internal(getattr(part.law, attribute), unit, f"{name}.{attribute}")
                rows[f"{name}.{attribute}"] = (from_internal(value, unit), unit)
        return rows


__all__ = [
    "OUTSIDE", "Blueprint", "Column", "Compartment", "Control", "Drive", "Part", "Path", "Reflex", "Signal", "Tissue",
]  # fmt: skip
