"""A simulation: a person's body in a posture, from its resting state, for a time, perhaps driven by a measurement."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisterna import __version__
from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.parameter import default_parameters
from cisterna.ground.sources import cite
from cisterna.ground.units import from_internal
from cisterna.model.body import bodies
from cisterna.model.condition import Condition
from cisterna.model.inflow import InflowDrive, NetInflow
from cisterna.model.person import Person, keep_given
from cisterna.model.posture import Posture
from cisterna.model.simulate import Run, simulate
from cisterna.model.start import own_heart
from cisterna.outside.simulation_checks import FEWEST_BEATS, blamed, keep_rate, require_inflow_drive, require_length
from cisterna.outside.simulation_drive import measured_clock, measured_inflow, measured_pressure, require_drive
from cisterna.protocol.clock import Clock, clock_in, clock_of
from cisterna.protocol.execute import Body, at_rest
from cisterna.recordings.recording import Recording
from cisterna.sessions.recorded import driven
from cisterna.signals.drive import DriveSignals

#: Called with (share done, what happens now).
Told = Callable[[float, str], None]
#: Every second step is kept: 10 ms. The run takes all of them, as the search for rest does: one program serves both.
_KEPT = 2
#: Body that runs unless another is named.
DEFAULT_BODY = "whole"


@dataclass(frozen=True)
class SimulationPlan:
    """What is asked for.

    Attributes
    ----------
    person : Person
        With body, values and conditions.
    posture : Posture
    duration : float
        s.
    abp, inflow : str
        ``FILE`` or ``FILE:CHANNEL`` of a measured arterial pressure, or of a measured net cranial inflow.
    units : dict
        Unit by channel, "" for every one, for a file that states none.
    rate : float or None
        Samples a second, for a file that states none.
    """

    person: Person
    posture: Posture = field(default_factory=lambda: Posture("supine", 0.0))
    duration: float = 60.0
    abp: str = ""
    inflow: str = ""
    units: Mapping[str, str] = field(default_factory=dict)
    rate: float | None = None

    def __post_init__(self) -> None:
        if self.abp and self.inflow:
            mend = "give one of --abp and --inflow"
            raise CisternaError("a pressure and an inflow cannot both drive the heart", mend=mend)
        longest = default_parameters().value("simulate_longest")
        if not (math.isfinite(self.duration) and 0.0 < self.duration <= longest):
            found, mend = f"{self.duration:g} s", f"give a time up to {longest / 3600:g} h, e.g. --for 60s"
            raise CisternaError("a simulation needs a time it can run for", found=found, mend=mend)


@dataclass(frozen=True)
class Simulation:
    """A simulation that ran.

    Attributes
    ----------
    plan : SimulationPlan
    person : Person
        With posture and drive.
    body : Body
        At rest.
    run : Run
    clock : Clock
        Beats and breaths.
    drive : DriveSignals or None
    inflow : NetInflow or None
    files : dict
        Name of each input file -> SHA-256 of its content.
    asked : float
        Time asked for, s; longer than the run when it was interrupted.
    """

    plan: SimulationPlan
    person: Person
    body: Body
    run: Run
    clock: Clock
    drive: DriveSignals | None
    inflow: NetInflow | None
    files: Mapping[str, str]
    asked: float

    @property
    def end(self) -> float:
        """Time reached, s."""
        return float(self.run.times[-1])

    @property
    def measured(self) -> tuple[float, float]:
        """The stretch its values are read from, s: the whole run, or the last minutes of a long one."""
        longest = self.person.parameters.value("simulate_measured")
        first = float(self.run.times[0])
        return (first if self.end <= longest else self.end - longest), self.end

    @property
    def interrupted(self) -> bool:
        """Whether it was stopped early."""
        return self.end < self.asked - 1e-6

    @property
    def names(self) -> list[str]:
        """Its signals."""
        return self.run.names

    @property
    def lying(self) -> bool:
        """Flat on the back."""
        return self.plan.posture.angle == 0.0

    @property
    def upright(self) -> bool:
        """Trunk and head upright."""
        return math.isclose(self.plan.posture.angle, math.pi / 2)

    @property
    def adult(self) -> bool:
        """Old enough for the published ranges of adults."""
        return self.person.age >= self.person.parameters.peek("age_adult").value

    def places(self, family: str) -> dict[str, str]:
        """Level -> signal of a family such as ``flow_csf``, in the order of the body."""
        return {n.split(".", 1)[1]: n for n in self.names if n.startswith(f"{family}.")}

    def driven_by(self) -> list[str]:
        """What was measured and what is left to the model, one line each; empty without a drive."""
        if self.inflow is not None:
            return [
                *self.inflow.report(),
                "the blood in the skull has this volume and no other: vessels keep their mean flow and feel the "
                "pressure, but neither the heart's pulse nor breath moves their volume",
            ]
        if self.drive is None:
            return []
        looped = "the run is longer than the recording, which is played in a loop"
        return [*self.drive.report(), *([looped] if self.end > self.drive.duration else [])]

    def lifeless(self) -> list[str]:
        """A line when the pressures are none that anybody lives at, else empty."""
        if not {"icp", "abp"} <= set(self.names):
            return []
        icp, abp = (float(np.mean(self.run.signal(name))) for name in ("icp", "abp"))
        return [f"ICP, {icp:.4g} mmHg, is above arterial pressure, {abp:.4g} mmHg: nobody lives so"] * (icp > abp)

    def warnings(self) -> list[str]:
        """What makes the run doubtful, one line each: values set outside their stated range, and `lifeless`."""
        rows = [row for row in self.plan.person.parameters.changed.values() if row.status == "set" and not row.inside]
        return [*(f"{row.id} {row.value:g} {row.unit} is outside {row.span}" for row in rows), *self.lifeless()]

    def recording(self, provenance: Mapping[str, Any] | None = None) -> Recording:
        """The run as a recording."""
        made = self.run.recording(provenance=dict(provenance or self.provenance()))
        return made.with_title(f"simulation, {self.plan.posture.name}")

    def provenance(self) -> dict[str, Any]:
        """Version, body, world, what was changed, inputs, and the hash that names the run."""
        person, fields_ = self.person, self.body.plan.fields()
        asked = self.plan.person.parameters.changed
        changed = [
            {"id": row.id, "value": row.value, "unit": row.unit, "status": row.status, "source": row.source}
            if row.id in asked
            else {"id": row.id, "value": row.value, "unit": row.unit, "status": "measured",
                  "source": f"measured in {', '.join(self.files)}"}
            for row in person.parameters.changed.values()
        ]  # fmt: skip
        for told_row in changed:
            row = person.parameters.peek(str(told_row["id"]))
            if told_row["status"] == "set" and not row.inside:
                told_row["outside"] = row.span
        for key, value in person.overrides.items():
            unit = fields_[key][1]
            changed.append({"id": key, "value": from_internal(value, unit), "unit": unit, "status": "set",
                            "source": "set by the user"})  # fmt: skip
        told: dict[str, Any] = {
            "cisterna": __version__,
            "body": person.body,
            "world": "established" if not self.body.plan.hypotheses else "as-taught",
            "hypotheses": list(self.body.plan.hypotheses),
            "age_years": person.age,
            "conditions": [c.name for c in self.plan.person.changes if isinstance(c, Condition)],
            "posture": self.plan.posture.name,
            "tilt_deg": math.degrees(self.plan.posture.angle),
            "seconds": self.end,
            "seconds_asked": self.asked,
            "measured_s": list(self.measured),
            "changed": changed,
            "inputs": dict(self.files),
            "drive": self.driven_by(),
            "rest": self.body.note,
            "seed": 0,
        }
        told["hash"] = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
        # A run that was stopped keeps its samples, not the estimates of its steps.
        scale = np.maximum(np.abs(self.run.state), 1.0)
        told["largest_step_error"] = None if self.interrupted else float(np.max(self.run.errors / scale))
        told["warnings"] = self.warnings()
        told["age"] = person.age_said()
        told["sources"] = cite(person.parameters.used, person.parameters)
        return told


def run_simulation(plan: SimulationPlan, told: Told | None = None) -> Simulation:
    """Run a simulation.

    Parameters
    ----------
    plan : SimulationPlan
    told : callable, optional
        Told (share done, what happens now).

    Raises
    ------
    CisternaError
        A file that cannot drive, a body that cannot be driven so or has no such posture, a time of less than three
        beats, a body out of its range.
    KeyboardInterrupt
        Stopped before three beats were done; a later stop is no error, see `Simulation.interrupted`.

    Examples
    --------
    >>> done = run_simulation(SimulationPlan(Person.typical(body="axis"), duration=10.0))
    >>> bool(8.0 < done.run.signal("icp").mean() < 11.0), done.interrupted
    (True, False)
    """
    tell = told or (lambda share, now: None)
    tell(0.0, "reading")
    person = plan.person.with_(plan.posture)
    drive: DriveSignals | None = None
    inflow: NetInflow | None = None
    files: dict[str, str] = {}
    if plan.abp:
        drive, files = measured_pressure(plan)
        require_drive(person, "abp", "a measured arterial pressure")
        asked, person = person, driven(person, drive)
        keep_given(asked, person, f"the recording {next(iter(files))}")
    elif plan.inflow:
        require_inflow_drive(person)
        inflow, files = measured_inflow(plan)
        keep_rate(person, 1.0 / inflow.cycle, f"the inflow {next(iter(files))}")
        person = person.with_(InflowDrive.of(inflow, person.parameters))
    planned = person.blueprint()
    require_length(planned, plan.duration)
    tell(0.0, "resting state")
    with blamed(plan.person):
        body = at_rest(person, planned)
        run = _march(body, plan.duration, tell)
    clock = clock_of(body.start.schedule, float(run.times[-1]))
    if own_heart(planned):
        clock = replace(clock, beats=clock_in(run.recording()).beats)
    if drive is not None:
        clock = measured_clock(drive, clock, float(run.times[-1]))
    return Simulation(plan, person, body, run, clock, drive, inflow, files, plan.duration)


def _march(body: Body, duration: float, tell: Told) -> Run:
    """The run, or as much of it as was done when somebody stopped it."""
    blocks: list[tuple[float, NDArray[np.float64]]] = []
    names = body.net.layout.signal_names
    icp = names.index("icp") if "icp" in names else None

    def moved(t: float, end: float, block: NDArray[np.float64]) -> None:
        blocks.append((t, block))
        said = "" if icp is None else f" · ICP {float(np.mean(block[:, icp])):.1f} mmHg"
        tell(t / end, f"{t:.0f} of {end:.0f} s{said}")

    try:
        run = simulate(
            body.net, body.start.schedule, duration, state=body.start.rest.state, march=body.start.march, progress=moved
        )
    except KeyboardInterrupt:
        rate = body.plan.periods.get("heart.phase", 1.0)
        if not blocks or blocks[-1][0] * rate < FEWEST_BEATS:
            raise
        run = _kept(body, blocks)
    return replace(run, times=run.times[_KEPT - 1 :: _KEPT], samples=run.samples[_KEPT - 1 :: _KEPT])


def _kept(body: Body, blocks: list[tuple[float, NDArray[np.float64]]]) -> Run:
    """What was done of a run: its samples; its end state is not known, so it cannot be continued."""
    times, start = [], 0.0
    for end, block in blocks:
        times.append(np.linspace(start, end, len(block) + 1)[1:])
        start = end
    unknown = np.full(body.net.start.shape, np.nan)
    samples = np.concatenate([block for _, block in blocks])
    return Run(body.net, np.concatenate(times), samples, unknown, np.zeros_like(unknown))


def person_of(age: float, body: str = "") -> Person:
    """The typical person of an age in a body; the default one when none is named.

    Raises
    ------
    UnknownName
        No such body.
    """
    known = list(bodies())
    name = body or DEFAULT_BODY
    if name not in known:
        raise UnknownName("body", name, known)
    return Person.typical(age=age, body=name)
