"""One world's run of a session: the timeline on a body, with paired runs that tell causes apart."""

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
from cisterna.protocol.timeline import Placed, Timeline, lay_out

Samples = NDArray[np.float64]
#: Called with (share done, model time s, mean ICP of the last stretch mmHg); it may raise to stop.
Told = Callable[[float, float, float], None]

#: Steps while stations are listened to, and between, s; every second sample of the fine ones is kept. Against a
#: step of 0.5 ms mean ICP is right to 1e-5 and 5e-4 mmHg, its pulse to 0.5 and 2 %; differences of paired runs keep
#: their own few per cent.
FINE, COARSE = 0.02, 0.04
#: Largest local error of a volume or flow before a stretch is done again in finer steps, mL or mL/s.
TOLERANCE = 2.0
#: Listening time that is evaluated: the end of each listening step, s.
LISTENED = 120.0
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
        The session.
    touch : array (samples,)
        What the hands of a hold add to ICP while it lasts, mmHg: paired difference on identical steps; 0 elsewhere.
    """

    world: str
    person: Person
    net: Network
    timeline: Timeline
    run: Run
    touch: Samples

    @property
    def icp(self) -> Samples:
        """ICP of the session, mmHg."""
        return self.run.signal("icp")

    def window(self, start: float, end: float) -> Run:
        """A stretch of the session as a run of its own."""
        keep = (self.run.times > start) & (self.run.times <= end)
        return replace(self.run, times=self.run.times[keep], samples=self.run.samples[keep])

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
    told: Told,
) -> WorldRun:
    """Run a session's timeline in one world, then each hold on the head once more without its touch.

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
    """
    base = schedule.copy()
    timeline = lay_out(steps, schedule, context)
    holds = [placed for placed in timeline.placed if _narrows(timeline, placed)]
    marks = _marks(timeline, holds)
    work = timeline.end + sum(placed.end - placed.start for placed in holds)
    tell = _teller(told, net, work)
    states, runs = [state], []
    for a, b in zip(marks[:-1], marks[1:], strict=True):
        step = FINE if _listened(timeline, a, b) else COARSE
        run = _stretch(net, timeline.schedule, a, b, states[-1], step, lambda t: t, tell)
        states.append(run.state)
        runs.append(run if step == COARSE else _every_second(run))
    whole = Run(
        net,
        np.concatenate([run.times for run in runs]),
        np.concatenate([run.samples for run in runs]),
        states[-1],
        np.max([run.errors for run in runs], axis=0),
    )
    calm = _without(timeline.schedule, base, "touch.volume")
    icp, touch, done = whole.signal("icp"), np.zeros(len(whole.times)), timeline.end
    for placed in holds:
        k = marks.index(placed.start)
        pair = _stretch(net, calm, placed.start, placed.end, states[k], COARSE, _after(done, placed.start), tell)
        first = int(np.searchsorted(whole.times, placed.start, side="right"))
        touch[first : first + len(pair.times)] = icp[first : first + len(pair.times)] - pair.signal("icp")
        done += placed.end - placed.start
    return WorldRun(world, person, net, timeline, whole, touch)


def run_seated(
    state: Samples, schedule: Schedule, steps: tuple[Step, ...], context: Any, net: Network, *, told: Told
) -> Run:
    """The same time without touch, in the posture of the first step throughout."""
    base = schedule.copy()
    timeline = lay_out(steps, schedule, context)
    kept = _seated(_without(timeline.schedule, base, "touch.volume"), timeline)
    return _stretch(net, kept, 0.0, timeline.end, state, COARSE, lambda t: t, _teller(told, net, timeline.end))


def _after(done: float, start: float) -> Callable[[float], float]:
    return lambda t: done + t - start


def _teller(told: Told, net: Network, work: float) -> Callable[[float, float, np.ndarray], None]:
    icp = net.layout.signal_names.index("icp")
    return lambda done, time, block: told(done / work, time, float(block[:, icp].mean()))


def _stretch(
    net: Network,
    schedule: Schedule,
    start: float,
    end: float,
    state: Samples,
    step: float,
    done: Callable[[float], float],
    tell: Callable[[float, float, np.ndarray], None],
) -> Run:
    return simulate(
        net, schedule, end - start, start=start, state=state, step=step, tolerance=TOLERANCE,
        progress=lambda time, _, block: tell(done(time), time, block),
    )  # fmt: skip


def _every_second(run: Run) -> Run:
    return replace(run, times=run.times[1::2], samples=run.samples[1::2])


def _narrows(timeline: Timeline, placed: Placed) -> bool:
    """Whether a step's hands narrow or widen the skull at all."""
    track = timeline.schedule.tracks.get("touch.volume")
    middle = (placed.start + placed.end) / 2
    return track is not None and placed.step.name in ("hold", "touch") and track.at(middle)[0] != 0.0


def _listened(timeline: Timeline, start: float, end: float) -> bool:
    """Whether a stretch is evaluated."""
    spans = [(max(p.start, p.end - LISTENED), p.end) for p in timeline.placed if p.step.name == "listen"]
    return any(a - 1e-9 <= start and end <= b + 1e-9 for a, b in spans)


def _marks(timeline: Timeline, holds: list[Placed]) -> list[float]:
    """Times at which a run is cut: where stations are listened to and where a pair begins or ends."""
    marks = {0.0, timeline.end}
    for placed in timeline.placed:
        if placed.step.name == "listen":
            marks |= {max(placed.start, placed.end - LISTENED), placed.end}
    for placed in holds:
        marks |= {placed.start, placed.end}
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
    """The schedule with the posture at the end of the first step kept to the end."""
    paired = schedule.copy()
    track = paired.tracks["tilt"]
    first = timeline.placed[0].end
    kept = schedule.value("tilt", first - 1e-6)
    for k, time in enumerate(track.times):
        if time >= first - 1e-9:
            track.values[k], track.slopes[k] = kept, 0.0
    return paired


def minute_means(times: Samples, values: Samples) -> tuple[Samples, Samples]:
    """(middle of each minute in minutes, mean over it): heart and breath average out."""
    minute = np.floor((times - 1e-9) / MINUTE).astype(int)
    counts = np.bincount(minute)
    middles = np.arange(len(counts), dtype=np.float64) + 0.5
    return middles, np.bincount(minute, weights=values) / counts
