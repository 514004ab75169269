"""Numbers of a simulation: values beside their published ranges, stroke volume and arrival of the wave by level."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisterna.body.anatomy import LEVELS
from cisterna.ground.errors import CisternaError
from cisterna.ground.units import convert, from_internal
from cisterna.outside.simulation import Simulation
from cisterna.outside.simulation_labels import LABELS as LABELS
from cisterna.outside.simulation_labels import label as label
from cisterna.protocol.execute import PATIENTS, TABLES
from cisterna.protocol.measures import find_measure
from cisterna.protocol.ranges import published
from cisterna.protocol.read import load_protocol
from cisterna.protocol.reading import prepare, read, standing
from cisterna.protocol.view import View, mean_beat
from cisterna.protocol.window import Marks

Array = NDArray[np.float64]
#: Signals that stand still where a measured inflow has taken the place of the heart.
_STILLED = ("abp", "flow_arterial")
#: Rows a body returns because they were put in: the set point of its autoregulation, its own arterial pressure.
_PUT_IN = ("cbf_total", "map_supine")


@dataclass(frozen=True)
class Row:
    """What every run reads: ranges lying and upright, id at rest, a signal that takes the place of `signal` upright."""

    id: str
    signal: str
    measure: str
    unit: str
    places: tuple[str, ...] = ()
    lying: str = ""
    upright: str = ""
    against: str = ""
    rest: str = ""
    standing: str = ""


#: Ranges are rows of the measurements table or parameters. Upright the sinus is read at the vertex, as it is published.
ROWS = (
    Row("map", "abp", "mean", "mmHg", lying="map_supine"),
    Row("icp", "icp", "mean", "mmHg", lying="ref_supine", upright="ref_upright", rest="rest_icp"),
    Row("icp_pulse", "icp", "peak_to_peak", "mmHg", lying="icp_pulse_amp", rest="rest_pulse"),
    Row("icp_breath", "icp", "swing_breath", "mmHg", lying="icp_resp_amp", rest="rest_breath"),
    Row("sinus", "pressure_sinus", "mean", "mmHg", lying="p_sss_normal", upright="p_sss_upright",
        rest="rest_sinus", standing="pressure_sagittal"),
    Row("lumbar", "pressure_csf", "mean", "mmHg", ("L3", "L2", "L4"), lying="icp_lumbar_supine", upright="lp_seated"),
    Row("stroke_c2", "flow_csf", "stroke_volume", "mL", ("C2",), lying="pc_c2_sv", rest="rest_stroke_c2"),
    Row("stroke_thoracic", "flow_csf", "stroke_volume", "mL", ("T6",), lying="sv_thoracic"),
    Row("stroke_lumbar", "flow_csf", "stroke_volume", "mL", ("L2", "L1", "L3"), lying="sv_lumbar"),
    Row("stroke_aqueduct", "flow_aqueduct", "stroke_volume", "mL", lying="pc_aq_sv", rest="rest_stroke_aqueduct"),
    Row("delay_aqueduct", "flow_aqueduct", "delay", "s", lying="phase_aq_vs_c2", against="flow_csf.C2",
        rest="rest_aqueduct_delay"),
    Row("cbf", "cbf", "mean", "mL/min", lying="cbf_total", rest="rest_cbf"),
)  # fmt: skip


def observed(done: Simulation) -> list[dict[str, Any]]:
    """Values of a run in the shape used everywhere, as in `cisterna.protocol.execute.Result.observed`.

    For an adult lying down the observations of the experiment at rest come first, the same as in `cisterna table`;
    every run adds its own. A range of supine adults is no yardstick for anybody else: there the bounds are left out.
    """
    rows = _of_rest(done) if done.lying and done.adult else []
    seen = {row["id"] for row in rows}
    for own in ROWS:
        found = None if own.rest in seen else _own(done, own)
        if found is not None:
            rows.append(found)
    return [*rows, *_composed(done, seen)]


def experiments_of(body: str) -> tuple[str, ...]:
    """Experiments of `cisterna table` on a body or its relatives but those on a patient, the one at rest first."""
    names = TABLES.get(body) or TABLES.get(body.partition("-")[0]) or TABLES["axis"]
    return tuple(name for name in names if name not in PATIENTS)


def _range(done: Simulation, key: str, unit: str) -> dict[str, Any]:
    """low, high, source and standing of a row of ranges where it applies to this person."""
    if not key or not done.adult:
        return {"low": None, "high": None, "source": "", **standing(None)}
    row = published(key).in_unit(unit)
    made = replace(row, role="input") if key in _PUT_IN else row
    return {"low": row.low, "high": row.high, "source": row.source, **standing(made)}


def _row(key: str, value: float | None, unit: str, bounds: Mapping[str, Any]) -> dict[str, Any]:
    low, high, inside = bounds["low"], bounds["high"], None
    known = value is not None and bool(np.isfinite(value))
    if low is not None or high is not None:
        inside = known and bool((low is None or value >= low) and (high is None or value <= high))
    return {"id": key, "value": value if known else None, "unit": unit, "low": low, "high": high, "inside": inside,
            **{name: bounds[name] for name in bounds if name not in ("low", "high")}}  # fmt: skip


def _of_rest(done: Simulation) -> list[dict[str, Any]]:
    """The observations of the experiment at rest whose signals this body has, read from this run."""
    inside = _inside(done)
    recording = replace(done.run, times=done.run.times[inside], samples=done.run.samples[inside]).recording()
    protocol = load_protocol(experiments_of(done.person.body)[0])
    whole = {name: done.measured for name in (w for seen in protocol.observe for w in seen.window)}
    marks = Marks(whole, done.end, done.clock)
    units = {name: unit for name, unit, _ in done.run.net.layout.signals}
    readings = []
    for seen in protocol.observe:
        if done.inflow is not None and seen.signal in _STILLED:
            continue
        try:
            readings.append(prepare(seen, marks, units, parameters=done.person.parameters))
        except CisternaError:
            continue  # this body lacks the signal, or the run is too short for it
    return read(readings, recording, done.clock)


def _own(done: Simulation, row: Row) -> dict[str, Any] | None:
    name = next((n for p in row.places if (n := f"{row.signal}.{p}") in done.names), "") if row.places else row.signal
    if done.upright and row.standing in done.names:
        name = row.standing
    if name not in done.names or (row.against and row.against not in done.names):
        return None
    if row.id == "map" and (done.drive is not None or done.inflow is not None):
        return None  # given, not computed
    how = find_measure(row.measure)
    try:
        value = how.function(view(done, name, row.against))
    except CisternaError:
        return None  # no beat or no breath fits in the run
    own = how.unit(_unit(done, name))
    key = row.lying if done.lying else row.upright if done.upright else ""
    return _row(row.id, convert(value, own, row.unit), row.unit, _range(done, key, row.unit))


def _composed(done: Simulation, seen: Collection[str]) -> list[dict[str, Any]]:
    """Numbers of several signals, those not seen at rest: the jugular share, the speed of the wave."""
    rows = []
    if {"flow_jugular", "flow_venous"} <= set(done.names) and "rest_jugular_share" not in seen:
        share = view(done, "flow_jugular").mean() / view(done, "flow_venous").mean()
        key = "jugular_share_supine" if done.lying else "jugular_share_up" if done.upright else ""
        rows.append(_row("jugular_share", share, "1", _range(done, key, "1")))
    front = wave_front(done, last="T2")
    if front is not None and "rest_wave_speed" not in seen:
        speed = from_internal(front.speed, "m/s")
        rows.append(_row("wave_speed", speed, "m/s", _range(done, "spinal_pwv" if done.lying else "", "m/s")))
    return rows


def _inside(done: Simulation) -> slice:
    """Samples of the stretch that is measured."""
    return slice(int(np.searchsorted(done.run.times, done.measured[0])), None)


def view(done: Simulation, name: str, against: str = "") -> View:
    """A signal as measures see it, over the stretch that is measured."""
    inside = _inside(done)
    time = done.run.times[inside]
    other = (time, done.run.signal(against)[inside]) if against else None
    return View(time, done.run.signal(name)[inside], done.measured, done.clock, against=other, who=f"'{name}'")


def _unit(done: Simulation, name: str) -> str:
    return next(unit for n, unit, _ in done.run.net.layout.signals if n == name)


# ---- along the canal ------------------------------------------------------------------------------------
def strokes(done: Simulation) -> dict[str, float]:
    """Stroke volume at the lower face of each level, mL; empty without a heartbeat."""
    if done.clock.beats is None:
        return {}
    how = find_measure("stroke_volume")
    try:
        return {level: how.function(view(done, name)) for level, name in done.places("flow_csf").items()}
    except CisternaError:
        return {}


def lower_face(done: Simulation, level: str) -> float:
    """Distance of the lower face of a level below the foramen magnum along the canal, cm."""
    if level == "FM":
        return 0.0
    return sum(done.person.parameters.value(f"len_{lv}") for lv in LEVELS[: LEVELS.index(level) + 1])


def at_levels(done: Simulation, values: Mapping[str, float], levels: Sequence[str]) -> dict[str, float]:
    """Values at the middle of levels, on the straight line between the faces they are known at; 0 at the closed end."""
    if not values:
        return {}
    faces = sorted((lower_face(done, level), value) for level, value in values.items())
    end = lower_face(done, LEVELS[-1])
    if faces[-1][0] < end:
        faces.append((end, 0.0))
    x, y = zip(*faces, strict=True)
    middles = [lower_face(done, lv) - done.person.parameters.value(f"len_{lv}") / 2 for lv in levels]
    return {lv: float(v) for lv, v in zip(levels, np.interp(middles, x, y), strict=True)}


@dataclass(frozen=True)
class Front:
    """The front of the pulse wave along the canal.

    Attributes
    ----------
    arrival : dict
        Level -> time after the beginning of the beat at which caudal flow at its lower face is half way up
        its rise, s.
    speed : float
        Of the straight line through arrivals over distance, cm/s.
    start : float
        Time of that line at the first level, s.
    first, last : str
        Levels it was fitted over.
    """

    arrival: Mapping[str, float]
    speed: float
    start: float
    first: str
    last: str


def wave_front(done: Simulation, last: str = "") -> Front | None:
    """The front between the foramen magnum and a level, from the averaged beat; None where there is none to see.

    Levels whose stroke volume is a small share of the largest are left out: their rise is lost in rounding.

    Parameters
    ----------
    last : str, optional
        Lowest level that counts; by default as far as the wave is seen.
    """
    volumes = strokes(done)
    if not volumes:
        return None
    least = done.person.parameters.value("front_share") * max(volumes.values())
    arrival: dict[str, float] = {}
    stop = lower_face(done, last) if last else np.inf
    for level, name in done.places("flow_csf").items():
        if volumes[level] < least or lower_face(done, level) > stop:
            continue
        found = _flank(done, name, list(arrival.values())[-1] if arrival else None)
        if found is None:
            break
        arrival[level] = found[1] % found[0] if not arrival else found[1]
    if len(arrival) < 3:
        return None
    depth = np.array([lower_face(done, level) for level in arrival])
    times = np.array([float(at) for at in arrival.values()])
    slope, start = np.polyfit(depth - depth[0], times, 1)
    if not slope > 0:
        return None  # everything moves at once, or from below
    names = list(arrival)
    return Front(arrival, float(1.0 / slope), float(start), names[0], names[-1])


def _flank(done: Simulation, name: str, near: float | None) -> tuple[float, float] | None:
    """(length of a beat, time in it at which caudal flow is half way up a rise), s, in the averaged beat.

    Half way the rise is steep and the time well defined; its steepest point would jump between the corners of a
    measured curve. The rise is the one to the highest point, or the one that is under way at `near`: followed from
    level to level, the same flank is found where another hump outgrows it. None where nothing rises at that time.
    """
    v = view(done, name)
    period, beat = mean_beat(v, v.time, v.values)
    n = beat.size
    if near is None:
        top = int(np.argmax(beat))
    else:
        top = round(near / period * n) % n
        if beat[(top + 1) % n] <= beat[top]:
            return None
        while beat[(top + 1) % n] > beat[top % n]:
            top += 1
    foot = top
    while beat[(foot - 1) % n] < beat[foot % n]:
        foot -= 1
    half = 0.5 * (beat[foot % n] + beat[top % n])
    k = next(j for j in range(foot, top + 1) if beat[j % n] >= half)
    share = (half - beat[(k - 1) % n]) / (beat[k % n] - beat[(k - 1) % n])
    at = period * (k - 1 + share) / n
    return period, at if near is None else near + (at - near + period / 2) % period - period / 2
