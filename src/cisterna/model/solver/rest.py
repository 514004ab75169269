"""States a body rests in: steady without a pulse, periodic with one; accepted only if stable.

Both are Newton iterations on the map over one period, whose derivative is the product of local propagators
expm(J dt) along the orbit. A state is accepted only if every multiplier lies inside the unit circle:
shooting finds unstable orbits as well (plateau waves), and an unstable one is not rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.model.network import Network, imposed, moving
from cisterna.model.schedule import Schedule
from cisterna.model.solver.eliminate import slopes
from cisterna.model.solver.march import March, Ramp, chunk, rhs

#: Pieces into which a period is cut for the local propagators.
PIECES = 24
#: Largest change over one period at which a state counts as periodic, in units of the state (mL, mL/s).
CLOSED = 1e-7
TURNS = 25
#: Largest rate at which a state counts as steady, unless rounding is larger (mL/s, mL/s^2).
STILL = 1e-11
#: A turn must shrink the change over a period by this factor, else the derivative of the map is taken anew.
SERVES = 0.1


class UnstableRest(CisternaError):
    """The body has no stable resting state: it oscillates by itself."""


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
                raise UnstableRest(
                    "the resting state is unstable: the body oscillates by itself", mend="run it in time"
                )
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

    Raises
    ------
    UnstableRest
        The orbit is unstable.
    """
    ramp = _ramp(net, schedule, t)
    n = moving(net.layout)
    y = np.array(net.start if guess is None else guess)
    dt = period / PIECES
    h = np.float64(dt / march.steps)
    residual, turn = np.inf, 0
    turned = np.eye(n)
    while turn < TURNS:
        turn += 1
        times, states = [], []
        z = jnp.asarray(y)
        for piece in range(PIECES):
            times.append(t + piece * dt)
            states.append(z)
            z, _, _ = chunk(march, net, z, np.float64(times[-1]), h, ramp)
        gap = np.asarray(z)[:n] - y[:n]
        if not np.isfinite(gap).all():
            raise CisternaError(
                "the body left its range while looking for its resting state",
                mend="check the changed parameters",
            )
        before, residual = residual, float(np.abs(gap).max())
        closed = residual < CLOSED
        # The derivative of the map costs more than the map: it is kept as long as it serves, and fresh at the end.
        if turn == 1 or closed or residual > SERVES * before:
            turned = _turned(_jacobians(net, np.array(times) + dt / 2, jnp.stack(states), ramp), dt)
        if closed:
            break
        y[:n] += _limited(np.linalg.solve(np.eye(n) - turned, gap), net)
    radius = float(np.abs(np.linalg.eigvals(turned)).max())
    if residual > 1e-4:
        raise CisternaError("no periodic resting state was found", found=f"it still moves by {residual:.2g} per period")
    if radius >= 1.0:
        raise UnstableRest("the periodic state is unstable: the body oscillates by itself", mend="run it in time")
    return Rest(y, residual, radius, turn)


def _turned(jacobians: jax.Array, dt: float) -> np.ndarray:
    """Derivative of the map over one period: the product of its local propagators."""
    import scipy.linalg

    product = np.eye(jacobians.shape[-1])
    for j in np.asarray(jacobians):
        product = scipy.linalg.expm(j * dt) @ product
    return product


def _limited(move: np.ndarray, net: Network) -> np.ndarray:
    """A Newton move no larger than a few millilitres, so that a far guess does not leave the walls' range."""
    largest = np.abs(move[: len(net.layout.stored)]).max(initial=0.0)
    return move * min(1.0, 3.0 / largest) if largest > 0 else move
