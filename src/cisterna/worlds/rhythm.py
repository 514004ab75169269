"""What a rhythm of its own does to a body: its rate, and the swing of pressure and of vault width it brings.

The swing is the rhythm's alone: the same body is run with and without it on identical steps, and the
difference is read cycle by cycle, so that heart and breath do not count as part of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.ground.units import from_internal
from cisterna.model.network import Network
from cisterna.model.schedule import Schedule
from cisterna.model.simulate import Run, simulate
from cisterna.physiology.skull import skull_port
from cisterna.worlds.resting import STEP
from cisterna.worlds.start import Begun

#: Signals that tell the phase of a rhythm, and the level whose upward crossing begins a cycle.
MARKERS = {"pressurestat": 0.5, "volume_brain": 0.0}
#: Length of a reading, and what is left out at its start, s.
DURATION, SKIP = 120.0, 30.0


@dataclass(frozen=True)
class RhythmReading:
    """A rhythm as a body shows it.

    Attributes
    ----------
    marker : str
        Signal that tells its phase.
    rate : float
        Cycles per minute; 0 when it never comes round.
    spread : float
        Standard deviation of the period, s.
    swing : float
        Median over cycles of the peak-to-peak pressure that is the rhythm's own, mmHg.
    width : float
        Peak-to-peak width between the parietals that goes with that pressure, mm.
    """

    marker: str
    rate: float
    spread: float
    swing: float
    width: float


def cycles(run: Run, marker: str, skip: float = SKIP) -> np.ndarray:
    """Times at which a rhythm's cycles begin, s."""
    t, s = run.times, run.signal(marker) - MARKERS[marker]
    at = np.flatnonzero((s[:-1] < 0.0) & (s[1:] >= 0.0) & (t[:-1] >= skip))
    return t[at] - s[at] * (t[at + 1] - t[at]) / (s[at + 1] - s[at])


def rate_per_minute(starts: np.ndarray) -> float:
    """Mean rate of cycles that begin at `starts` (s), per minute.

    Examples
    --------
    >>> rate_per_minute(np.array([0.0, 7.5, 15.0]))
    8.0
    """
    return 60.0 / float(np.diff(starts).mean()) if len(starts) > 1 else 0.0


def rate_of(net: Network, schedule: Schedule, state: np.ndarray, marker: str) -> float:
    """Rate of a rhythm in a body, per minute."""
    return rate_per_minute(cycles(simulate(net, schedule, DURATION, state=state, step=STEP), marker))


def read_rhythm(begun: Begun, duration: float = DURATION) -> RhythmReading:
    """Run a body in its world and read its rhythm.

    Raises
    ------
    CisternaError
        No hypothesis makes a rhythm here.
    """
    found = [name for name in MARKERS if name in begun.net.layout.signal_names]
    if not found:
        mend = "apply the world 'as-taught', or flip H-PRESSURESTAT or H-PRM"
        raise CisternaError("no rhythm of its own is on in this body", mend=mend)
    with_it = simulate(begun.net, begun.schedule, duration, state=begun.state, step=STEP)
    rest = begun.rest
    without = simulate(rest.net, rest.start.schedule, duration, state=rest.start.rest.state, step=STEP)
    starts = cycles(with_it, found[0])
    own = with_it.signal("icp") - without.signal("icp")
    parts = [own[(with_it.times >= a) & (with_it.times < b)] for a, b in zip(starts[:-1], starts[1:], strict=True)]
    swing = float(np.median([np.ptp(part) for part in parts])) if parts else 0.0
    per_pressure = float(skull_port(begun.person.age, begun.person.parameters).width)
    return RhythmReading(
        marker=found[0],
        rate=rate_per_minute(starts),
        spread=float(np.diff(starts).std()) if parts else 0.0,
        swing=swing,
        width=from_internal(per_pressure * swing, "mm"),
    )
