"""Measures that stand for an instrument or a study design: what a paper did to its signals before it gave a number."""

from __future__ import annotations

import numpy as np

from cisterna.ground.parameter import default_parameters
from cisterna.protocol.measures import measure, volume_rising
from cisterna.protocol.view import Array, View, mean_beat, other_signal, time_mean

#: Share of a stay at one angle, at its end, over which a level is read: what the movement stirred has gone by then.
_SETTLED = 0.5
#: Stays at angles nearer than this are one, deg.
_SAME_ANGLE = 0.5


@measure("jugular_area", unit="mm2")
def jugular_area(v: View) -> float:
    """Mean area of a jugular vein from its pressure; with a second signal, the mean of both sides.

    The law by which the vein conducts, scaled to the supine area, with the person's own numbers: each side by its own
    pressure, for the law is curved and one side may be compressed.
    """
    p = v.parameters or default_parameters()
    soft, half = p.value("ga_A"), p.in_unit("jugular_area_half", "mm2")
    sides = [(v.time, v.values), *([v.against] if v.against is not None else [])]
    areas = []
    for time, pressure in sides:
        t, inside = View(time, pressure, v.window, v.clock, who=v.who).cut(v.whole(v.window))
        areas.append(time_mean(t, half * (1.0 + 2.0 / np.pi * np.arctan(inside / soft))))
    return float(np.mean(areas))


@measure("compliance_index", unit="mL/mmHg", needs="against beat")
def compliance_index(v: View) -> float:
    """Volume a net flow brings in a beat, peak to peak, over the peak to peak of a pressure difference."""
    period, flow = mean_beat(v, v.time, v.values)
    gradient = mean_beat(v, *other_signal(v))[1]
    volume = float(np.ptp(np.cumsum(flow - flow.mean())) * period / flow.size)
    return volume / float(np.ptp(gradient))


@measure("headward_rising", unit=lambda own: own.removesuffix("/s"), needs="against breath")
def headward_rising(v: View) -> float:
    """Volume that moves towards the head while a second signal rises, per breath: `volume_rising` the other way."""
    return -volume_rising(v)


@measure("knee", unit="deg", needs="against")
def knee(v: View) -> float:
    """Angle from which a level stays flat: a sloping line that goes over into a level one, through stays at angles.

    The second signal is the angle of the body; each stay gives one mean, the line is fitted by least squares.
    """
    angles, levels = _stays(v)
    if angles.size < 4:
        return float("nan")
    trial = np.linspace(angles[0], angles[-1], 401)[1:-1]
    return float(trial[int(np.argmin([_misfit(angles, levels, at) for at in trial]))])


def _misfit(angles: Array, levels: Array, at: float) -> float:
    """Sum of squares that a line, level from an angle on, leaves of the levels."""
    columns = np.column_stack([np.ones_like(angles), np.minimum(angles - at, 0.0)])
    fitted = columns @ np.linalg.lstsq(columns, levels, rcond=None)[0]
    return float(np.sum((levels - fitted) ** 2))


def _stays(v: View) -> tuple[Array, Array]:
    """Angle and settled mean of each stay, by angle."""
    t, angle = View(*other_signal(v), v.window, v.clock, who=v.who).cut()
    moving = np.abs(np.diff(angle)) > 1e-9 * np.maximum(np.abs(angle[1:]), 1.0)
    edges = np.flatnonzero(np.diff(np.concatenate([[True], moving, [True]]).astype(int)))
    found: dict[float, list[float]] = {}
    for first, last in zip(edges[::2], edges[1::2], strict=True):
        begun, ended = float(t[first]), float(t[last])
        near = next((a for a in found if abs(a - angle[first]) < _SAME_ANGLE), float(angle[first]))
        found.setdefault(near, []).append(v.mean((ended - _SETTLED * (ended - begun), ended)))
    order = sorted(found)
    return np.array(order), np.array([np.mean(found[a]) for a in order])
