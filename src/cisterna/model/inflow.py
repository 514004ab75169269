"""A measured net cranial inflow in place of the modelled blood volume.

Net inflow (arterial minus venous flow at the neck, by phase-contrast MRI) is the rate at which the blood volume in
the skull changes. The drive takes it at its word: over each cycle the blood in the cranial box swings by the integral
of the curve and by nothing else. Blood goes on flowing at its mean through the modelled vessels, which feel the
pressure of the box as before but no longer take part in its volume; the heart's own pulsation stands still. So the
flow of a single vein is right in its mean only; `flow_venous` is arterial flow less the curve.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameters, default_parameters
from cisterna.ground.units import same_dimension
from cisterna.model.blueprint import Blueprint, Control, Part
from cisterna.physiology.prescribed import PrescribedVolume
from cisterna.physiology.recorded import RecordedFlow, RecordedVolume
from cisterna.physiology.walls import LinearWall
from cisterna.recordings.check import plausible
from cisterna.recordings.recording import Recording
from cisterna.signals.flow import FlowCurve, flow_curve

Array = NDArray[np.float64]
#: The compartment that holds the prescribed volume, the source that fills it, and the two drives of that source.
BLOOD, SOURCE, FLOW, VOLUME = "blood.measured", "inflow.source", "inflow.flow", "inflow.volume"
#: Points of one cycle in the drive: half a millisecond of a beat, far below a step.
_POINTS = 2048
_BOX = "cranium"


@dataclass(frozen=True)
class NetInflow:
    """Net cranial inflow over one cycle, repeated without end.

    Attributes
    ----------
    flow : array (points,)
        mL/s on an even grid from time 0 of the file's clock on, its mean taken out.
    volume : array (points,)
        Its integral, mL, mean 0.
    cycle : float
        s.
    offset : float
        Mean that was taken out, mL/s.
    phases : int
        Points the file holds.
    source : str
        File and channel.
    notes : tuple of str
        What was assumed.
    """

    flow: Array
    volume: Array
    cycle: float
    offset: float
    phases: int
    source: str = ""
    notes: tuple[str, ...] = ()

    @property
    def swing(self) -> float:
        """Largest minus smallest blood volume over the cycle, mL."""
        return float(np.ptp(self.volume))

    def report(self) -> list[str]:
        """What drives the body, one line each."""
        peak, trough = float(self.flow.max()), float(self.flow.min())
        lines = [
            f"net cranial inflow, measured: {self.source}" if self.source else "net cranial inflow, measured",
            f"{self.phases} phases over a cycle of {self.cycle:.4g} s ({60 / self.cycle:.3g}/min), "
            f"{trough:+.3g} to {peak:+.3g} mL/s",
            f"blood volume swings by {self.swing:.3g} mL; mean of {self.offset:+.2g} mL/s taken out as offset",
        ]
        return [*lines, *self.notes]


def net_inflow(recording: Recording, channel: str = "", parameters: Parameters | None = None) -> NetInflow:
    """The net inflow in a recording of one cycle.

    Parameters
    ----------
    recording : Recording
        As `load` reads a flow curve: flow against time or phase.
    channel : str, optional
        Which flow, when there are several.
    parameters : Parameters, optional
        For the bounds of what is believed.

    Raises
    ------
    CisternaError
        No flow or several, no cycle, too few phases, a cycle that is no heartbeat, a mean so large that the curve
        is no net inflow, or a swing no skull allows.

    Examples
    --------
    >>> at = np.arange(20) / 20
    >>> rec = Recording().with_signal("flow", 3.0 * np.sin(2 * np.pi * at) + 0.1, time=at, unit="mL/s")
    >>> inflow = net_inflow(rec)
    >>> round(inflow.offset, 3), round(inflow.swing, 3)  # 3 / pi
    (0.1, 0.955)
    """
    rows = parameters or default_parameters()
    name = _flow_of(recording, channel)
    where = f"{recording.title}: {name}" if recording.title else name
    curve, begins, notes = _curve(recording, name, where)
    bounds = plausible("heart_rate")
    rate = 60.0 / curve.cycle
    if bounds is not None and not bounds.low <= rate <= bounds.high:
        found = f"{curve.cycle:.3g} s, {rate:.3g}/min; believed: {bounds.low:g} to {bounds.high:g}/min"
        raise CisternaError("the cycle is no heartbeat", where, found, "check the unit of the times: s or ms")
    raw = curve.fine(points=_POINTS)
    offset, size = float(raw.mean()), float(np.ptp(raw))
    most = rows.value("inflow_offset_most")
    if not size > 0:
        raise CisternaError("the inflow does not change over the cycle", where, f"{offset:.3g} mL/s throughout")
    if abs(offset) > most * size:
        found = f"mean {offset:+.3g} mL/s, peak to peak {size:.3g} mL/s"
        mend = "give arterial minus venous flow: its mean over a cycle is about 0"
        raise CisternaError("this is no net inflow: over a cycle more comes in than goes out", where, found, mend)
    # From the first phase of the file to time 0 of its clock: phase 0 of the curve is phase 0 of the heart.
    grid = np.arange(_POINTS) * curve.cycle / _POINTS
    flow = np.interp(grid, begins + grid, raw, period=curve.cycle)
    flow -= flow.mean()
    step = curve.cycle / _POINTS
    volume = np.concatenate([[0.0], np.cumsum((flow[1:] + flow[:-1]) * step / 2)])
    volume -= volume.mean()
    swing, largest = float(np.ptp(volume)), rows.value("inflow_swing_most")
    if swing > largest:
        found, mend = f"{swing:.3g} mL over a cycle; believed: up to {largest:g} mL", "check the unit of the flow"
        raise CisternaError("the skull holds no such swing of blood", where, found, mend)
    return NetInflow(flow, volume, curve.cycle, offset, curve.time.size, where, tuple(notes))


def _flow_of(recording: Recording, channel: str) -> str:
    """The signal that is a flow: the one asked for, else the only one."""
    flows = [name for name in recording.signals if _is_flow(recording.unit(name))]
    if channel:
        from cisterna.recordings.names import pick

        name = pick(recording, channel, recording.title)
        if name not in flows:
            unit = recording.unit(name) or "none"
            mend = f"say its unit: --units {name}=mL/s" if unit == "none" else "give a volume per time, e.g. mL/s"
            raise CisternaError(f"'{name}' is no flow", recording.title, f"unit {unit}", mend)
        return name
    if len(flows) != 1:
        found = ", ".join(f"{name} ({recording.unit(name) or 'no unit'})" for name in recording.signals[:8])
        what = "several flows are in the file" if flows else "no flow is in the file"
        mend = "name one: FILE:CHANNEL" if flows else "a net inflow is a volume per time: --units CHANNEL=mL/s"
        raise CisternaError(what, recording.title, found, mend)
    return flows[0]


def _is_flow(unit: str) -> bool:
    try:
        return bool(unit) and "/" in unit and same_dimension(unit, "mL/s")
    except CisternaError:
        return False


def _curve(recording: Recording, name: str, where: str) -> tuple[FlowCurve, float, list[str]]:
    """(curve, time of its first phase on the file's clock, notes); the length of the cycle is stated or inferred."""
    values, at = recording.values(name, "mL/s"), recording.time(name)
    if values.ndim != 1:
        raise CisternaError(f"'{name}' has places", where, mend="name one: FILE:CHANNEL(PLACE)")
    good = np.isfinite(values)
    values, at = values[good], at[good]
    if at.size < 2:
        raise CisternaError("the flow holds no samples", where, f"{at.size} of {good.size} are numbers")
    stated = recording.provenance.get("flow_curve", {}).get("cycle_s")
    clock = float(recording.provenance.get("clock_offset_s", 0.0) or 0.0)
    begins, span = clock + float(at[0]), float(at[-1] - at[0])
    step, notes = span / (at.size - 1), []
    cycle = float(stated) if stated else None
    if cycle is None and not _closes(values):
        # A clock that starts a step or two after 0 was counted from the start of the cycle, to its end.
        late = 0.0 < begins <= 3.0 * step
        cycle = begins + span if late else span + step
        why = "times end there, counted from 0" if late else "times and one more step"
        notes.append(f"the file states no cycle: taken as {cycle:.4g} s ({why})")
    try:
        return flow_curve(values, at - at[0], cycle), begins, notes
    except CisternaError as error:
        error.where = error.where or where
        raise


def _closes(values: Array) -> bool:
    """Whether the last sample repeats the first, so that the times span the whole cycle."""
    return bool(abs(values[-1] - values[0]) <= 0.02 * np.ptp(values))


@dataclass(frozen=True)
class InflowDrive:
    """A change of the plan: the blood volume in the skull follows a measured net inflow.

    Every blood compartment that lies in the box is taken out of its volume and keeps feeling its pressure; one
    compartment with the prescribed volume stands in their place, filled by a source that the ledger of the network
    counts. Where the body has several spaces in the skull it presses on them as the bed of the brain does. The
    heart's pulsation is set to 0 and its rate to that of the curve.

    Attributes
    ----------
    inflow : NetInflow
    hold : float
        Time in which a deviation from the prescribed volume is taken back, s.

    Examples
    --------
    >>> from cisterna.model.person import Person
    >>> at = np.arange(20) / 20
    >>> rec = Recording().with_signal("flow", 3.0 * np.sin(2 * np.pi * at), time=at, unit="mL/s")
    >>> plan = Person.typical().with_(InflowDrive.of(net_inflow(rec))).blueprint()
    >>> dict(plan.part("blood.measured").inside), dict(plan.part("lacunae").inside)
    ({'cranium': 1.0}, {})
    """

    inflow: NetInflow
    hold: float

    @staticmethod
    def of(inflow: NetInflow, parameters: Parameters | None = None) -> InflowDrive:
        """The change with its holding time from the parameters."""
        return InflowDrive(inflow, (parameters or default_parameters()).value("inflow_hold_time"))

    def __call__(self, plan: Blueprint) -> Blueprint:
        blood = {name: part for name, part in plan.parts.items() if part.fluid == "blood" and part.inside}
        for needed, there in (
            (_BOX, _BOX in plan.parts and blood),
            ("heart.strength", "heart.strength" in plan.controls),
        ):
            if not there:
                what = (
                    f"a net inflow cannot drive this body: it has no {'blood in a skull' if needed == _BOX else needed}"
                )
                raise CisternaError(what, mend="use a body with cranial blood and a prescribed heart, e.g. --body axis")
        curve, rate = self.inflow, _POINTS / self.inflow.cycle
        mean = sum(part.start for part in blood.values())
        for name, part in blood.items():
            plan = plan.replace(name, inside={}, outside={**part.outside, **part.inside})
        plan = (
            plan.add(FLOW, RecordedFlow.of(curve.flow, rate))
            .add(VOLUME, RecordedVolume.of(curve.volume + mean, rate))
            .add(
                BLOOD, LinearWall(compliance=1.0), inside=_shares(blood), position=0.0, fluid="blood",
                start=mean + float(curve.volume[0]),
            )
            .join(
                SOURCE, ("", BLOOD), PrescribedVolume(time=self.hold), fluid="blood",
                sees={"rate": f"drive.{FLOW}", "wanted": f"drive.{VOLUME}", "volume": f"volume.{BLOOD}"},
            )
            .signal("flow_inflow", f"flow.{SOURCE}", "mL/s")
            .signal("volume_blood", f"volume.{BLOOD}", "mL")
        )  # fmt: skip
        if {"flow_arterial", "flow_venous"} <= set(plan.signals):
            # What leaves by the veins is what the curve leaves over; of single veins only the mean is known.
            terms = {**plan.signals["flow_arterial"].terms, f"flow.{SOURCE}": -1.0}
            plan = plan.signal("flow_venous", terms, "mL/s")
        controls = {**plan.controls, "heart.strength": Control(0.0, plan.controls["heart.strength"].unit)}
        return replace(plan, controls=controls, periods={**plan.periods, "heart.phase": 1.0 / curve.cycle})


def _shares(blood: Mapping[str, Part]) -> dict[str, float]:
    """Where the prescribed volume lies: as the bed of the brain does, which presses on several spaces at once.

    In a body with one space all blood lies in it, and there is nothing to choose.
    """
    spread = [part.inside for part in blood.values() if len(part.inside) > 1]
    chosen = spread or [part.inside for part in blood.values()]
    total: dict[str, float] = {}
    for inside in chosen:
        for container, share in inside.items():
            total[container] = total.get(container, 0.0) + share / len(chosen)
    return total
