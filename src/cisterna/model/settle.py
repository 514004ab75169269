"""The rest of a body whose heart beats by itself: reached by waiting, and told how well.

A closed heart has no known period, so shooting does not apply. The body runs under its resting inputs until
the means of watched signals stop changing from one window to the next. Windows hold whole breaths, so that the
state found belongs to the start of a breath, and means are weighted by a raised cosine, so that a beat cut by
the edge does not count.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.ground.units import from_internal
from cisterna.model.network import Network
from cisterna.model.schedule import Schedule
from cisterna.model.simulate import simulate
from cisterna.model.solver.march import March

#: Signals watched unless told otherwise, with the change of the mean from window to window that counts as rest.
WATCHED: Mapping[str, float] = {"abp": 0.1, "cvp": 0.02, "heart_rate": 0.1, "icp": 0.05}
#: Matrix renewed every 20 steps: a valve opens and shuts within that, and ABP is then right to 0.03 mmHg at 5 ms.
HEART_MARCH = March(outer=20)
#: Breath whose whole number makes a window.
_BREATH = "breath.phase"


@dataclass(frozen=True)
class Settled:
    """What waiting reached.

    Attributes
    ----------
    state : array (states,)
        At the end, which is the start of a breath.
    time : float
        Time waited, s.
    window : float
        Length of a window, s.
    means : dict
        Signal -> its mean in the last window, in its own unit.
    changes : dict
        Signal -> change of the mean over the last two windows, in its own unit.
    remaining : dict
        Signal -> how far it may still have to go: the last change carried on as a geometric series whose ratio
        is that of the last two changes. NaN when those did not shrink.
    settled : bool
        Whether every change lies below its tolerance.
    """

    state: np.ndarray
    time: float
    window: float
    means: dict[str, float]
    changes: dict[str, float]
    remaining: dict[str, float]
    settled: bool

    def __str__(self) -> str:
        word = "settled" if self.settled else "not settled"
        rows = ", ".join(f"{name} {self.means[name]:.4g} ({self.changes[name]:+.2g})" for name in self.means)
        return f"{word} after {self.time:.0f} s; mean (change in {self.window:.0f} s): {rows}"


def settle(
    net: Network,
    schedule: Schedule,
    *,
    state: np.ndarray | None = None,
    watch: Mapping[str, float] | None = None,
    window: float = 15.0,
    least: float = 60.0,
    most: float = 240.0,
    march: March | None = None,
    strict: bool = True,
) -> Settled:
    """Wait until a body with a heart of its own rests.

    Parameters
    ----------
    net : Network
    schedule : Schedule
        Inputs at rest, as `resting_schedule` gives them; breath may run, at a steady rate.
    state : array, optional
        Where to begin; the body's own start when omitted. See `carried`.
    watch : dict, optional
        Signal -> largest change of its mean from one window to the next, in its own unit; `WATCHED` as far as the
        body has them when omitted.
    window : float
        Length of a window, s, lengthened to whole breaths.
    least, most : float
        Shortest and longest wait, s.
    march : March, optional
        `HEART_MARCH` when omitted.
    strict : bool
        Refuse a body that has not settled; otherwise the answer says so.

    Returns
    -------
    Settled

    Raises
    ------
    CisternaError
        Nothing to watch, or not settled after `most` seconds: which signal, and by how much it still moved.
    """
    names = net.layout.signal_names
    limits = {name: limit for name, limit in (watch or WATCHED).items() if watch or name in names}
    absent = [name for name in limits if name not in names]
    if absent or not limits:
        raise CisternaError("no signal to watch", where="settle", found=", ".join(absent) or "none", mend="name some")
    rate = schedule.track(_BREATH).at(0.0)[1] if _BREATH in schedule.tracks else 0.0
    breath = 1.0 / rate if rate > 0 else window
    length = breath * max(1, round(window / breath))
    columns = [names.index(name) for name in limits]
    scales = [from_internal(1.0, net.layout.signals[k][1]) for k in columns]

    y, time = state, 0.0
    rows: list[np.ndarray] = []
    while True:
        run = simulate(net, schedule, length, start=time, state=y, march=march or HEART_MARCH)
        y, time = run.state, time + length
        weights = np.hanning(len(run.times) + 2)[1:-1]
        rows.append(weights @ run.samples[:, columns] / weights.sum() * scales)
        if len(rows) < 3:
            continue
        change, before = rows[-1] - rows[-2], rows[-2] - rows[-3]
        done = bool((np.abs(change) <= list(limits.values())).all())
        if (done and time >= least) or time + length > most:
            break
    shrink = np.divide(change, before, out=np.full_like(change, np.nan), where=before != 0)
    rest = np.where(np.abs(shrink) < 1, change * shrink / (1 - shrink), np.nan)
    found = Settled(
        state=y,
        time=time,
        window=length,
        means=dict(zip(limits, rows[-1].tolist(), strict=True)),
        changes=dict(zip(limits, change.tolist(), strict=True)),
        remaining=dict(zip(limits, rest.tolist(), strict=True)),
        settled=done,
    )
    if strict and not done:
        raise CisternaError(
            "the body did not come to rest", where=f"settle, {time:.0f} s", found=str(found),
            mend="wait longer, or allow a larger change",
        )  # fmt: skip
    return found


def carried(source: Network, state: np.ndarray, target: Network) -> np.ndarray:
    """The start of one body with every state that another shares by name taken from it.

    CSF moves in minutes and hours, a heart in seconds: a closed heart is best settled from the rest of the same
    body with a prescribed one.

    Examples
    --------
    >>> from cisterna.model.person import Person
    >>> net = Person.typical(body="one").network()
    >>> bool((carried(net, net.start + 1.0, net) == net.start + 1.0).all())
    True
    """
    there = dict(zip(source.layout.state_names, np.asarray(state), strict=True))
    own = zip(target.layout.state_names, np.asarray(target.start), strict=True)
    return np.array([there.get(name, value) for name, value in own])
