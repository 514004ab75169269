"""One world's run of a session: the timeline on a body, with the paired runs that tell causes apart."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisterna.model.network import Network
from cisterna.model.person import Person
from cisterna.model.schedule import Schedule
from cisterna.model.simulate import Run, simulate
from cisterna.protocol.step import Step
from cisterna.protocol.timeline import Timeline, lay_out

Samples = NDArray[np.float64]

#: Steps while stations are listened to, and between; every second sample of the fine ones is kept. Against a step of 0.5 ms mean ICP is
#: right to 1e-5 and 5e-4 mmHg, its pulse to 0.5 and 2 %; differences of paired runs keep their own few per cent.
FINE, COARSE = 0.02, 0.04
#: Largest local error of a volume or flow before a stretch is done again in finer steps, mL or mL/s.
TOLERANCE = 2.0
#: Listening time that is evaluated: the last minutes of each listening step, s.
LISTENED = 180.0
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

    The lanes share every step until they part: without touch at the first touch, staying seated at the first
    change of posture. From there each goes its own way on the same steps.

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
    progress : callable (share done, model time s, ICP mmHg), optional
        Called after each chunk; it may raise to stop.
    """
    base = schedule.copy()
    timeline = lay_out(steps, schedule, context)
    calm = _without(timeline.schedule, base, "touch.volume")
    parting = {"session": 0.0, "no touch": _first_touch(timeline), "stays seated": _first_move(timeline)}
    scheduled = {"session": timeline.schedule, "no touch": calm, "stays seated": _seated(calm, timeline)}
    marks = _marks(timeline, [parting[name] for name in lanes])
    work = sum(timeline.end - parting[name] for name in lanes)
    icp = net.layout.signal_names.index("icp")
    done = 0.0

    def told(time: float, _: float, block: np.ndarray) -> None:
        if progress is not None:
            progress((done + time - begin) / work, time, float(block[:, icp].mean()))

    shared: list[Run] = []
    states = [state]
    rows = []
    for name in lanes:
        start = marks.index(parting[name])
        begin = parting[name]
        runs = list(shared[:start])
        here = states[start]
        for a, b in zip(marks[start:-1], marks[start + 1 :], strict=True):
            step = FINE if _listened(timeline, a, b) else COARSE
            run = simulate(
                net, scheduled[name], b - a, start=a, state=here, step=step, tolerance=TOLERANCE,
                progress=told,
            )  # fmt: skip
            runs.append(run if step == COARSE else _every_second(run))
            here = run.state
            if name == lanes[0]:
                states.append(here)
        if name == lanes[0]:
            shared = runs
        rows.append(runs)
        done += timeline.end - begin
    times = np.concatenate([run.times for run in rows[0]])
    samples = np.stack([np.concatenate([run.samples for run in runs]) for runs in rows])
    final = np.stack([runs[-1].state for runs in rows])
    errors = np.max([run.errors for runs in rows for run in runs], axis=0)
    return WorldRun(world, person, net, timeline, Run(net, times, samples, final, errors), lanes)


def _every_second(run: Run) -> Run:
    return replace(run, times=run.times[1::2], samples=run.samples[1::2])


def _first_touch(timeline: Timeline) -> float:
    """When the first hand is laid on, s; the end if none is."""
    starts = [points[0][0] for points in timeline.context.forces.values()]
    return min(starts, default=timeline.end)


def _first_move(timeline: Timeline) -> float:
    """When posture changes for the first time after the first step, s."""
    track = timeline.schedule.tracks["tilt"]
    first = timeline.placed[0].end
    return next((t for t in track.times if t >= first - 1e-9), timeline.end)


def _listened(timeline: Timeline, start: float, end: float) -> bool:
    """Whether a stretch is evaluated."""
    spans = [(max(p.start, p.end - LISTENED), p.end) for p in timeline.placed if p.step.name == "listen"]
    return any(a - 1e-9 <= start and end <= b + 1e-9 for a, b in spans)


def _marks(timeline: Timeline, parting: list[float]) -> list[float]:
    """Times at which a run is cut: where stations are listened to and where lanes part."""
    marks = {0.0, timeline.end, *parting}
    for placed in timeline.placed:
        if placed.step.name == "listen":
            marks |= {max(placed.start, placed.end - LISTENED), placed.end}
    return sorted(marks)


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
