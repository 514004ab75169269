"""A protocol made ready: person, plan, timeline and observations, all checked before anything runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.model.start import own_heart
from cisterna.protocol.channel import signal_depths
from cisterna.protocol.clock import even
from cisterna.protocol.context import Context, no_touch, skull_touch
from cisterna.protocol.protocol import Protocol, Subject
from cisterna.protocol.reading import INFUSED, Reading, prepare
from cisterna.protocol.timeline import Timeline, lay_out

if TYPE_CHECKING:
    from cisterna.model.blueprint import Blueprint
    from cisterna.model.person import Person
    from cisterna.model.schedule import Schedule


class Places:
    """Where a thing stands, in words; a file answers with its lines instead."""

    def person(self, key: str, protocol: Protocol) -> str:
        """Place of a key of the person; values set are asked for as ``set <name>``."""
        return f"person, {key}"

    def step(self, k: int, key: str, protocol: Protocol) -> str:
        """Place of a key of step k."""
        return f"step {k + 1} ('{protocol.steps[k].name}')" if protocol.steps else "steps"

    def observation(self, k: int, key: str, protocol: Protocol) -> str:
        """Place of a key of observation k."""
        return f"observation '{protocol.observe[k].id}', {key}"


@dataclass(frozen=True)
class Ready:
    """A protocol with everything resolved.

    Attributes
    ----------
    protocol : Protocol
    person : Person
    plan : Blueprint
    timeline : Timeline
    readings : tuple of Reading
    """

    protocol: Protocol
    person: Person
    plan: Blueprint
    timeline: Timeline
    readings: tuple[Reading, ...]


def make_ready(
    protocol: Protocol,
    person: Person | None = None,
    *,
    plan: Blueprint | None = None,
    places: Places | None = None,
    touches: bool = False,
    seed: int = 0,
) -> Ready:
    """Check a protocol and lay it out.

    Parameters
    ----------
    person : Person, optional
        Takes the place of the protocol's own subject.
    plan : Blueprint, optional
        That person's, when it is at hand.
    places : Places, optional
        Names places in messages.
    touches : bool
        Work out what hands do to the skull; without it touches are only checked.
    seed : int
        For steps that draw.

    Raises
    ------
    CisternaError
        The first thing that is wrong.
    """
    places = places or Places()
    if person is None:
        person, plan = _person(protocol, places)
    plan = observable(plan or person.blueprint())
    schedule = resting_inputs(plan)
    touch = skull_touch(person.age, person.parameters) if touches else no_touch
    rest = {name: control.default for name, control in plan.controls.items()}
    context = Context(person.parameters, person.age, person.body, rest, touch, np.random.default_rng(seed))
    timeline = lay_out(protocol.steps, schedule, context, lambda k, key: places.step(k, key, protocol))
    if own_heart(plan):
        # Its beats are known when it has run; until then windows count beats at the resting rate.
        timeline = replace(timeline, clock=replace(timeline.clock, beats=even(person.parameters.value("hr_rest"))))
    units = signal_units(plan)
    depths = signal_depths(plan, person.parameters)
    readings = []
    for k, seen in enumerate(protocol.observe):
        try:
            readings.append(prepare(seen, timeline.marks, units, depths, person.parameters))
        except CisternaError as error:
            key, _, rest_of_place = error.where.partition(", ")
            error.where = ", ".join(filter(None, [places.observation(k, key, protocol), rest_of_place]))
            raise
    return Ready(protocol, person, plan, timeline, tuple(readings))


def observable(plan: Blueprint) -> Blueprint:
    """A plan that also records what observations read and its body does not: each jugular, the lumbosacral CSF."""
    sides = {part.rpartition(".")[2]: part for part in plan.parts if part.startswith("jugular.upper.")}
    for side, part in sides.items():
        plan = plan.signal(f"pressure_jugular.{side}", f"pressure.{part}", "mmHg", "local")
    cells = [part for part in plan.parts if part.startswith("canal.") and part[6] in "LS"]
    if "volume_csf.spinal" in plan.signals and cells:
        plan = plan.signal("volume_csf.lumbosacral", {f"volume.{part}": 1.0 for part in cells}, "mL")
    return plan


def _person(protocol: Protocol, places: Places) -> tuple[Person, Blueprint]:
    """The person and the plan; an error is given the place of the word that causes it."""
    try:
        person = protocol.person.person()
        return person, person.blueprint()
    except CisternaError as error:
        key = _culprit(protocol.person)
        error.where = ", ".join(filter(None, [places.person(key, protocol), error.where]))
        raise


def _culprit(subject: Subject) -> str:
    """The word of a subject that cannot be: each is tried alone."""
    values = [(f"set {key}", replace(subject, set={key: value}, conditions=())) for key, value in subject.set.items()]
    alone = [("body", Subject(body=subject.body)), ("age", Subject(subject.body, subject.age)), *values]
    for key, part in alone:
        try:
            part.person()
        except CisternaError:
            return key
    return "conditions"


def resting_inputs(plan: Blueprint) -> Schedule:
    """Every input of a plan at its resting value, heart and breath advancing."""
    from cisterna.model.schedule import Schedule

    schedule = Schedule({name: control.default for name, control in plan.controls.items()})
    for name, rate in plan.periods.items():
        schedule.run(name, rate, 0.0)
    return schedule


def signal_units(plan: Blueprint) -> dict[str, str]:
    """Unit of every signal a run of this plan records."""
    units = {name: signal.unit for name, signal in plan.signals.items()}
    if "infusion" in plan.controls:
        units[INFUSED] = "mL"
    return units
