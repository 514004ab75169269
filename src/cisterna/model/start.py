"""Where a run begins: the inputs at rest and the state a body rests in."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from cisterna.model.blueprint import Blueprint
from cisterna.model.network import Network
from cisterna.model.schedule import Schedule
from cisterna.model.solver.march import March
from cisterna.model.solver.rest import Rest, periodic, steady

HEART, BREATH = "heart.phase", "breath.phase"


@dataclass(frozen=True)
class Start:
    """Resting inputs and state.

    Attributes
    ----------
    schedule : Schedule
        Inputs at rest, phases advancing at the person's own rates.
    rest : Rest
        The resting state, supine.
    period : float
        Time after which it repeats, s; 0 for a body without a pulse, or with one of its own.
    march : March
        How this body is stepped.
    """

    schedule: Schedule
    rest: Rest
    period: float
    march: March = field(default_factory=March)


def resting_schedule(plan: Blueprint, net: Network) -> Schedule:
    """Every input at its resting value, heart and breath advancing at the plan's rates."""
    schedule = Schedule(dict(zip(net.layout.control_names, np.asarray(net.rest), strict=True)))
    for name, rate in plan.periods.items():
        schedule.run(name, rate, 0.0)
    return schedule


def own_heart(plan: Blueprint) -> bool:
    """Whether the heart beats by itself: its phase is a state and no input."""
    return HEART in plan.parts


def begin(plan: Blueprint, net: Network, march: March | None = None) -> Start:
    """Find the supine resting state of a body.

    Heart and breath rarely share a period. The state is found for the nearest whole number of beats per
    breath (the breath is lengthened or shortened by a few per cent for that search only).

    A heart that beats by itself has no known period: such a body is let run until its means stand still.

    Raises
    ------
    UnstableRest
        The body has no stable resting state.
    CisternaError
        A heart of its own does not come to rest.
    """
    schedule = resting_schedule(plan, net)
    if own_heart(plan):
        from cisterna.model.settle import HEART_MARCH, settle

        found = settle(net, schedule, march=march or HEART_MARCH)
        gap = max(abs(change) for change in found.changes.values())
        return Start(schedule, Rest(found.state, gap, np.nan, 0), 0.0, march or HEART_MARCH)
    if HEART not in plan.periods:
        return Start(schedule, steady(net, schedule), 0.0)
    heart = plan.periods[HEART]
    beats = max(1, round(heart / plan.periods.get(BREATH, heart)))
    near = schedule.copy()
    if BREATH in plan.periods:
        near.run(BREATH, heart / beats, 0.0)
    period = beats / heart
    return Start(schedule, periodic(net, near, period, march or March()), period)
