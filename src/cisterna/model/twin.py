"""The rest of a body on a closed heart, by way of its twin with a prescribed one.

A heart comes to rest in a minute, CSF in an hour. The twin's periodic state is found by shooting, slow modes and all,
and the fluids of the head are carried over; the heart is let settle; the mean pressures it makes are then prescribed
to the twin, and both steps are taken once more.
"""

from __future__ import annotations

from dataclasses import replace

import jax.numpy as jnp
import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.model.blueprint import Blueprint
from cisterna.model.body import bodies
from cisterna.model.network import Network
from cisterna.model.person import Person
from cisterna.model.settle import HEART_MARCH, carried, settle
from cisterna.model.solver.rest import Rest
from cisterna.model.start import Start, begin, resting_schedule

#: Mean pressures that a closed heart makes and its twin is told, mmHg: signal -> row.
_TOLD = {"abp": "map_supine", "cvp": "ga_Pcv"}
_TURNS = 2


def begin_closed(person: Person, plan: Blueprint, net: Network) -> Start:
    """The resting state of a person on a closed heart.

    Parameters
    ----------
    person : Person
        Whose body names a twin (`Body.twin`).
    plan, net : Blueprint, Network
        That body's.

    Returns
    -------
    Start
        Its residual is the largest change of a watched mean over the last window, in that signal's own unit.

    Raises
    ------
    CisternaError
        A child: the numbers of the closed heart are an adult's.
    """
    grown = person.parameters.in_unit("age_adult", "yr")
    if person.age < grown:
        mend = f"use the body '{bodies()[person.body].twin}'"
        raise CisternaError("the closed heart is an adult's", where="age", found=f"{person.age:g} y", mend=mend)
    schedule = resting_schedule(plan, net)
    twin = replace(person, body=bodies()[person.body].twin)
    state = np.asarray(net.start)
    for _ in range(_TURNS):
        calm_plan, calm_net = twin.blueprint(), twin.network()
        calm = begin(calm_plan, calm_net).rest.state
        state = carried(calm_net, calm, replace(net, start=jnp.asarray(state)))
        found = settle(net, schedule, state=state, march=HEART_MARCH)
        state = found.state
        twin = twin.with_values({row: f"{found.means[name]} mmHg" for name, row in _TOLD.items()})
    gap = max(abs(change) for change in found.changes.values())
    return Start(schedule, Rest(state, gap, np.nan, 0), 0.0, HEART_MARCH)
