"""Steps laid out in time on the inputs of a body."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
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
        raise CisternaError("the timeline is empty", mend='add a step, e.g. [[step]] with do = "rest" and for = "30 s"')
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
    if not isinstance(end, (int, float)) or not math.isfinite(end) or end < start:
        what = f"step '{step.name}' must return the time at which it ends"
        raise CisternaError(what, where=place, found=str(end), mend=f"{start:g} s or later")
    for name, times in ahead.items():
        lost = [t for t in times if not any(abs(t - kept) <= _SAME for kept in schedule.tracks[name].times)]
        if lost:
            other = next((p.label for p in placed if p.start <= lost[0] + _SAME <= p.end + 2 * _SAME), "an earlier step")
            what = f"'{step.name}' and '{other}' move '{name}' at the same time"
            raise CisternaError(what, where=place, mend="let one end before the other begins, or write them in order of time")
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
        count = 1
        while not label or label in found or (not step.label and label in given):
            label = step.name if count == 1 else f"{step.name} {count}"
            count += 1
            if label not in found and label not in given:
                break
        found.append(label)
    return found
