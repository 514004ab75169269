"""What is checked before a simulation runs, so that no run is lost: heart and breath, length, what can drive it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from cisterna.ground.errors import CisternaError
from cisterna.model.blueprint import Blueprint
from cisterna.model.person import Person
from cisterna.model.start import BREATH, HEART, own_heart

#: Beats without which there is nothing to measure, and an interrupted run is not worth keeping.
FEWEST_BEATS = 3
_STRENGTH = "heart.strength"


def require_length(plan: Blueprint, duration: float) -> None:
    """Refuse a run that cannot be measured: fewer than three beats, or a heart that is slower than the breath.

    The swing of a signal with breath is that of its beat means; with less than a beat in a breath there is none, and
    the resting state, a whole number of beats in a breath, is another one.
    """
    rates = {name: float(plan.periods.get(name, 0.0)) for name in (HEART, BREATH)}
    for name, rate in rates.items():
        if name in plan.periods and not (math.isfinite(rate) and rate > 0.0):
            who = name.partition(".")[0]
            raise CisternaError(f"the {who} needs a rate above 0", name, f"{60 * rate:g} 1/min", "set another rate")
    heart, breath = rates[HEART], rates[BREATH]
    if heart and breath and heart < breath:
        found, mend = f"heart {60 * heart:.3g} 1/min, breath {60 * breath:.3g} 1/min", "set another hr_rest or rr_rest"
        raise CisternaError("the heart is slower than the breath: no breath holds a whole beat", HEART, found, mend)
    if heart and duration < FEWEST_BEATS / heart:
        needed = math.ceil(FEWEST_BEATS / heart)
        mend = f"give {FEWEST_BEATS} beats or more: --for {needed}s"
        raise CisternaError("the time is too short to measure a beat", found=f"{duration:g} s", mend=mend)


def require_inflow_drive(person: Person) -> None:
    """Refuse a body whose blood volume no measured inflow can take over, in the words of a user."""
    plan = person.blueprint()
    if _STRENGTH in plan.controls:
        return
    why = "its heart beats by itself" if own_heart(plan) else "it has no heartbeat"
    mend = "use a body with a prescribed heart: --body whole or axis"
    raise CisternaError(f"a net inflow cannot drive this body: {why}", found=f"body '{person.body}'", mend=mend)


def keep_rate(person: Person, rate: float, by: str) -> None:
    """Refuse a heart rate set for a body whose beat is that of a measured cycle; `rate` is the cycle's, 1/s."""
    row = person.parameters.peek("hr_rest")
    if row.status == "set":
        found, mend = f"{row.value:g} {row.unit} set, {60 * rate:.4g} 1/min measured", "leave out one of the two"
        raise CisternaError(f"hr_rest cannot be set: {by} gives it", "hr_rest", found, mend)


@contextmanager
def blamed(person: Person, mended: bool = True) -> Iterator[None]:
    """Tell of a body that does not come to rest or leaves its range what was set on it, as the likely cause.

    Parameters
    ----------
    person : Person
        With what was set.
    mended : bool
        Whether errors that say already how to mend them are meant too.
    """
    try:
        yield
    except (CisternaError, ArithmeticError) as error:
        given = person.given()
        if not given or (not mended and isinstance(error, CisternaError) and error.mend):
            raise
        mend = f"set values nearer to their usual ones; set were: {', '.join(given)}"
        if isinstance(error, CisternaError):
            error.mend = f"{error.mend}; {mend}" if error.mend else mend
            raise
        raise CisternaError("the body cannot run with these values", found=str(error), mend=mend) from error
