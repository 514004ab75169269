"""Reading a recording: every observation of a protocol as a value with its range."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameters
from cisterna.ground.units import convert, same_dimension
from cisterna.protocol import operators as operators  # their measures register themselves
from cisterna.protocol import waves as waves
from cisterna.protocol.channel import Channel, apart, find_channel
from cisterna.protocol.clock import Clock, clock_in
from cisterna.protocol.measures import Measure, View, find_measure
from cisterna.protocol.protocol import Observation
from cisterna.protocol.ranges import Range, published
from cisterna.protocol.window import Marks, resolve

if TYPE_CHECKING:
    from cisterna.recordings.recording import Recording

#: Signal that holds the volume put into the CSF since the start, mL.
INFUSED = "volume_infused"


@dataclass(frozen=True)
class Reading:
    """An observation made ready: channel, measure, times, unit and range.

    Attributes
    ----------
    seen : Observation
    channel, against : Channel
    measure : Measure
    window, baseline : tuple or None
        s.
    unit : str
        Of the value.
    range : Range or None
    apart : float or None
        Distance between the two places, cm.
    parameters : Parameters or None
        Of the person.
    """

    seen: Observation
    channel: Channel
    against: Channel | None
    measure: Measure
    window: tuple[float, float]
    baseline: tuple[float, float] | None
    unit: str
    range: Range | None
    apart: float | None = None
    parameters: Parameters | None = None


def prepare(
    seen: Observation,
    marks: Marks,
    units: Mapping[str, str],
    depths: Mapping[str, float] | None = None,
    parameters: Parameters | None = None,
) -> Reading:
    """Check an observation against what there is.

    Raises
    ------
    CisternaError
        Its `where` ends with the key of the observation that is wrong.
    """
    with _at("signal"):
        channel = find_channel(seen.signal, seen.place, units, depths, parameters)
    against = None
    with _at("against"):
        if seen.against:
            against = find_channel(seen.against, seen.against_place, units, depths, parameters)
    with _at("measure"):
        measure = find_measure(seen.measure)
        if "against" in measure.needs and against is None:
            raise CisternaError(f"'{seen.measure}' needs a second signal", mend='add against = "abp"')
        if "infused" in measure.needs and INFUSED not in units:
            mend = "use a body with an infusion, or a signal volume_infused"
            raise CisternaError(f"'{seen.measure}' needs the volume infused", mend=mend)
        if "baseline" in measure.needs and not seen.baseline:
            raise CisternaError(f"'{seen.measure}' needs a baseline", mend='add baseline = ["0 s", "30 s"]')
    with _at("window"):
        window = resolve(seen.window, marks, f"the window of '{seen.id}'")
    with _at("baseline"):
        baseline = resolve(seen.baseline, marks, f"the baseline of '{seen.id}'") if seen.baseline else None
    with _at("window"):
        for kind in ("beat", "breath"):
            if kind in measure.needs and marks.clock.cycle(kind, f"'{seen.measure}'").whole(*window) < 1:
                found = f"{window[1] - window[0]:.3g} s"
                what = f"no whole {kind} fits in the window of '{seen.id}'"
                raise CisternaError(what, found=found, mend="make it longer")
    own = measure.unit(channel.unit)
    with _at("range" if seen.range else "unit"):
        compared = _range(seen, own)
        if compared and compared.of_sign():
            compared = replace(compared, unit=own)
        unit = seen.unit or (compared.unit if compared else own)
        for other in (unit, compared.unit if compared else unit):
            if not same_dimension(own, other):
                mend = f"this measure gives {own}"
                raise CisternaError(f"wrong kind of unit for '{seen.id}'", found=other, mend=mend)
        compared = compared.in_unit(unit) if compared else None
    between = apart(seen, parameters) if against else None
    return Reading(seen, channel, against, measure, window, baseline, unit, compared, between, parameters)


def _range(seen: Observation, own: str) -> Range | None:
    if seen.range:
        found = published(seen.range)
        return replace(found, role=seen.role) if seen.role else found
    if seen.low is None and seen.high is None:
        return None
    made = Range(seen.low, seen.high, seen.unit or own, seen.source)
    return replace(made, role=seen.role) if seen.role else made


class _at:
    """Notes the key that is being checked in the place of any error."""

    def __init__(self, key: str) -> None:
        self.key = key

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, CisternaError):
            error.where = self.key if not error.where else f"{self.key}, {error.where}"


def read(readings: Sequence[Reading], recording: Recording, clock: Clock) -> list[dict[str, Any]]:
    """The values: one dictionary each with id, value, unit, low, high, inside, source, and what `standing` adds."""
    infused = (recording.time(INFUSED), recording.values(INFUSED)) if INFUSED in recording else None
    rows = []
    for reading in readings:
        seen = reading.seen
        time, values = _samples(recording, reading.channel)
        view = View(
            time=time, values=values, window=reading.window, baseline=reading.baseline, clock=clock,
            fraction=seen.fraction, infused=infused, apart=reading.apart, who=f"'{seen.id}'",
            against=_samples(recording, reading.against) if reading.against else None, parameters=reading.parameters,
        )  # fmt: skip
        found = float(reading.measure.function(view))
        own = reading.measure.unit(reading.channel.unit)
        value = convert(found, own, reading.unit) if reading.unit != own else found
        rows.append(_row(reading, value))
    return rows


def _samples(recording: Recording, channel: Channel) -> tuple[np.ndarray, np.ndarray]:
    first = next(iter(channel.weights))
    time = recording.time(first)
    total = sum(weight * _at_times(recording, name, time) for name, weight in channel.weights.items())
    return time, np.asarray(total)


def _at_times(recording: Recording, name: str, time: np.ndarray) -> np.ndarray:
    own = recording.time(name)
    same = own.size == time.size and np.array_equal(own, time)
    return recording.values(name) if same else np.interp(time, own, recording.values(name))


def standing(compared: Range | None) -> dict[str, str]:
    """What an observed row says of its range: range (id of the reference row), role, status, group, basis.

    Examples
    --------
    >>> standing(published("ref_supine"))["group"], standing(None)["role"]
    ('icp_rest', '')
    """
    if compared is None:
        return dict.fromkeys(("range", "role", "status", "group", "basis"), "")
    return {"range": compared.row, "role": compared.role, "status": compared.status, "group": compared.group,
            "basis": compared.basis}  # fmt: skip


def _row(reading: Reading, value: float) -> dict[str, Any]:
    known = math.isfinite(value)
    compared = reading.range
    inside = compared.inside(value) if compared and known else None
    if compared and not known and (compared.low is not None or compared.high is not None):
        inside = False
    return {
        "id": reading.seen.id,
        "value": value if known else None,
        "unit": reading.unit,
        "low": compared.low if compared else None,
        "high": compared.high if compared else None,
        "inside": inside,
        "source": compared.source if compared else reading.seen.source,
        **standing(compared),
    }


def observe(
    observations: Sequence[Observation], recording: Recording, clock: Clock | None = None
) -> list[dict[str, Any]]:
    """The same observations in a recording, measured or simulated: its events are the marks of the windows.

    Beats and breaths are found in the signals unless a clock is given.

    Examples
    --------
    >>> from cisterna.recordings.recording import Recording
    >>> rec = Recording().with_signal("icp", [9.0, 11.0, 10.0], rate=1.0, unit="mmHg", level_ref="foramen_monro")
    >>> observe([Observation(id="top", signal="icp", measure="max", window=("0 s", "2 s"))], rec, Clock())[0]["value"]
    11.0
    """
    spans = {event.label: (event.time, event.time + event.duration) for event in reversed(recording.events)}
    first, last = recording.span
    clock = clock_in(recording) if clock is None else clock
    marks = Marks(spans, last, clock, min(first, 0.0))
    units = {name: recording.unit(name) or "1" for name in recording.signals}
    readings = []
    for seen in observations:
        try:
            readings.append(prepare(seen, marks, units))
        except CisternaError as error:
            error.where = f"observation '{seen.id}', {error.where}"
            raise
    return read(readings, recording, clock)
