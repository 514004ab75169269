"""What a step may reach besides the schedule: the person, hands on the skull, marks in time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import Parameters

if TYPE_CHECKING:
    from cisterna.model.schedule import Schedule
    from cisterna.protocol.step import Vector

#: (station, force [mmHg cm2], direction) -> volume by which the skull is narrowed, mL.
TouchVolume = Callable[[str, float, "str | Vector"], float]


@dataclass
class Context:
    """The surroundings of a timeline.

    Attributes
    ----------
    parameters : Parameters
        Of the person.
    age : float
        Years.
    body : str
        Name of the body.
    rest : dict
        Resting value of every input, internal units.
    touch_volume : callable
        See `TouchVolume`; `skull_touch` answers from the condensed skull of the person.
    rng : numpy Generator
        Seeded by the run, for steps that draw.
    forces : dict
        Station -> (times s, forces mmHg cm2), as laid down by touches.
    marks : list
        (time s, duration s, text) for the recording, besides the steps themselves.
    """

    parameters: Parameters
    age: float
    body: str
    rest: Mapping[str, float]
    touch_volume: TouchVolume
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    forces: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    marks: list[tuple[float, float, str]] = field(default_factory=list)

    def need(self, schedule: Schedule, *controls: str) -> str:
        """The first of some inputs that the body has.

        Raises
        ------
        CisternaError
            It has none of them.
        """
        for name in controls:
            if name in schedule.tracks:
                return name
        found = f"its inputs: {', '.join(schedule.tracks)}"
        mend = "choose another body, or leave the step out"
        raise CisternaError(f"body '{self.body}' has no input '{controls[0]}'", found=found, mend=mend)

    def add(
        self, schedule: Schedule, name: str, value: float, start: float, duration: float, over: float = 0.0
    ) -> None:
        """Add a value to an input for a time, on top of whatever is planned there already.

        Up over `over` s, held, down over `over` s; the whole lasts `duration` s. Unlike `Schedule.pulse` it keeps
        what lies ahead, so two infusions or two hands may overlap.
        """
        track = schedule.track(self.need(schedule, name))
        if duration < 2 * over:
            raise CisternaError("it is shorter than its two ramps", where=name, found=f"{duration:g} s")
        end = start + duration
        times = np.array([start, start + over, end - over, end])
        heights = np.array([0.0, value, value, 0.0])
        knots = sorted({*track.times, *times.tolist()})
        rows = [track.at(t) for t in knots]

        def extra(t: float) -> tuple[float, float]:
            """Height and slope just after t."""
            if not start <= t < end:
                return 0.0, 0.0
            k = int(np.searchsorted(times, t, side="right")) - 1
            width = times[k + 1] - times[k]
            slope = (heights[k + 1] - heights[k]) / width
            return float(heights[k] + slope * (t - times[k])), float(slope)

        both = [(v + extra(t)[0], s + extra(t)[1]) for t, (v, s) in zip(knots, rows, strict=True)]
        track.times[:] = knots
        track.values[:] = [v for v, _ in both]
        track.slopes[:] = [s for _, s in both]

    def force(self, station: str, profile: list[tuple[float, float]]) -> None:
        """Record the force of a hand: (time s, force mmHg cm2) of a broken line that begins and ends at zero."""
        old = self.forces.get(station, [])
        if not old:
            self.forces[station] = list(profile)
            return
        # Hands that overlap add up, kinks of both kept.
        times = sorted({t for t, _ in (*old, *profile)})
        total = _line(old, times) + _line(profile, times)
        self.forces[station] = list(zip(times, total.tolist(), strict=True))

    def mark(self, time: float, duration: float, text: str) -> None:
        """Put a mark into the recording."""
        self.marks.append((time, duration, text))


def _line(points: list[tuple[float, float]], times: list[float]) -> np.ndarray:
    return np.interp(times, [t for t, _ in points], [f for _, f in points], left=0.0, right=0.0)


def skull_touch(age: float, parameters: Parameters) -> TouchVolume:
    """Narrowing of the skull by a hand: -g . F with g of the condensed skull; zero away from the head.

    See `cisterna.physiology.skull`. The skull is condensed at the first touch of the head and then kept.

    Examples
    --------
    >>> from cisterna.ground.parameter import default_parameters
    >>> skull_touch(35.0, default_parameters())("sacrum", 3.678, "inward")
    0.0
    """
    return _SkullTouch(age, parameters)


class _SkullTouch:
    """The narrowing of one person's skull by a hand; a class, so that a run can go to another process."""

    def __init__(self, age: float, parameters: Parameters) -> None:
        self.age, self.parameters = age, parameters
        self.port: Any = None

    def __call__(self, name: str, force: float, way: str | Vector) -> float:
        check_touch(name, way)
        from cisterna.physiology.skull_anatomy import touched
        from cisterna.physiology.stations import station

        if station(name) not in touched():
            return 0.0
        if self.port is None:
            from cisterna.physiology.skull import skull_port

            self.port = skull_port(self.age, self.parameters)
        narrowed = -float(self.port.g(name, way)) * force
        if not math.isfinite(narrowed):
            raise CisternaError("the skull gave no answer to a touch", where=name)
        return narrowed


def check_touch(name: str, way: str | Vector) -> None:
    """Refuse a touch that no hand may do: unknown place or direction, or a load on a fontanelle.

    Raises
    ------
    CisternaError
    """
    from cisterna.physiology.stations import direction, station

    place = station(name)
    if "no_load" in place.cells["scope_flags"]:
        mend = "observe it, or touch another place"
        raise CisternaError(f"'{name}' must not be loaded: it is a membrane without bone", where=name, mend=mend)
    direction(way, place.outward, place.side, where=name)


def no_touch(name: str, force: float, way: str | Vector) -> float:
    """A touch that is checked and moves nothing: for laying out a timeline before anything runs."""
    check_touch(name, way)
    return 0.0
