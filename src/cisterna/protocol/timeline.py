"""Steps laid out in time on the inputs of a body."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from cisterna.ground.errors import CisternaError
from cisterna.protocol.clock import Clock, clock_of
from cisterna.protocol.context import Context
from cisterna.protocol.step import Step
from cisterna.protocol.window import Marks

if TYPE_CHECKING:
    from cisterna.model.schedule import Schedule

#: Longest run, s (12 h): beyond that weeks are for slow models, not for a beat-resolved one.
LONGEST = 43200.0
MOST_STEPS = 1000
#: Times closer than this are one time, s.
_SAME = 1e-9

#: Where a step stands, for messages: its number, and the word in question.
Where = Callable[[int, str], str]


@dataclass(frozen=True)
class Placed:
    """A step with its label and its time, s."""

    label: str
    step: Step
    start: float
    end: float


@dataclass(frozen=True)
class Timeline:
    """What happens when.

    Attributes
    ----------
    placed : tuple of Placed
        In the order of the protocol.
    schedule : Schedule
        The inputs, ready to run.
    context : Context
        With the forces and marks the steps left.
    end : float
        s.
    clock : Clock
        Beats and breaths as scheduled.
    """

    placed: tuple[Placed, ...]
    schedule: Schedule
    context: Context
    end: float
    clock: Clock

    @property
    def marks(self) -> Marks:
        """What windows refer to."""
        return Marks({p.label: (p.start, p.end) for p in self.placed}, self.end, self.clock)


def numbered(steps: tuple[Step, ...]) -> Where:
    """Places of steps in words, for protocols that come from no file."""
    return lambda k, word: f"step {k + 1} ('{steps[k].name}')" if steps else "steps"


def lay_out(steps: tuple[Step, ...], schedule: Schedule, context: Context, where: Where | None = None) -> Timeline:
    """Apply every step to a schedule that begins at rest.

    Parameters
    ----------
    schedule : Schedule
        Inputs at rest; it is changed.
    where : callable, optional
        Names the place of a step in messages.

    Raises
    ------
    CisternaError
        No steps, an input the body lacks, two steps that move one input against each other, or a run too long.
    """
    where = where or numbered(steps)
    if not steps:
        raise CisternaError(
            "the timeline is empty",
            where=where(0, ""),
            mend='add a step, e.g. [[step]] with do = "rest" and for = "30 s"',
        )
    if len(steps) > MOST_STEPS:
        raise CisternaError("too many steps", found=f"{len(steps)}", mend=f"give {MOST_STEPS} at most")
    labels = _labels(steps, where)
    placed: list[Placed] = []
    cursor = 0.0
    for k, (step, label) in enumerate(zip(steps, labels, strict=True)):
        start = step.at if step.at is not None else cursor
        if step.with_previous:
            if not placed:
                raise CisternaError("the first step has no step before it", where=where(k, "with_previous"))
            start = placed[-1].start
        start = round(float(start), 9)
        end = _apply(step, schedule, start, context, placed, where(k, ""))
        if end > LONGEST:
            found, mend = f"{end / 3600:.3g} h", f"keep it below {LONGEST / 3600:g} h"
            raise CisternaError("the run is too long", where=where(k, "for"), found=found, mend=mend)
        placed.append(Placed(label, step, start, end))
        cursor = max(cursor, end)
    if cursor <= 0.0:
        raise CisternaError("the timeline takes no time", where=where(0, ""), mend='add a rest, e.g. for = "30 s"')
    return Timeline(tuple(placed), schedule, context, cursor, clock_of(schedule, cursor))


def _apply(step: Step, schedule: Schedule, start: float, context: Context, placed: list[Placed], place: str) -> float:
    ahead = {name: [t for t in track.times if t > start + _SAME] for name, track in schedule.tracks.items()}
    try:
        end = step.apply(schedule, start, context)
    except CisternaError as error:
        error.where = ", ".join(filter(None, [place, error.where]))
        raise
    except Exception as error:
        found = f"{type(error).__name__}: {error}"
        raise CisternaError(f"step '{step.name}' failed", where=place, found=found, mend="mend the step") from error
    if not isinstance(end, (int, float)) or not math.isfinite(end) or end < start:
        what = f"step '{step.name}' must return the time at which it ends"
        raise CisternaError(what, where=place, found=str(end), mend=f"{start:g} s or later")
    for name, times in ahead.items():
        kept = set(schedule.tracks[name].times)
        lost = next((t for t in times if t not in kept), None)
        if lost is not None:
            other = next((p.label for p in placed if p.start - _SAME <= lost <= p.end + _SAME), "an earlier step")
            what = f"'{step.name}' and '{other}' move '{name}' at the same time"
            mend = "let one end before the other begins, or write them in order of time"
            raise CisternaError(what, where=place, mend=mend)
    return round(float(end), 9)


def _labels(steps: tuple[Step, ...], where: Where) -> list[str]:
    """The label of each step: its own, or its name, numbered from the second on."""
    given = [step.label for step in steps if step.label]
    found: list[str] = []
    for k, step in enumerate(steps):
        label = step.label
        if label and (label in found or given.count(label) > 1):
            raise CisternaError(f"two steps are called '{label}'", where=where(k, "label"), mend="rename one of them")
        if label in ("start", "end") or label[:1] in tuple("+-.0123456789"):
            mend = "choose a word that is no time and neither 'start' nor 'end'"
            raise CisternaError(f"'{label}' cannot be a label", where=where(k, "label"), mend=mend)
        if not label:
            tries = (step.name if n == 1 else f"{step.name} {n}" for n in count(1))
            label = next(t for t in tries if t not in found and t not in given)
        found.append(label)
    return found
