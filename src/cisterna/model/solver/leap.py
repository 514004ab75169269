"""Envelope leap: between events, only some periods are simulated and the drift between them is leapt over.

Let P be the map over one period of heart and breath and A its derivative. The change over a period, d = P(y) - y,
shrinks in the slow modes as A^k d, so M further periods end at

    y <- P(y) + (A + A^2 + ... + A^M) d.

The sum is taken by doubling, ledgers included: nothing is divided by I - A, and whatever the flows keep (volume gained
= volume over the border) the leap keeps. A is exp(T J), J the Jacobian averaged over the period (the first term of
Magnus). After a leap one period is simulated and its change compared with A^(M+1) d; the difference, summed over the
leap as if it had grown linearly, is the estimate of the leap's error. A leap beyond the tolerance is done again, half
as long.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np

from cisterna.ground.errors import CisternaError, UnknownName
from cisterna.ground.units import from_internal
from cisterna.model.dependence import used_arguments
from cisterna.model.network import Network, imposed, moving, signals
from cisterna.model.schedule import Schedule
from cisterna.model.solver.careful import TOLERANCE, advance
from cisterna.model.solver.eliminate import slopes
from cisterna.model.solver.march import March, Ramp

#: Longest common period looked for, in periods of the fastest input.
LONGEST = 60
#: A segment shorter than this many periods is simulated as it is.
WORTH = 4
#: A leap may grow by this factor; it aims at this share of the tolerance.
GROWS, AIMS = 3.0, 0.5


@dataclass(frozen=True)
class Leapt:
    """What a run by leaps leaves behind.

    Attributes
    ----------
    net : Network
    spans : array (periods, 2)
        Begin and end of each simulated period (of what is simulated in one piece around events), s.
    means : array (periods, signals)
        Means over the simulated periods, internal units.
    state : array (states,)
        At the end.
    error : float
        Sum of the estimated errors of all leaps in the watched signal, in its own unit.
    simulated, leapt : float
        Model time simulated and leapt over, s.
    """

    net: Network
    spans: np.ndarray
    means: np.ndarray
    state: np.ndarray
    error: float
    simulated: float
    leapt: float

    def mean(self, name: str) -> np.ndarray:
        """Means of one signal over the simulated periods, in its own unit."""
        k = _place(self.net, name)
        return self.means[:, k] * from_internal(1.0, self.net.layout.signals[k][1])


def leap(
    net: Network,
    schedule: Schedule,
    duration: float,
    *,
    state: np.ndarray,
    start: float = 0.0,
    watch: str = "icp",
    tolerance: float = 0.002,
    march: March | None = None,
) -> Leapt:
    """Run a body for a long time, simulating only some of its periods.

    Parameters
    ----------
    net : Network
    schedule : Schedule
        Between two events every input rests or runs at a steady rate, all rates with a common period; where an input
        ramps the run is simulated in full.
    duration, start : float
        s.
    state : array (states,)
    watch : str
        Signal on which the error is judged.
    tolerance : float
        Largest estimated error of one leap in that signal, in its own unit.

    Returns
    -------
    Leapt

    Raises
    ------
    CisternaError
        A drive follows time itself (a recording, an oscillator of its own), the rates have no common period, or the
        body does not settle (an eigenvalue of A outside the unit circle).
    """
    how = march or March()
    _require_periodic(net)
    made = _Course(net, how, _place(net, watch), tolerance, np.array(state, dtype=float))
    names = net.layout.control_names
    for a, b, values, rates in schedule.segments(start, start + duration, names):
        ramp = Ramp(jnp.asarray(values), jnp.asarray(rates), np.float64(a))
        period = common_period(dict(zip(names, rates, strict=True)))
        made.segment(a, b, ramp, period)
    return made.result()


def common_period(rates: dict[str, float]) -> float | None:
    """Shortest time in which every running phase advances by whole cycles; None where an input ramps.

    Raises
    ------
    CisternaError
        The phases have no common period of reasonable length.

    Examples
    --------
    >>> round(common_period({"heart.phase": 1.1, "breath.phase": 0.25, "tilt": 0.0}), 9)
    20.0
    """
    if any(rate != 0.0 and not name.endswith(".phase") for name, rate in rates.items()):
        return None
    running = [rate for rate in rates.values() if rate != 0.0]
    if not running:
        return None
    for cycles in range(1, LONGEST + 1):
        period = cycles / max(running)
        if all(abs(rate * period - round(rate * period)) < 1e-6 and round(rate * period) for rate in running):
            return period
    found = ", ".join(f"{name} {rate:.6g} Hz" for name, rate in rates.items() if rate != 0.0)
    raise CisternaError(
        "heart and breath have no common period, so there is nothing to leap by", found=found,
        mend="choose a breath that fits whole beats, or simulate",
    )  # fmt: skip


def _require_periodic(net: Network) -> None:
    for group in net.layout.drives:
        if used_arguments(group, "signal", 1)[0]:
            raise CisternaError(
                "a drive follows time itself, not the phases of heart and breath: its changes cannot be leapt over",
                where=", ".join(group.names), mend="simulate this run in full",
            )  # fmt: skip


def _place(net: Network, name: str) -> int:
    names = net.layout.signal_names
    if name not in names:
        raise UnknownName("signal", name, names)
    return names.index(name)


@jax.jit
def _mean_jacobian(net: Network, times: jax.Array, states: jax.Array, ramp: Ramp) -> jax.Array:
    """Jacobian averaged over instants, ledgers included, (states, states)."""
    n = moving(net.layout)

    def at(here: tuple[jax.Array, jax.Array]) -> jax.Array:
        return slopes(net, imposed(net, here[0], ramp.at(here[0])), here[1][:n])

    mean = jnp.mean(jax.lax.map(at, (times, states)), axis=0)
    return jnp.pad(mean, ((0, 0), (0, states.shape[1] - n)))


@partial(jax.jit, static_argnums=0)
def _shown(k: int, net: Network, t: jax.Array, y: jax.Array, ramp: Ramp) -> jax.Array:
    return signals(net, t, y, ramp.at(t))[k]


class _Course:
    """A run under way: where it stands and what it has left behind."""

    def __init__(self, net: Network, march: March, watch: int, tolerance: float, state: np.ndarray) -> None:
        self.net, self.march, self.watch, self.y = net, march, watch, state
        self.per_unit = from_internal(1.0, net.layout.signals[watch][1])
        self.tolerance = tolerance
        self.spans: list[tuple[float, float]] = []
        self.means: list[np.ndarray] = []
        self.error = self.simulated = self.leapt = 0.0

    def result(self) -> Leapt:
        means = np.array(self.means).reshape(len(self.spans), len(self.net.layout.signals))
        spans = np.array(self.spans).reshape(-1, 2)
        return Leapt(self.net, spans, means, self.y, self.error, self.simulated, self.leapt)

    def march_over(self, y: np.ndarray, a: float, b: float, ramp: Ramp) -> tuple[np.ndarray, np.ndarray, list, list]:
        """(state at b, mean of the signals, times and states along the way)."""
        chunks = max(1, int(np.ceil((b - a) / (self.march.scheme.step * self.march.steps) - 1e-9)))
        h = (b - a) / (chunks * self.march.steps)
        times, states, total = [], [], np.zeros(len(self.net.layout.signals))
        z = jnp.asarray(y)
        for k in range(chunks):
            times.append(a + k * h * self.march.steps)
            states.append(z)
            z, samples, _ = advance(self.march, self.net, z, times[-1], h, ramp, limit=TOLERANCE)
            total += samples.mean(axis=0) / chunks
        self.simulated += b - a
        return np.asarray(z), total, times, states

    def keep(self, a: float, b: float, mean: np.ndarray) -> None:
        self.spans.append((a, b))
        self.means.append(mean)

    def segment(self, a: float, b: float, ramp: Ramp, period: float | None) -> None:
        """Between two events: leap while whole periods are left, simulate the rest."""
        t = a
        if period is not None and b - a >= WORTH * period:
            t = self._leaps(a, b, ramp, period)
        if b - t > 1e-9:
            self.y, mean, _, _ = self.march_over(self.y, t, b, ramp)
            self.keep(t, b, mean)

    def _leaps(self, a: float, b: float, ramp: Ramp, period: float) -> float:
        t, wanted = a, 1
        end, mean, times, states = self.march_over(self.y, t, t + period, ramp)
        self.keep(t, t + period, mean)
        while True:
            left = int((b - t) / period + 1e-9) - 1  # whole periods behind this one
            if left < 2:
                self.y = end
                return t + period
            change = end - self.y
            once = self._derivative(times, states, ramp, period)
            over = min(wanted, left - 1)
            while True:
                power, gathered = powers(once, over)
                landed = end + gathered @ change
                at = t + (1 + over) * period
                after, mean, new_times, new_states = self.march_over(landed, at, at + period, ramp)
                missed = (after - landed) - power @ (once @ change)
                guess = self._seen(at, landed, landed + _half_grown(once, over, missed), ramp)
                if guess <= self.tolerance or over == 1:
                    break
                over = max(1, over // 2)
            self.error += guess
            self.leapt += over * period
            self.keep(at, at + period, mean)
            factor = np.sqrt(AIMS * self.tolerance / max(guess, 1e-30))
            wanted = max(1, int(over * min(GROWS, factor)))
            t, self.y, end, times, states = at, landed, after, new_times, new_states

    def _seen(self, t: float, y: np.ndarray, other: np.ndarray, ramp: Ramp) -> float:
        """Difference of two states in the watched signal."""
        pair = [float(_shown(self.watch, self.net, np.float64(t), jnp.asarray(s), ramp)) for s in (y, other)]
        return abs(pair[1] - pair[0]) * self.per_unit

    def _derivative(self, times: list[float], states: list[jax.Array], ramp: Ramp, period: float) -> np.ndarray:
        import scipy.linalg

        mean = _mean_jacobian(self.net, np.array(times), jnp.stack(states), ramp)
        once = np.asarray(scipy.linalg.expm(np.asarray(mean) * period))
        n = moving(self.net.layout)
        radius = float(np.abs(np.linalg.eigvals(once[:n, :n])).max())
        if radius >= 1.0:
            raise CisternaError(
                "the body does not settle here, so its drift cannot be leapt over",
                where=f"at {times[0]:.0f} s", found=f"a multiplier of {radius:.4f} a period", mend="simulate in full",
            )  # fmt: skip
        return once


def powers(once: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """(A^M, A + A^2 + ... + A^M) by doubling.

    Examples
    --------
    >>> power, total = powers(np.array([[0.5]]), 3)
    >>> float(power[0, 0]), float(total[0, 0])
    (0.125, 0.875)
    """
    power, total = np.eye(len(once)), np.zeros_like(once)
    for digit in bin(count)[2:]:
        power, total = power @ power, total + power @ total
        if digit == "1":
            power, total = power @ once, once + once @ total
    return power, total


def _half_grown(once: np.ndarray, over: int, missed: np.ndarray) -> np.ndarray:
    """What an error of the change over a period, grown linearly from 0 to `missed`, adds up to over a leap."""
    _, gathered = powers(once, over)
    return gathered @ missed / 2.0
