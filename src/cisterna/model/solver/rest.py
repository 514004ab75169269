"""States a body rests in: steady without a pulse, periodic with one; accepted only if stable.

Both are Newton iterations on the map over one period, whose derivative is the product of local propagators
expm(J dt) along the orbit. A state is accepted only if every multiplier lies inside the unit circle:
shooting finds unstable orbits as well (plateau waves), and an unstable one is not rest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.model.network import Network, imposed, moving
from cisterna.model.schedule import Schedule
from cisterna.model.solver.careful import LeftRange, advance
from cisterna.model.solver.eliminate import slopes
from cisterna.model.solver.march import March, Ramp, rhs

#: Pieces into which a period is cut for the local propagators.
PIECES = 24
#: Largest change over one period at which a state counts as periodic, in units of the state (mL, mL/s).
CLOSED = 1e-7
TURNS = 25
#: Turns that bring nothing nearer before the search gives up.
STALLED = 5
#: Largest rate at which a state counts as steady, unless rounding is larger (mL/s, mL/s^2).
STILL = 1e-11
#: A turn must shrink the change over a period by this factor, else the derivative of the map is taken anew.
SERVES = 0.1
#: A move that leaves the body's range, or lets the change grow by more than this factor, is halved, down to this share.
GROWS, SMALLEST = 3.0, 0.01
#: Change over a period with which a state that no longer comes nearer is still periodic.
NEARLY = 1e-4
#: How long a body is left to itself when no resting state was found: rounds, periods in each.
ROUNDS, PATIENCE = 5, 80
#: A volume that turned so often in a round, and in its later half still moved by this share of the earlier, swings.
TURNED, SWINGS = 4, 0.8
UNSTABLE = "the resting state is unstable: the body oscillates by itself"


class UnstableRest(CisternaError):
    """The body has no stable resting state: it oscillates by itself."""


class _NoRest(CisternaError):
    """No resting state was found from where the search began."""


@dataclass(frozen=True)
class Rest:
    """A resting state.

    Attributes
    ----------
    state : array (states,)
        At the start of a period.
    residual : float
        Largest change over one period.
    radius : float
        Largest modulus of the multipliers over one period (of exp(lambda x 1 s) for a steady state).
    turns : int
        Newton turns used.
    """

    state: np.ndarray
    residual: float
    radius: float
    turns: int


@jax.jit
def _jacobians(net: Network, times: jax.Array, states: jax.Array, ramp: Ramp) -> jax.Array:
    """Jacobians of the states before the ledgers along an orbit, (times, states, states)."""
    n = moving(net.layout)

    def at(here: tuple[jax.Array, jax.Array]) -> jax.Array:
        t, y = here
        return slopes(net, imposed(net, t, ramp.at(t)), y[:n])[:n]

    return jax.lax.map(at, (times, states))


@jax.jit
def _rate(net: Network, t: jax.Array, y: jax.Array, c: jax.Array) -> jax.Array:
    return rhs(net, t, y, c)


def _ramp(net: Network, schedule: Schedule, t: float) -> Ramp:
    rows = [schedule.track(name).at(t) for name in net.layout.control_names]
    return Ramp(jnp.asarray(np.array([r[0] for r in rows])), jnp.asarray(np.array([r[1] for r in rows])), np.float64(t))


def steady(net: Network, schedule: Schedule, t: float = 0.0) -> Rest:
    """Equilibrium of a body without pulse, by damped Newton from its initial state.

    Raises
    ------
    UnstableRest
        The equilibrium is unstable.
    """
    ramp = _ramp(net, schedule, t)
    n = moving(net.layout)
    y = np.array(net.start)
    rate = np.asarray(_rate(net, np.float64(t), jnp.asarray(y), ramp.value))[:n]
    for turn in range(1, 4 * TURNS):
        j = np.asarray(_jacobians(net, np.array([float(t)]), y[None], ramp))[0]
        move = -np.linalg.solve(j, rate)
        best = None
        for damping in (1.0, 0.5, 0.25, 0.1, 0.03):
            trial = y.copy()
            trial[:n] += damping * move
            new = np.asarray(_rate(net, np.float64(t), jnp.asarray(trial), ramp.value))[:n]
            if np.isfinite(new).all() and (best is None or np.abs(new).max() < np.abs(best[1]).max()):
                best = (trial, new)
        if best is None:
            raise CisternaError("no resting state was found", found="the equations left their range")
        y, rate = best
        # Rates are sums of larger terms: a stiff body rounds at more than a quiet one.
        rounding = 10.0 * np.finfo(float).eps * (np.abs(j) @ np.abs(y[:n])).max()
        if np.abs(rate).max() < max(STILL, rounding):
            radius = float(np.exp(np.linalg.eigvals(j).real.max()))
            if radius >= 1.0:
                raise UnstableRest(UNSTABLE, mend="run it in time")
            return Rest(y, float(np.abs(rate).max()), radius, turn)
    raise CisternaError("no resting state was found", found=f"residual {np.abs(rate).max():.2g} mL/s")


def periodic(
    net: Network,
    schedule: Schedule,
    period: float,
    march: March,
    t: float = 0.0,
    guess: np.ndarray | None = None,
) -> Rest:
    """State that repeats after `period` seconds under inputs that repeat (their phases may advance).

    A body to which the iteration finds no such state is left to itself for a while: it settles, and the iteration
    succeeds from there, or it is seen to swing.

    Raises
    ------
    UnstableRest
        The orbit is unstable, or none is found and the body swings by itself.
    CisternaError
        None is found.
    """
    ramp = _ramp(net, schedule, t)
    y = np.array(net.start if guess is None else guess)
    map_once = partial(_over, net, march, t=t, period=period, ramp=ramp)
    try:
        return _newton(net, y, map_once)
    except _NoRest as error:
        failed: CisternaError = error
    pieces = int(np.ceil(period / (march.steps * march.scheme.step)))
    for _ in range(ROUNDS):
        try:
            way = _wait(net, y, partial(map_once, pieces=pieces))
            swing = _swing(net, way, period)
            if swing:
                raise UnstableRest(UNSTABLE, found=swing, mend="run it in time")
            y = way[-1]
            return _newton(net, y, map_once)
        except _NoRest as error:
            failed = error
    raise failed


def _newton(net: Network, y: np.ndarray, map_once: Callable[[np.ndarray], _Turn]) -> Rest:
    """Damped Newton iteration on the map over a period."""
    n = moving(net.layout)
    here = map_once(y)
    turned = _turned(net, here)
    turn, least, stalled = 1, here.residual, 0
    while here.residual >= CLOSED and turn < TURNS and stalled < STALLED:
        move = _limited(np.linalg.solve(np.eye(n) - turned, here.gap), net)
        before = here.residual
        y, here = _moved(y, move, GROWS * before, map_once)
        turn += 1
        stalled = 0 if here.residual < least else stalled + 1
        least = min(least, here.residual)
        # The derivative of the map costs more than the map: it is kept as long as it serves, and fresh at the end.
        if here.residual < CLOSED or here.residual > SERVES * before:
            turned = _turned(net, here)
    if here.residual > NEARLY:
        raise _none(here.residual)
    radius = float(np.abs(np.linalg.eigvals(turned)).max())
    if radius >= 1.0:
        raise UnstableRest(UNSTABLE, found=f"a multiplier of {radius:.3g} a period", mend="run it in time")
    return Rest(y, here.residual, radius, turn)


def _moved(
    y: np.ndarray, move: np.ndarray, bound: float, map_once: Callable[[np.ndarray], _Turn]
) -> tuple[np.ndarray, _Turn]:
    """The largest share of a move that keeps the body in its range and the change over a period within a bound."""
    share = 1.0
    residual = np.inf
    while share >= SMALLEST:
        trial = y.copy()
        trial[: move.size] += share * move
        try:
            there = map_once(trial)
        except LeftRange:
            pass
        else:
            if there.residual < bound:
                return trial, there
            residual = there.residual
        share /= 2.0
    raise _none(residual)


def _wait(net: Network, y: np.ndarray, map_once: Callable[[np.ndarray], _Turn]) -> np.ndarray:
    """States after each of `PATIENCE` periods."""
    way = []
    for _ in range(PATIENCE):
        y = y.copy()
        y[: moving(net.layout)] += map_once(y).gap
        way.append(y)
    return np.array(way)


def _swing(net: Network, way: np.ndarray, period: float) -> str:
    """What swings without growing less, in words; empty where volumes settle or only drift."""
    volumes = way[:, : len(net.layout.stored)]
    most = int(np.ptp(volumes, axis=0).argmax())
    path = volumes[:, most]
    steps = np.diff(path)
    turns = int((np.sign(steps[1:]) * np.sign(steps[:-1]) < 0).sum())
    early, late = (float(np.ptp(half)) for half in np.array_split(path, 2))
    if turns < TURNED or late < SWINGS * early:
        return ""
    return f"{net.layout.stored[most]} swings by {late:.2g} mL, up or down in about {steps.size * period / turns:.0f} s"


class _Turn(NamedTuple):
    """One period: how far the state is from itself, and the way there."""

    gap: np.ndarray
    times: np.ndarray
    states: list[jax.Array]
    dt: float
    ramp: Ramp

    @property
    def residual(self) -> float:
        return float(np.abs(self.gap).max())


def _over(
    net: Network, march: March, y: np.ndarray, t: float, period: float, ramp: Ramp, pieces: int = PIECES
) -> _Turn:
    """The map over one period, a state at the start of each piece."""
    dt = period / pieces
    times = t + dt * np.arange(pieces)
    states = [jnp.asarray(y)]
    for start in times:
        states.append(advance(march, net, states[-1], float(start), dt / march.steps, ramp)[0])
    n = moving(net.layout)
    return _Turn(np.asarray(states[-1])[:n] - y[:n], times, states[:-1], dt, ramp)


def _none(residual: float) -> _NoRest:
    return _NoRest("no periodic resting state was found", found=f"it still moves by {residual:.2g} per period")


def _turned(net: Network, turn: _Turn) -> np.ndarray:
    """Derivative of the map over one period: the product of its local propagators."""
    import scipy.linalg

    jacobians = _jacobians(net, turn.times + turn.dt / 2, jnp.stack(turn.states), turn.ramp)
    product = np.eye(jacobians.shape[-1])
    for j in np.asarray(jacobians):
        product = scipy.linalg.expm(j * turn.dt) @ product
    return product


def _limited(move: np.ndarray, net: Network) -> np.ndarray:
    """A Newton move no larger than a few millilitres, so that a far guess does not leave the walls' range."""
    largest = np.abs(move[: len(net.layout.stored)]).max(initial=0.0)
    return move * min(1.0, 3.0 / largest) if largest > 0 else move
