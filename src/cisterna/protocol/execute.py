"""Running a protocol: resting state, timeline, recording, observations."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cisterna import __version__
from cisterna.ground.units import from_internal
from cisterna.protocol.clock import clock_in
from cisterna.protocol.protocol import Protocol, Subject
from cisterna.protocol.read import load_protocol
from cisterna.protocol.reading import INFUSED, read
from cisterna.protocol.ready import Ready, make_ready, observable
from cisterna.protocol.timeline import Timeline

if TYPE_CHECKING:
    from cisterna.model.blueprint import Blueprint
    from cisterna.model.network import Network
    from cisterna.model.person import Person
    from cisterna.model.simulate import Progress, Run
    from cisterna.model.start import Start
    from cisterna.recordings.recording import Recording

Array = NDArray[np.float64]
#: Experiments on a body that are shown together, in this order.
TABLES: dict[str, tuple[str, ...]] = {
    "whole": (
        "whole_rest",
        "whole_seated",
        "whole_inclined",
        "whole_bolus",
        "withdraw4",
        "whole_infusion",
        "whole_breathing",
        "whole_carbon",
        "tilt_nph",
    ),
    "axis": ("rest", "supine_seated", "bolus4", "infusion"),
}
#: Of these, the ones on a patient: they bring their own person.
PATIENTS = frozenset({"tilt_nph"})


@dataclass(frozen=True)
class Result:
    """What a protocol leaves.

    Attributes
    ----------
    recording : Recording
        Signals, forces of hands, and every step as an event.
    observed : list of dict
        id, value, unit, low, high, inside, source, and of the reference row it is compared with range (its id), role,
        status, group, basis (see `cisterna.protocol.ranges.Range`); `inside` is None without a range, a value that
        does not exist (a level never reached) is None.
    person : Person
    provenance : dict
    timeline : Timeline
    """

    recording: Recording
    observed: list[dict[str, Any]]
    person: Person
    provenance: dict[str, Any]
    timeline: Timeline

    def value(self, key: str) -> float | None:
        """An observed value by id."""
        from cisterna.ground.errors import UnknownName

        rows = {row["id"]: row["value"] for row in self.observed}
        if key not in rows:
            raise UnknownName("observation", key, list(rows))
        found: float | None = rows[key]
        return found

    def as_json(self) -> str:
        """``{"observed": [...]}``."""
        return json.dumps({"observed": self.observed}, indent=1)


@dataclass(frozen=True)
class Body:
    """A person at rest, ready for any number of timelines.

    Attributes
    ----------
    person : Person
    plan : Blueprint
    net : Network
    start : Start
    note : str
        How the resting state was found.
    """

    person: Person
    plan: Blueprint
    net: Network
    start: Start
    note: str


def at_rest(person: Person, plan: Blueprint | None = None) -> Body:
    """The supine resting state of a person.

    A body that oscillates by itself has none: its runs begin from the body's own initial state, and say so.
    """
    from cisterna.model.assemble import assemble
    from cisterna.model.body import bodies
    from cisterna.model.solver.rest import Rest, UnstableRest
    from cisterna.model.start import Start, begin, own_heart, resting_schedule
    from cisterna.model.twin import begin_closed

    plan = observable(plan or person.blueprint())
    net = assemble(plan)
    try:
        start = begin_closed(person, plan, net) if bodies()[person.body].twin else begin(plan, net)
    except UnstableRest:
        state = np.array(net.start)
        start = Start(resting_schedule(plan, net), Rest(state, np.nan, np.inf, 0), 0.0)
        return Body(person, plan, net, start, "no stable resting state; begins from the initial state of the body")
    if own_heart(plan):
        note = f"reached by waiting; means still change by {start.rest.residual:.1g} a window"
        return Body(person, plan, net, start, note)
    kind = "periodic" if start.period else "steady"
    note = f"{kind} state, largest multiplier {start.rest.radius:.3f}, residual {start.rest.residual:.1g}"
    return Body(person, plan, net, start, note)


def run(
    protocol: Protocol,
    progress: Progress | None = None,
    seed: int = 0,
    *,
    person: Person | None = None,
    body: Body | None = None,
) -> Result:
    """Run a protocol.

    Parameters
    ----------
    protocol : Protocol
    progress : callable, optional
        As for `simulate`: (time reached s, end s, last samples).
    seed : int
        For steps that draw; the model itself is deterministic.
    person : Person, optional
        Takes the place of the protocol's own subject: a person with a condition or a hypothesis of one's own.
    body : Body, optional
        That person already at rest (`at_rest`), so that many timelines share one search for it.

    Returns
    -------
    Result

    Raises
    ------
    CisternaError
        Anything wrong with the protocol, before anything runs; or a body that leaves its range.

    Examples
    --------
    >>> from cisterna.protocol.steps.rest import Rest
    >>> from cisterna.protocol.protocol import Observation
    >>> seen = Observation(id="icp", signal="icp", window=("rest",), unit="mmHg")
    >>> p = Protocol(person=Subject(body="one"), steps=(Rest(duration="20 s"),), observe=(seen,))
    >>> round(run(p).value("icp"), 2)
    9.51
    """
    from cisterna.model.simulate import simulate
    from cisterna.model.start import own_heart

    person = body.person if body else person
    ready = make_ready(protocol, person, plan=body.plan if body else None, touches=True, seed=seed)
    body = body or at_rest(ready.person, ready.plan)
    march = replace(body.start.march, inner=2)
    asked = protocol.resolution and float(protocol.resolution)
    step = asked or march.scheme.step
    line = ready.timeline
    done = simulate(
        body.net, line.schedule, line.end, state=body.start.rest.state, step=asked, march=march, progress=progress
    )
    provenance = _provenance(ready, body, done, step, seed)
    recording = _recording(ready, done, step * march.inner).with_provenance(**provenance)
    clock = replace(line.clock, beats=clock_in(recording).beats) if own_heart(body.plan) else line.clock
    return Result(recording, read(ready.readings, recording, clock), ready.person, provenance, line)


def _recording(ready: Ready, done: Run, spacing: float) -> Recording:
    """The run on an even grid, with the forces of hands, the volume infused, and the steps as events."""
    from cisterna.recordings.recording import Recording

    line = ready.timeline
    count = int(np.floor(line.end / spacing + 1e-6))
    grid = np.asarray(spacing * np.arange(1, count + 1) if count > 1 else done.times, dtype=np.float64)
    even = done.times.size == grid.size and bool(np.allclose(done.times, grid, rtol=0.0, atol=1e-7))
    recording = Recording().with_title(ready.protocol.title)
    for name, unit, level in done.net.layout.signals:
        values = done.signal(name)
        values = values if even else _on_grid(done.times, values, grid)
        recording = recording.with_signal(name, values, time=grid, unit=unit, level_ref=level)
    if "infusion" in line.schedule.tracks:
        recording = recording.with_signal(INFUSED, infused(line, grid), time=grid, unit="mL")
    if line.context.forces:
        recording = recording.with_signal(
            "force", _forces(line, grid), time=grid, unit="gf", coords={"place": list(line.context.forces)}
        )
    spans = [(p.start, p.end - p.start, p.label) for p in line.placed]
    return recording.with_events([*spans, *line.context.marks])


def _on_grid(times: Array, values: Array, grid: Array) -> Array:
    """Samples of uneven segments on an even grid, by cubics that neither overshoot a jump nor lose a peak."""
    from scipy.interpolate import PchipInterpolator

    return np.asarray(PchipInterpolator(times, values)(np.clip(grid, times[0], times[-1])))


def infused(line: Timeline, grid: Array) -> Array:
    """Volume put into the CSF since the start, mL: the exact integral of the scheduled rate."""
    track = line.schedule.tracks["infusion"]
    knots = np.unique([0.0, *(t for t in track.times if 0.0 < t < line.end), line.end])
    total = [0.0]
    for a, b in zip(knots[:-1], knots[1:], strict=True):
        rate, slope = track.at(float(a))
        total.append(total[-1] + (b - a) * (rate + 0.5 * slope * (b - a)))
    k = np.clip(np.searchsorted(knots, grid, side="right") - 1, 0, knots.size - 2)
    rates = np.array([track.at(float(t)) for t in knots])
    ahead = grid - knots[k]
    return np.asarray(np.array(total)[k] + ahead * (rates[k, 0] + 0.5 * rates[k, 1] * ahead))


def _forces(line: Timeline, grid: Array) -> Array:
    columns = []
    for profile in line.context.forces.values():
        times, heights = zip(*profile, strict=True)
        columns.append(np.interp(grid, times, heights, left=0.0, right=0.0) * from_internal(1.0, "gf"))
    return np.column_stack(columns)


def _provenance(ready: Ready, body: Body, done: Run, step: float, seed: int) -> dict[str, Any]:
    from cisterna.ground.sources import cite

    person = ready.person
    units = {key: unit for key, (_, unit) in ready.plan.fields().items()} if person.overrides else {}
    changed = [
        {"id": row.id, "value": row.value, "unit": row.unit, "status": row.status, "source": row.source}
        for row in person.parameters.changed.values()
    ]
    changed += [
        {"id": key, "value": from_internal(value, units.get(key, "1")), "unit": units.get(key, "1"), "status": "set",
         "source": "set by the user"}
        for key, value in person.overrides.items()
    ]  # fmt: skip
    scale = np.maximum(np.abs(done.state), 1.0)
    return {
        "cisterna": __version__,
        "protocol": ready.protocol.as_table(),
        "body": person.body,
        "age": person.age,
        "changed": changed,
        "hypotheses": list(ready.plan.hypotheses),
        "rest": body.note,
        "step": step,
        "largest_step_error": float(np.max(done.errors / scale)),
        "seed": seed,
        "sources": cite(person.parameters.used, person.parameters),
    }


def reference_table(body: str = "whole", progress: Callable[[str, float], None] | None = None) -> list[dict[str, Any]]:
    """What the typical adult of a body shows in its experiments (`TABLES`), as one table.

    One resting state serves them all, but those on a patient: these bring their own.

    Parameters
    ----------
    body : str
        A body with a table.
    progress : callable, optional
        (name, share done).

    Returns
    -------
    list of dict
        As in `Result.observed`; what is counted of it, see `cisterna.protocol.tally`.

    Raises
    ------
    UnknownName
        No table for this body.
    """
    from cisterna.ground.errors import UnknownName

    if body not in TABLES:
        raise UnknownName("body with a table", body, list(TABLES))
    resting = at_rest(Subject(body=body).person())
    rows: list[dict[str, Any]] = []
    for name in TABLES[body]:
        own = None if name in PATIENTS else resting
        rows += run(load_protocol(name), _share(name, progress), body=own).observed
    return rows


def _share(name: str, progress: Callable[[str, float], None] | None) -> Progress | None:
    if progress is None:
        return None
    return lambda t, end, block: progress(name, t / end)
