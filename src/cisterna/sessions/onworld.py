"""One world's run of a session: the timeline on a body, with the paired runs that tell causes apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisterna.model.network import Network
from cisterna.model.person import Person
from cisterna.model.schedule import Schedule
from cisterna.model.simulate import Run, simulate
from cisterna.model.solver.march import March
from cisterna.model.solver.scheme import ROS34PW2
from cisterna.protocol.step import Step
from cisterna.protocol.timeline import Timeline, lay_out

Samples = NDArray[np.float64]

#: Step of a session, s: mean ICP to 1e-5 mmHg and the pulse to half a per cent of a step of 0.5 ms.
STEP = 0.02
#: Samples every second step; the matrix is rebuilt every 4 s.
SESSION_MARCH = March(ROS34PW2, inner=2, outer=100)
#: Lanes of a run, side by side on identical steps.
LANES = ("session", "no touch", "stays seated")
MINUTE = 60.0


@dataclass(frozen=True)
class WorldRun:
    """A session in one world.

    Attributes
    ----------
    world : str
    person : Person
    net : Network
    timeline : Timeline
        Steps in time, forces of the hands.
    run : Run
        Lanes: the session, the same without touch, and (where it ran) staying seated without touch.
    lanes : tuple of str
    """

    world: str
    person: Person
    net: Network
    timeline: Timeline
    run: Run
    lanes: tuple[str, ...]

    def lane(self, name: str) -> int:
        return self.lanes.index(name)

    @property
    def icp(self) -> Samples:
        """ICP of the session, mmHg."""
        return self.run.signal("icp", 0)

    @property
    def touch(self) -> Samples:
        """What the hands add to ICP, mmHg: paired difference on identical steps."""
        return self.run.signal("icp", 0) - self.run.signal("icp", self.lane("no touch"))

    def window(self, start: float, end: float, lane: int = 0) -> Run:
        """A stretch of one lane as a run of its own."""
        keep = (self.run.times > start) & (self.run.times <= end)
        return Run(self.net, self.run.times[keep], self.run.samples[lane][keep], self.run.state[lane], self.run.errors)

    def span(self, label: str) -> tuple[float, float]:
        """Start and end of a step by its label, s."""
        placed = next(p for p in self.timeline.placed if p.label == label)
        return placed.start, placed.end


def run_world(
    world: str,
    person: Person,
    state: Samples,
    schedule: Schedule,
    steps: tuple[Step, ...],
    context: Any,
    net: Network,
    *,
    lanes: tuple[str, ...] = LANES,
    progress: Callable[[float, float, float], None] | None = None,
) -> WorldRun:
    """Run a session's timeline in one world.

    Parameters
    ----------
    world : str
    person : Person
        With the world's hypotheses applied.
    state : array (states,)
        Where the body starts.
    schedule : Schedule
        Inputs at rest.
    steps : tuple of Step
    context : Context
        Surroundings of the timeline.
    net : Network
        The person's body.
    lanes : tuple of str
        Which of `LANES` to run.
    progress : callable (time s, end s, ICP mmHg), optional
        Called after each chunk; it may raise to stop.
    """
    base = schedule.copy()
    timeline = lay_out(steps, schedule, context)
    scheduled = {"session": timeline.schedule, "no touch": _without(timeline.schedule, base, "touch.volume")}
    scheduled["stays seated"] = _seated(_without(timeline.schedule, base, "touch.volume"), timeline)

    def told(time: float, end: float, block: np.ndarray) -> None:
        if progress is not None:
            progress(time, end, float(block[0, :, net.layout.signal_names.index("icp")].mean()))

    run = simulate(
        net,
        [scheduled[name] for name in lanes],
        timeline.end,
        state=state,
        step=STEP,
        march=SESSION_MARCH,
        progress=told,
    )
    return WorldRun(world, person, net, timeline, run, lanes)


def _without(schedule: Schedule, rest: Schedule, control: str) -> Schedule:
    """The schedule with one control at rest; its events stay, so that the steps are the same."""
    paired = schedule.copy()
    track = paired.tracks[control]
    value, _ = rest.tracks[control].at(0.0)
    track.values[:] = [value] * len(track.times)
    track.slopes[:] = [0.0] * len(track.times)
    return paired


def _seated(schedule: Schedule, timeline: Timeline) -> Schedule:
    """The schedule with the posture of the first minute kept throughout."""
    paired = schedule.copy()
    track = paired.tracks["tilt"]
    first = schedule.value("tilt", timeline.placed[0].start + MINUTE)
    track.values[:] = [track.values[0], *[first] * (len(track.times) - 1)]
    track.slopes[:] = [0.0] * len(track.times)
    return paired


def minute_means(times: Samples, values: Samples) -> tuple[Samples, Samples]:
    """(middle of each minute in minutes, mean over it): heart and breath average out."""
    minute = np.floor((times - 1e-9) / MINUTE).astype(int)
    counts = np.bincount(minute)
    return np.arange(len(counts)) + 0.5, np.bincount(minute, weights=values) / counts
