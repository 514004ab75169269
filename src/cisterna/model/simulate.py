"""Running a network under a schedule: from a resting state, segment by segment, to a Recording."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import jax.numpy as jnp
import numpy as np

from cisterna.ground.units import from_internal
from cisterna.model.network import Network
from cisterna.model.schedule import Schedule
from cisterna.model.solver.careful import TOLERANCE, advance
from cisterna.model.solver.march import March, Ramp, stack

if TYPE_CHECKING:
    from cisterna.recordings.recording import Recording

#: Called with (model time reached s, end s, samples of the last chunk (..., samples, signals)).
Progress = Callable[[float, float, np.ndarray], None]


@dataclass(frozen=True)
class Run:
    """What a simulation leaves behind.

    Attributes
    ----------
    net : Network
        With a leading axis of lanes if several ran together.
    times : array (samples,)
        Model time, s.
    samples : array (samples, signals) or (lanes, samples, signals)
        Signals, internal units.
    state : array (states,) or (lanes, states)
        State at the end: a run continued from it is the run not interrupted.
    errors : array
        Largest local error estimate of each state in any step.
    """

    net: Network
    times: np.ndarray
    samples: np.ndarray
    state: np.ndarray
    errors: np.ndarray

    @property
    def names(self) -> list[str]:
        return self.net.layout.signal_names

    def signal(self, name: str, lane: int | None = None) -> np.ndarray:
        """One signal in its own unit."""
        names = self.names
        if name not in names:
            from cisterna.ground.errors import UnknownName

            raise UnknownName("signal", name, names)
        k = names.index(name)
        unit = self.net.layout.signals[k][1]
        values = self.samples[..., k] if lane is None else self.samples[lane, :, k]
        return values / _per(unit)

    def recording(self, lane: int | None = None, provenance: dict[str, Any] | None = None) -> Recording:
        """The run as a Recording, simulated signals in their own units."""
        from cisterna.recordings.recording import Recording

        made = Recording()
        for name, unit, level in self.net.layout.signals:
            values = self.signal(name, lane)
            made = made.with_signal(name, values, time=self.times, unit=unit, level_ref=level, origin="simulated")
        return made.with_provenance(**(provenance or {}))


def _per(unit: str) -> float:
    return 1.0 / from_internal(1.0, unit)


def simulate(
    net: Network,
    schedule: Schedule | Sequence[Schedule],
    duration: float,
    *,
    start: float = 0.0,
    state: np.ndarray | None = None,
    step: float | None = None,
    march: March | None = None,
    tolerance: float | None = None,
    progress: Progress | None = None,
) -> Run:
    """Integrate a network in time.

    Parameters
    ----------
    net : Network
        One body, or several stacked by `stack`.
    schedule : Schedule or list of Schedule
        Inputs. A list runs its members side by side on identical steps (every event of any is an event of
        all), so that differences between lanes are differences of inputs, not of steps.
    duration, start : float
        Length and start of the run, s.
    state : array, optional
        Initial state (one for all lanes, or a leading axis); the body's own when omitted.
    step : float, optional
        Largest step, s; the scheme's default when omitted.
    tolerance : float, optional
        Largest local error estimate of any volume (mL) or flow (mL/s) in a step; a chunk beyond it is done again
        in finer steps with the matrix renewed often. `TOLERANCE` when both it and `step` are omitted; an asked step
        is kept to. A chunk that is not finite is always done again.
    progress : callable, optional
        Called after each chunk; it may raise KeyboardInterrupt to stop early, what is done is kept by it.

    Returns
    -------
    Run
        Sampled every ``march.inner`` steps.

    Raises
    ------
    LeftRange
        A state is no longer finite: when, and which.
    """
    how = march or March()
    h_max = step or how.scheme.step
    limit = np.inf if step else TOLERANCE
    limit = limit if tolerance is None else tolerance
    persons = net.start.shape[0] if np.ndim(net.start) == 2 else 0
    schedules = [schedule] if isinstance(schedule, Schedule) else list(schedule)
    lanes = bool(persons) or not isinstance(schedule, Schedule)
    if persons and len(schedules) == 1:
        schedules = schedules * persons
    names = net.layout.control_names
    y = jnp.asarray(net.start if state is None else state)
    if lanes and y.ndim == 1:
        y = jnp.broadcast_to(y, (len(schedules), y.size))
    end = start + duration
    times: list[np.ndarray] = []
    samples: list[np.ndarray] = []
    worst = np.zeros(y.shape)
    for a, b, values, slopes in _together(schedules, start, end, names, lanes):
        # Whole chunks fill the segment, so that its end falls on a step exactly.
        chunks = max(1, int(np.ceil((b - a) / (h_max * how.steps) - 1e-9)))
        h = (b - a) / (chunks * how.steps)
        ramp = Ramp(jnp.asarray(values), jnp.asarray(slopes), np.float64(a))
        for k in range(chunks):
            t = a + k * h * how.steps
            y, block, error = advance(how, net, y, t, h, ramp, limit=limit)
            times.append(t + h * how.inner * np.arange(1, how.outer + 1))
            samples.append(block)
            worst = np.maximum(worst, error)
            if progress is not None:
                progress(t + h * how.steps, end, block)
    return Run(net, np.concatenate(times), np.concatenate(samples, axis=-2), np.asarray(y), worst)


def _together(schedules: list[Schedule], start: float, end: float, names: list[str], lanes: bool) -> Any:
    """Segments common to all schedules; values and slopes get a leading axis when there are lanes."""
    marks = sorted({t for s in schedules for t in s.events(start, end)})
    for a, b in zip(marks[:-1], marks[1:], strict=True):
        rows = [[s.track(name).at(a) for name in names] for s in schedules]
        values = np.array([[cell[0] for cell in row] for row in rows])
        slopes = np.array([[cell[1] for cell in row] for row in rows])
        yield (a, b, values, slopes) if lanes else (a, b, values[0], slopes[0])


__all__ = ["Progress", "Run", "simulate", "stack"]
