"""Where a run in a world begins.

A rhythm that sustains itself leaves a body without a resting state: shooting finds none, or an unstable one.
Such a run starts from the rest of the same body without the rhythm, and the rhythm is switched on at the
first instant. The note in `Begun.notes` says so and belongs beside every result.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.model.assemble import assemble
from cisterna.model.blueprint import Blueprint
from cisterna.model.network import Network
from cisterna.model.person import Person
from cisterna.model.schedule import Schedule
from cisterna.model.start import resting_schedule
from cisterna.worlds.hypothesis import Switch, switched_on, switches
from cisterna.worlds.resting import Resting, resting


@dataclass(frozen=True)
class Begun:
    """A body ready to run in its world.

    Attributes
    ----------
    person : Person
    plan, net, schedule : Blueprint, Network, Schedule
        The body with every switch on, and its inputs at rest.
    state : array (states,)
        Where the run starts.
    rest : Resting
        Rest of the body without a self-sustained rhythm, on which pressure and compliance were measured.
    notes : tuple of str
        What a reader must know about the start.
    """

    person: Person
    plan: Blueprint
    net: Network
    schedule: Schedule
    state: np.ndarray
    rest: Resting
    notes: tuple[str, ...]


def without_rhythm(person: Person) -> Person:
    """The person without the switches that make the body oscillate by itself."""
    kept = [c for c in person.changes if not (isinstance(c, Switch) and c.hypothesis.self_sustained)]
    return replace(person, changes=tuple(kept))


def begin_in(person: Person, rest: Resting | None = None) -> Begun:
    """Find where a person's run begins, in whatever world the person stands.

    Parameters
    ----------
    person : Person
        As `world.apply_world` returns it.
    rest : Resting, optional
        Rest of `without_rhythm(person)`, if it is known already.
    """
    quiet = without_rhythm(person)
    rest = rest or resting(quiet)
    rhythms = [s for s in switches(person) if s.hypothesis.self_sustained]
    if not rhythms:
        return Begun(person, rest.plan, rest.net, rest.start.schedule, rest.start.rest.state, rest, ())
    plan = person.blueprint()
    notes = [
        f"{', '.join(s.name for s in rhythms)} oscillates by itself: the run starts from the rest of the body "
        "without it, and it is switched on at 0 s"
    ]
    for switch in rhythms:
        plan, more = switch.hypothesis.tune(plan, switch.person, rest)
        notes += more
    net = assemble(plan)
    state = carry_state(rest.net, net, rest.start.rest.state)
    return Begun(person, plan, net, resting_schedule(plan, net), state, rest, tuple(notes))


def carry_state(source: Network, target: Network, state: np.ndarray) -> np.ndarray:
    """A state vector of one network as that of another, by the names of the states.

    States that only the target has keep its initial value.

    Raises
    ------
    CisternaError
        The source has a state that the target lacks: its volume would be lost.
    """
    here, there = source.layout.state_names, target.layout.state_names
    lost = [name for name in here if name not in there]
    if lost:
        raise CisternaError("a state has no place in the other body", where=", ".join(lost[:3]))
    carried = np.array(target.start)
    carried[[there.index(name) for name in here]] = state
    return carried


__all__ = ["Begun", "begin_in", "carry_state", "switched_on", "without_rhythm"]
