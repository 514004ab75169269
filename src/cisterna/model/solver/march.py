"""Marching a network through time in chunks: fixed step, fresh matrix per chunk, samples on a grid.

A chunk is one compiled program for a body's layout; a segment between two events is cut into whole chunks
whose step never exceeds the asked one, so events fall on step boundaries exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cisterna.model.network import Imposed, Network, inputs, look, moving, readout, rhs
from cisterna.model.solver.eliminate import Factors, factors, parts, slopes, solve
from cisterna.model.solver.scheme import ROS34PW2, Scheme, error, places, stages

Array = jax.Array


@dataclass(frozen=True)
class March:
    """How to step; static, so equal settings share a compiled program.

    Attributes
    ----------
    scheme : Scheme
    inner : int
        Steps between two samples.
    outer : int
        Samples in a chunk; the matrix is rebuilt at every chunk.
    """

    scheme: Scheme = ROS34PW2
    inner: int = 1
    outer: int = 100

    @property
    def steps(self) -> int:
        return self.inner * self.outer


class Ramp(NamedTuple):
    """Inputs over one segment: value at its start and slope, arrays (controls,), from time `since`."""

    value: Array
    slope: Array
    since: Array | np.float64

    def at(self, t: Array | np.float64) -> Array:
        """Inputs at time t."""
        return self.value + self.slope * (t - self.since)


def jacobian(net: Network, t: Array, y: Array, controls: Array) -> Array:
    """Derivative of the right-hand side by the state, (states, states)."""
    return jax.jacfwd(rhs, argnums=2)(net, t, y, controls)


class _At(NamedTuple):
    """Where a march stands: states, ledgers, what is seen there, and the largest error estimates so far."""

    state: Array
    ledgers: Array
    seen: tuple[Array, Array, Array]
    worst: Array


def _imposed(march: March, net: Network, t: Array, h: Array, ramp: Ramp) -> tuple[Imposed, Imposed]:
    """Inputs at a chunk's start, and at all instants looked at after it, leading axes (outer, inner, places)."""
    asked = places(march.scheme)
    distinct = sorted(set(asked))
    # Times are taken from the chunk's start so that a long run gathers no rounding.
    steps = (np.arange(march.steps)[:, None] + np.array(distinct)).reshape(-1)
    times = t + np.concatenate([[0.0], steps]) * h
    found = jax.lax.map(lambda time: inputs(net, time, ramp.at(time)), times)
    order = np.array([distinct.index(place) for place in asked])
    shape = (march.outer, march.inner, len(asked))

    def ordered(x: Array) -> Array:
        return x[1:].reshape(march.steps, len(distinct), -1)[:, order].reshape(*shape, -1)

    push = found @ net.push.T
    return Imposed(found[0], push[0]), Imposed(ordered(found), ordered(push))


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def _factors(gamma: float, net: Network, start: Imposed, y: Array, h: Array) -> Factors:
    """The matrix of a chunk. A W-method keeps its order with any matrix: its derivative is not asked for."""
    return factors(net.layout, slopes(net, start, y), h, gamma)


@_factors.defjvp
def _no_slope(gamma: float, at: tuple[Any, ...], along: tuple[Any, ...]) -> tuple[Factors, Factors]:
    made = _factors(gamma, *at)
    return made, jax.tree.map(jnp.zeros_like, made)


def _chunk(march: March, net: Network, y: Array, t: Array, h: Array, ramp: Ramp) -> tuple[Array, Array, Array]:
    layout, scheme = net.layout, march.scheme
    n = moving(layout)
    first = len(layout.input_names) + n
    ledger = parts(layout).products["l"]
    weights = jnp.array(scheme.weights)
    gap = weights - jnp.array(scheme.embedded)
    start, ahead = _imposed(march, net, t, h, ramp)
    by = jax.lax.stop_gradient(_factors(scheme.gamma[0][0], net, start, y[:n], h))

    def one(at: _At, ahead: Imposed) -> tuple[_At, None]:
        found = stages(at.seen, partial(look, net), ahead, at.state, h, partial(solve, layout, by), scheme)
        # A ledger is an integral: it takes the flows with the same weights, and what the matrix adds to them.
        passed = h * (weights @ found.passed) + ledger(by.ledger, weights @ found.moves)
        missed = h * (gap @ found.passed) + ledger(by.ledger, gap @ found.moves)
        worst = jnp.abs(jnp.concatenate([error(found, scheme), missed]))
        return _At(found.state, at.ledgers + passed, found.last, jnp.maximum(at.worst, worst)), None

    def sample(at: _At, ahead: Imposed) -> tuple[_At, Array]:
        # What a sample shows is what the first stage of the next step stands on.
        if march.inner == 1:  # no loop of one turn: a program sooner
            after, _ = one(at, jax.tree.map(lambda x: x[0], ahead))
        else:
            after, _ = jax.lax.scan(one, at, ahead)
        observed = after.seen[2].at[first : first + len(layout.border)].set(after.ledgers)
        return after, readout(net, observed)

    begun = _At(y[:n], y[n:], look(net, start, y[:n]), jnp.zeros_like(y))
    end, samples = jax.lax.scan(sample, begun, ahead)
    return jnp.concatenate([end.state, end.ledgers]), samples, end.worst


@partial(jax.jit, static_argnums=0)
def chunk(march: March, net: Network, y: Array, t: Array, h: Array, ramp: Ramp) -> tuple[Array, Array, Array]:
    """Advance one chunk.

    Returns
    -------
    end : array (states,)
        State after ``march.steps * h`` seconds.
    samples : array (outer, signals)
        Signals after every `inner` steps, internal units.
    errors : array (states,)
        Largest local error estimate of each state.
    """
    return _chunk(march, net, y, t, h, ramp)


def compile_chunk(net: Network, march: March | None = None) -> None:
    """Have the program of a body ready, by one chunk that goes nowhere."""
    still = Ramp(net.rest, jnp.zeros_like(net.rest), np.float64(0.0))
    chunk(march or March(), net, net.start, np.float64(0.0), np.float64(0.0), still)


@partial(jax.jit, static_argnums=0)
def chunk_many(march: March, net: Network, y: Array, t: Array, h: Array, ramp: Ramp) -> tuple[Array, Array, Array]:
    """`chunk` for several lanes: a leading axis on y and ramp (value, slope), and on net if persons differ."""
    persons = jnp.ndim(net.start) == 2

    def lane(here: tuple[Network | None, Array, Array, Array]) -> tuple[Array, Array, Array]:
        person, state, value, slope = here
        return _chunk(march, person or net, state, t, h, Ramp(value, slope, ramp.since))

    # One lane after the other: each keeps its own matrices in the first cache, and computes as it would alone.
    return jax.lax.map(lane, (net if persons else None, y, ramp.value, ramp.slope))


def stack(networks: list[Network]) -> Network:
    """Networks of one layout as one, with a leading axis."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *networks)
