"""The frozen order of everything in a body: names, what sees what, what lies in what.

A layout holds no numbers. Equal bodies have equal layouts and so share their compiled programs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from cisterna.model.sparse import Pattern
from cisterna.physiology.component import Component


@dataclass(frozen=True)
class Group:
    """Components of one class as one array operation: their names, where they sit, what they see."""

    law: type[Component]
    names: tuple[str, ...]
    sees: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def count(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Layout:
    """The frozen order of everything in a network; hashable, so equal bodies share one compiled program.

    Attributes
    ----------
    compartments, columns, paths, tissues, reflexes, drives : tuple of Group
    controls, stored, border, signals, drive_order : tuple
        Names (with units and levels) of inputs, of compartments with a volume, of paths over the border, of outputs.
    encloses : Pattern
        For each compartment the stored volumes that lie in it (W).
    pressed : Pattern
        For each compartment those whose transmural pressure acts on it (A).
    ends : tuple of (int, int)
        For each column and path the stored volumes at its ends, -1 for a drive or the world outside.
    walls : tuple of int
        For each tissue the compartment whose wall it belongs to.
    shown : Pattern
        For each signal the observables it is a sum of.
    """

    compartments: tuple[Group, ...]
    columns: tuple[Group, ...]
    paths: tuple[Group, ...]
    tissues: tuple[Group, ...]
    reflexes: tuple[Group, ...]
    drives: tuple[Group, ...]
    controls: tuple[tuple[str, str], ...]
    stored: tuple[str, ...]
    border: tuple[str, ...]
    signals: tuple[tuple[str, str, str], ...]
    drive_order: tuple[str, ...]
    encloses: Pattern
    pressed: Pattern
    ends: tuple[tuple[int, int], ...]
    walls: tuple[int, ...]
    shown: Pattern

    def __hash__(self) -> int:
        return self._hash

    @cached_property
    def _hash(self) -> int:
        # Every call of a compiled program asks for it.
        return hash((self.stored, self.border, self.signals, self.controls, self.ends, self.shown, self.compartments))

    @property
    def input_names(self) -> list[str]:
        """Controls, then drives."""
        return [name for name, _ in self.controls] + list(self.drive_order)

    @property
    def state_names(self) -> list[str]:
        """Names of the state vector, in order."""
        return (
            [f"volume.{name}" for name in self.stored]
            + [f"flow.{name}" for name in members(self.columns)]
            + [f"inner.{name}" for name in members(self.tissues)]
            + [f"state.{name}" for name in members(self.reflexes)]
            + [f"ledger.{name}" for name in self.border]
        )

    @property
    def observables(self) -> list[str]:
        """Names of everything a law or a signal can refer to, in order."""
        return (
            [f"drive.{name}" for name in self.input_names]
            + self.state_names
            + [f"total.{name}" for name in members(self.compartments)]
            + [f"wall.{name}" for name in members(self.compartments)]
            + [f"pressure.{name}" for name in members(self.compartments)]
            + [f"flow.{name}" for name in members(self.paths)]
        )

    @property
    def signal_names(self) -> list[str]:
        return [name for name, _, _ in self.signals]

    @property
    def control_names(self) -> list[str]:
        return [name for name, _ in self.controls]


def members(groups: tuple[Group, ...]) -> list[str]:
    """Names of all components of some groups, in order."""
    return [name for group in groups for name in group.names]


@lru_cache(maxsize=256)
def index_of(layout: Layout) -> dict[str, int]:
    """Place of each observable in the observation vector."""
    return {name: i for i, name in enumerate(layout.observables)}


def all_groups(layout: Layout) -> tuple[Group, ...]:
    """Every group, in the order of `Network.laws`."""
    return (
        *layout.compartments, *layout.columns, *layout.paths, *layout.tissues, *layout.reflexes, *layout.drives,
    )  # fmt: skip


def moving(layout: Layout) -> int:
    """Number of states before the ledgers, on which nothing depends."""
    return len(layout.state_names) - len(layout.border)


def spans(groups: tuple[Group, ...]) -> list[slice]:
    """Where the members of each group stand among all of their kind."""
    ends = np.cumsum([0, *(group.count for group in groups)])
    return [slice(int(a), int(b)) for a, b in zip(ends[:-1], ends[1:], strict=True)]


@lru_cache(maxsize=64)
def incidences(layout: Layout) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is made of ones: (flows to volumes, flows over the border to ledgers, branch pressures to walls)."""
    collect = np.zeros((len(layout.stored), len(layout.ends)))
    border = np.zeros((len(layout.border), len(layout.ends)))
    paths = members(layout.columns) + members(layout.paths)
    for k, (upper, lower) in enumerate(layout.ends):
        if upper >= 0:
            collect[upper, k] -= 1.0
        if lower >= 0:
            collect[lower, k] += 1.0
        if paths[k] in layout.border:
            border[layout.border.index(paths[k]), k] = 1.0 if lower >= 0 else -1.0
    wall = np.zeros((len(layout.encloses), len(layout.walls)))
    wall[list(layout.walls), np.arange(len(layout.walls))] = 1.0
    return collect, border, wall
