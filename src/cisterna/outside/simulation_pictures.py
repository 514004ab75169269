"""Pictures of a simulation: the body from cranium to sacrum, flow along the canal over time, time courses, ranges."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cisterna.ground.parameter import default_parameters
from cisterna.ground.units import from_internal
from cisterna.outside.figures import Html, body_plate, figure, fmt, published_ranges, stacked_courses, table
from cisterna.outside.figures.flowmap import flow_map
from cisterna.outside.figures.spine import LEVELS
from cisterna.outside.simulation import Simulation
from cisterna.outside.simulation_numbers import Front, at_levels, label, strokes, view, wave_front
from cisterna.protocol.channel import find_channel, signal_depths
from cisterna.protocol.measures import find_measure
from cisterna.protocol.tally import told, totals

Array = NDArray[np.float64]
#: Colour scale of the body, mmHg: that of the session report; wider in steps of 5 where a posture leaves it.
_SCALE, _STEP = (-10.0, 50.0), 5.0
_ARROWS = ("C2", "C6", "T2", "T6", "T10", "L1", "L4")
#: Beats on the map and seconds of the time courses.
_BEATS, _SECONDS = 5, 12.0
#: Level -> row of its published stroke volume.
_PUBLISHED = {"C2": "sv_c2c3", "T6": "sv_thoracic", "L2": "sv_lumbar"}
#: Where lumbar flow is read, the first there is.
_LUMBAR = ("L2", "L1", "L3", "T12")
#: Signals that stand for the spaces of the head in the picture.
_HEAD = {"cranial": "icp", "lateral": "icp_ventricular", "third": "icp_ventricular"}


# ---- body -----------------------------------------------------------------------------------------------
def pressures(done: Simulation) -> dict[str, float]:
    """Mean CSF pressure by place of the body picture, mmHg."""
    found = {place: view(done, name).mean() for place, name in _HEAD.items() if name in done.names}
    if not done.places("pressure_csf"):
        return found
    # Between the points where a body knows it, and past the last, on straight lines: exact for fluid at rest.
    units = {name: "mmHg" for name in done.places("pressure_csf").values()}
    depths = signal_depths(done.body.plan, done.person.parameters)
    for level in LEVELS:
        parts = find_channel("pressure_csf", level, units, depths, done.person.parameters).weights
        found[level] = sum(weight * view(done, name).mean() for name, weight in parts.items())
    return found


def scale_of(values: Sequence[float]) -> tuple[float, float]:
    """Limits of the colour scale in steps of 5 mmHg, never narrower than those of every other report.

    Examples
    --------
    >>> scale_of([9.7, 9.7]), scale_of([-3.2, 61.0])
    ((-10.0, 50.0), (-10.0, 65.0))
    """
    low = min(_SCALE[0], _STEP * math.floor(min(values) / _STEP))
    return low, max(_SCALE[1], _STEP * math.ceil(max(values) / _STEP))


def body(done: Simulation) -> Html:
    """The body coloured by mean pressure, stroke volume as arrows, profiles along the canal beside it."""
    values, volumes, front = pressures(done), strokes(done), wave_front(done)
    along = {lv: values[lv] for lv in LEVELS if lv in values}
    arrows = at_levels(done, volumes, _ARROWS)
    # At the middle of every level, as the pressure beside it; the foramen magnum is a face of its own.
    profile = {lv: volumes["FM"] for lv in ("FM",) if lv in volumes} | at_levels(done, volumes, LEVELS[1:])
    profiles: list[dict[str, Any]] = []
    if len(along) > 1:
        profiles.append({"name": "Pressure", "unit": "mmHg", "values": along, "filled": True})
    if volumes:
        band = _band(done)
        profiles.append({"name": "Stroke volume", "unit": "mL per beat", "values": profile, "stroke": "fluid",
                         "band": band, "note": "band: published" if band else ""})  # fmt: skip
    if front is not None and "C2" in front.arrival:
        late = {lv: 1000.0 * (at - front.arrival["C2"]) for lv, at in front.arrival.items()}
        profiles.append({"name": "Delay", "unit": "ms after C2", "values": late})
    # The profile is drawn where its levels have published bounds, so those without stay out of the band.
    for given in profiles:
        if given.get("band"):
            given["band"] = _spread(given["band"], list(given["values"]))
    drawing = body_plate(
        values, scale=scale_of(list(values.values())), arrows=arrows, profiles=profiles, prefix="body",
        parameters=done.person.parameters, title=body_title(done, values),
        notes=() if done.upright else (f"Posture: {done.plan.posture.name}; drawn upright.",),
    )  # fmt: skip
    return figure(drawing, numbers=_levels_table(along, profile, front))


def body_title(done: Simulation, values: Mapping[str, float]) -> str:
    """What the picture of the body shows, in one line."""
    word = done.plan.posture.name.capitalize()
    lowest = next((lv for lv in reversed(LEVELS) if lv in values), "")
    if not lowest or "cranial" not in values:
        return f"{word}: mean pressure from cranium to sacrum"
    head, foot = fmt(values["cranial"], "mmHg", 2), fmt(values[lowest], "mmHg", 2)
    return f"{word}: CSF pressure {head} in the head, {foot} at {lowest}"


def _band(done: Simulation) -> dict[str, tuple[float, float]]:
    """Published stroke volumes of supine adults by level, mL; nothing for anybody else."""
    if not (done.lying and done.adult):
        return {}
    rows = default_parameters()
    return {lv: (rows.peek(key).low, rows.peek(key).high) for lv, key in _PUBLISHED.items()}


def _spread(band: Mapping[str, tuple[float, float]], levels: Sequence[str]) -> dict[str, tuple[float, float]]:
    """A band at all levels between its first and its last, on straight lines by count of levels."""
    known = [LEVELS.index(lv) for lv in band]
    inside = [lv for lv in levels if known[0] <= LEVELS.index(lv) <= known[-1]]
    ends = [np.interp([LEVELS.index(lv) for lv in inside], known, [pair[k] for pair in band.values()]) for k in (0, 1)]
    return {lv: (float(a), float(b)) for lv, a, b in zip(inside, *ends, strict=True)}


def _levels_table(pressure: Mapping[str, float], volumes: Mapping[str, float], front: Front | None) -> Html:
    def num(key: str, name: str, unit: str) -> dict[str, Any]:
        return {"key": key, "label": name, "unit": unit, "number": True}

    columns: list[Any] = [{"key": "level", "label": "Level"}, num("p", "Mean pressure", "mmHg"),
                          num("v", "Stroke volume", "mL"), num("d", "Arrival in the beat", "ms")]  # fmt: skip
    arrival = front.arrival if front is not None else {}
    rows = []
    for lv in LEVELS:
        if lv in pressure or lv in volumes:
            rows.append({"level": lv, "p": fmt(pressure[lv], "", 3) if lv in pressure else "",
                         "v": fmt(volumes[lv], "", 2) if lv in volumes else "",
                         "d": f"{1000 * arrival[lv]:.0f}" if lv in arrival else ""})  # fmt: skip
    return table(columns, rows)


# ---- flow over time -------------------------------------------------------------------------------------
def _stretch(done: Simulation) -> tuple[float, float] | None:
    """The last whole beats of the run, five or as many as there are, begun at a beat."""
    beats = done.clock.beats
    if beats is None:
        return None
    starts = beats.starts(0.0, done.end)
    if starts.size < 2:
        return None
    return float(starts[max(starts.size - 1 - _BEATS, 0)]), float(starts[-1])


def _piece(done: Simulation, start: float, end: float) -> tuple[Array, Array]:
    """Even times from `start` to `end` at the rate of the run: on its clock, and counted from 0."""
    spacing = float(np.median(np.diff(done.run.times)))
    count = max(2, round((end - start) / spacing) + 1)
    at = np.linspace(start, end, count)
    return at, at - start


def _signal(done: Simulation, name: str, at: Array) -> Array:
    return np.interp(at, done.run.times, done.run.signal(name))


def breaths_in(done: Simulation, start: float, end: float) -> list[tuple[float, float]]:
    """Stretches of breathing in between two times, counted from the first, s."""
    if done.clock.breaths is None or "resp" not in done.names:
        return []
    at, own = _piece(done, start, end)
    rising = np.gradient(_signal(done, "resp", at)) > 0
    edges = np.flatnonzero(np.diff(rising.astype(int)))
    marks = [0, *(int(k) + 1 for k in edges), len(at) - 1]
    return [(float(own[a]), float(own[b])) for a, b in zip(marks[:-1], marks[1:], strict=True) if rising[a] and b > a]


def flow_over_time(done: Simulation, speed: float | None = None) -> Html | None:
    """The space-time map of CSF flow; None for a body without a canal or a heartbeat.

    Parameters
    ----------
    speed : float, optional
        Of the wave in the neck, m/s, as the table tells it; by default that of the line that is drawn.
    """
    levels, stretch = done.places("flow_csf"), _stretch(done)
    levels = {lv: name for lv, name in levels.items() if lv in LEVELS}
    if len(levels) < 2 or stretch is None:
        return None
    at, own = _piece(done, *stretch)
    values = {lv: _signal(done, name, at).tolist() for lv, name in levels.items()}
    limit = _round_up(max(float(np.abs(v).max()) for v in values.values()))
    front, beats = wave_front(done), done.clock.beats
    line, words = None, []
    if front is not None and beats is not None:
        middle = float(beats.time(np.round(beats.phase(stretch[0])) + _middle(done, stretch))) - stretch[0]
        line = {lv: middle + t for lv, t in front.arrival.items()}
        neck = wave_front(done, last="T2")
        if speed is None and neck is not None:
            speed = from_internal(neck.speed, "m/s")
        words = ["wave front", *([f"{fmt(speed, 'm/s', 2)} in the neck"] if speed else [])]
    driving = {"name": "inflow", "y": _signal(done, "flow_inflow", at), "colour": "art"} if done.inflow else None
    if driving is None and "abp" in done.names:
        driving = {"name": "ABP", "y": _signal(done, "abp", at), "colour": "art"}
    drawing = flow_map(
        own.tolist(), values, unit="mL/s", limit=limit, trace=driving, breaths=breaths_in(done, *stretch), front=line,
        front_label=words, profile=strokes(done), band=_band(done), prefix="flowmap", title=flow_title(done),
        height=640.0,
    )  # fmt: skip
    return figure(drawing)


def _middle(done: Simulation, stretch: tuple[float, float]) -> int:
    beats = done.clock.beats
    return 0 if beats is None else max(beats.whole(*stretch) // 2, 0)


def flow_title(done: Simulation) -> str:
    """What the map shows, in one line."""
    volumes = strokes(done)
    if not volumes:
        return "Flow along the canal over time"
    names = list(volumes)
    low = next((lv for lv in _LUMBAR if lv in volumes), names[-1])
    share = volumes[low] / volumes[names[0]]
    return f"Each beat sends a wave down the canal; {100 * share:.0f} % of the volume at {names[0]} is left at {low}"


def _round_up(value: float) -> float:
    """The next of 1, 1.5, 2, 3, 4, 5, 6, 8 and their decades.

    Examples
    --------
    >>> _round_up(4.7), _round_up(0.11), _round_up(0.0)
    (5.0, 0.15, 1.0)
    """
    if not value > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next((round(f * power, 12) for f in (1, 1.5, 2, 3, 4, 5, 6, 8) if f * power >= value), 10 * power)


# ---- time courses ---------------------------------------------------------------------------------------
def courses(done: Simulation) -> Html:
    """Twelve seconds of pressure and flow, one row a signal."""
    end = done.end
    start = max(0.0, end - _SECONDS)
    at, own = _piece(done, max(start, float(done.run.times[0])), end)
    rows = []
    for name, shown, unit, colour, measures in _course_rows(done):
        values = _signal(done, name, at)
        rows.append({"name": shown, "unit": unit, "t": own, "y": values, "colour": colour,
                     "summary": _summary(done, name, unit, measures)})  # fmt: skip
    drawing = stacked_courses(
        rows, bands=breaths_in(done, float(at[0]), end), prefix="courses", title=course_title(done)
    )
    return figure(drawing)


def _course_rows(done: Simulation) -> list[tuple[str, str, str, str, tuple[str, ...]]]:
    """(signal, name, unit, colour, measures of its summary) of the rows there are."""
    lumbar = next((f"flow_csf.{lv}" for lv in _LUMBAR if f"flow_csf.{lv}" in done.names), "")
    wanted = [
        ("flow_inflow", "Net inflow, measured", "mL/s", "art", ("swing",)),
        ("abp", "Arterial pressure", "mmHg", "art", ("mean",)),
        ("icp", "Intracranial pressure", "mmHg", "ink", ("mean", "peak_to_peak")),
        ("flow_aqueduct", "Flow, aqueduct", "mL/s", "fluid", ("stroke_volume",)),
        ("flow_csf.C2", "Flow, C2", "mL/s", "fluid", ("stroke_volume",)),
        (lumbar, f"Flow, {lumbar.rpartition('.')[2]}", "mL/s", "fluid", ("stroke_volume",)),
        ("flow_jugular", "Flow, jugular (both)", "mL/s", "ven", ("mean", "share")),
    ]
    if done.inflow is not None:  # then the arteries stand still, and of a single vein only the mean is known
        wanted = [row for row in wanted if row[0] not in ("abp", "flow_jugular")]
    return [row for row in wanted if row[0] in done.names]


def _summary(done: Simulation, name: str, unit: str, measures: Sequence[str]) -> str:
    seen = view(done, name)
    words = []
    for measure in measures:
        if measure == "swing":
            words.append(f"volume swing {fmt(done.inflow.swing, 'mL', 3)}" if done.inflow else "")
        elif measure == "share":
            whole = view(done, "cbf").mean() if "cbf" in done.names else 0.0
            words.append(f"{100 * seen.mean() / whole:.0f} % of CBF" if whole else "")
        elif measure == "mean":
            words.append(f"mean {fmt(seen.mean(), '', 2)}")
        elif done.clock.beats is not None:
            value = find_measure(measure).function(seen)
            words.append(
                f"pulse {fmt(value, '', 2)}" if measure == "peak_to_peak" else f"stroke volume {fmt(value, 'mL', 2)}"
            )
    return ", ".join(filter(None, words))


def course_title(done: Simulation) -> str:
    """What the time courses show, in one line."""
    if done.clock.beats is None or "icp" not in done.names:
        return "Signals over time"
    seen = view(done, "icp")
    pulse = fmt(find_measure("peak_to_peak").function(seen), "", 2)
    if done.clock.breaths is None or done.clock.breaths.whole(*seen.window) < 1:
        return f"The heart moves ICP by {pulse} mmHg"
    return f"Heart and breath move ICP by {pulse} and {fmt(find_measure('swing_breath').function(seen), '', 2)} mmHg"


def brief(source: str) -> str:
    """Author and year of a source, or its first word: what fits beside a picture.

    Examples
    --------
    >>> brief("Norager et al. 2021 Fluids Barriers CNS 18:19"), brief("computed: icp_pulse_amp / icp_mwa_amp_ratio")
    ('Norager et al. 2021', 'computed')
    """
    cited = re.match(r"[A-Z][^;:()]{2,40}? (?:19|20)\d\d\b", source)
    return cited[0] if cited else re.split(r"[;:( ]", source)[0]


# ---- ranges ---------------------------------------------------------------------------------------------
def ranges(rows: Sequence[Mapping[str, Any]], prefix: str = "ranges") -> Html:
    """Values with a two-sided range, each range stretched to one band; the others stand in the table."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row["value"] is None or row["low"] is None or row["high"] is None or not row["high"] > row["low"]:
            continue
        group, name = label(row["id"], row["unit"])
        groups.setdefault(group, []).append({**row, "name": name, "source": brief(str(row["source"]))})
    if not groups:
        return Html("")
    ordered = [{"name": name, "rows": found} for name, found in groups.items()]
    return figure(published_ranges(ordered, prefix=prefix, title=told(totals(rows))))
