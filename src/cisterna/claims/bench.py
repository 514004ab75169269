"""What a claim is measured on: one person in one world, with its rest found once and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import numpy as np

from cisterna.ground.parameter import Parameter
from cisterna.model.blueprint import Blueprint
from cisterna.model.person import Person
from cisterna.model.simulate import simulate
from cisterna.physiology.component import internal
from cisterna.worlds.hypothesis import switched_on, switches
from cisterna.worlds.resting import STEP, Resting, resting
from cisterna.worlds.start import Begun, begin_in, without_rhythm

T = TypeVar("T")


@dataclass(frozen=True)
class Case:
    """A person an experiment is made on, and settings of the experiment that go with it."""

    person: Person
    settings: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


@dataclass
class Bench:
    """A case in a world. What is measured on the body is measured when first asked for.

    Attributes
    ----------
    case, world : str
    person : Person
        In the world.
    settings : dict
        Of the case.
    fast : bool
        Whether long runs beside the output are left out.
    shared : dict
        Resting bodies already found, by what tells them apart.
    """

    case: str
    world: str
    person: Person
    settings: Mapping[str, str]
    fast: bool = False
    shared: dict[tuple[object, ...], Resting] = field(default_factory=dict, repr=False)
    kept: dict[str, object] = field(default_factory=dict, repr=False)

    def keep(self, name: str, make: Callable[[], T]) -> T:
        """Something a claim needs often: made when first asked for, then kept."""
        if name not in self.kept:
            self.kept[name] = make()
        return self.kept[name]  # type: ignore[return-value]

    @property
    def on(self) -> tuple[str, ...]:
        """Hypotheses that are on."""
        return switched_on(self.person)

    @cached_property
    def plan(self) -> Blueprint:
        """Plan of the body without a rhythm that sustains itself."""
        return without_rhythm(self.person).blueprint()

    @cached_property
    def rest(self) -> Resting:
        """Rest of that body: pressure, pulse, compliance."""
        quiet = without_rhythm(self.person)
        on = switches(quiet)
        plain = replace(quiet, changes=tuple(c for c in quiet.changes if c not in on))
        # What hypotheses moved does not reach the body without them, so that body is shared.
        moved = {key for s in switches(self.person) for key in s.hypothesis.moves}
        own = sorted((k, row.value) for k, row in quiet.parameters.changed.items() if k not in moved)
        tag = (
            quiet.age, quiet.body, tuple(sorted(quiet.overrides.items())), tuple(own),
            tuple(id(c) for c in plain.changes),
        )  # fmt: skip
        if tag not in self.shared:
            self.shared[tag] = resting(plain)
        told = (*tag, *((s.name, *(quiet.parameters.peek(k).value for k in s.hypothesis.moves)) for s in on))
        if told not in self.shared:
            self.shared[told] = resting(quiet, near=self.shared[tag])
        return self.shared[told]

    @cached_property
    def begun(self) -> Begun:
        """Start of a run with everything on."""
        return begin_in(self.person, self.rest)

    @property
    def residual(self) -> float:
        """Displaceable cranial volume per pressure that no wall owns, mL/mmHg."""
        return self._box("residual")

    @property
    def skull(self) -> float:
        """Compliance of the closed skull in this body, mL/mmHg."""
        return self._box("skull")

    def _box(self, name: str) -> float:
        law = self.plan.part("cranium").law
        return internal(getattr(law, name), law.units()[name], f"cranium.{name}")

    @cached_property
    def beat_compliance(self) -> float:
        """Compliance that one heartbeat meets, mL/mmHg.

        Measured: the cranial box is given `extra` more compliance and the pulse is read again,
        pulse' = pulse C / (C + extra).
        """
        rest = self.rest
        extra = self.rest.compliance
        net = rest.net.set("cranium.residual", self.residual + extra)
        state = np.array(rest.start.rest.state)
        # The box keeps its pressure at the start: V / C is the same before and after.
        reference = float(rest.net.get("cranium.reference"))
        at_start = simulate(rest.net, rest.start.schedule, 2 * STEP, state=state, step=STEP).signal("icp")[0]
        state[net.layout.state_names.index("volume.cranium")] += (at_start - reference) * extra
        wide = Resting(rest.plan, net, replace(rest.start, rest=replace(rest.start.rest, state=state)))
        return extra / (rest.pulse / wide.pulse - 1.0)

    def used(self) -> dict[str, Parameter]:
        """Parameters read so far or put in place by a hypothesis, as they stand in this world."""
        numbers = self.person.parameters
        sets = [numbers, *(s.person.parameters for s in switches(self.person))]
        moved = [key for s in switches(self.person) for key in s.hypothesis.moves]
        ids = dict.fromkeys([*moved, *(key for some in sets for key in some.used)])
        # The rows a value was taken from stand in the table twice: once is enough.
        twice = {f"{key}_{word}" for key in moved for word in ("alone", "taught")}
        return {key: numbers.peek(key) for key in ids if key not in twice}
