"""Marching a network through time in chunks: fixed step, fresh matrix per chunk, samples on a grid.

A chunk is one compiled program for a body's layout; a segment between two events is cut into whole chunks
whose step never exceeds the asked one, so events fall on step boundaries exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from cisterna.model.network import Network, evaluate, rhs
from cisterna.model.solver.scheme import ROS34PW2, Scheme, matrix, step

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


def _chunk(march: March, net: Network, y: Array, t: Array, h: Array, ramp: Ramp) -> tuple[Array, Array, Array]:
    m_inv = jax.lax.stop_gradient(matrix(jacobian(net, t, y, ramp.at(t)), h, march.scheme))

    def f(time: Array, state: Array) -> Array:
        return rhs(net, time, state, ramp.at(time))

    def one(state: Array, time: Array) -> tuple[Array, tuple[Array, Array]]:
        # What a sample shows is what the first stage of the next step evaluates.
        rate, observed = evaluate(net, time, state, ramp.at(time))
        new, error = step(f, time, state, h, m_inv, march.scheme, rate)
        return new, (observed, error)

    def sample(state: Array, k: Array) -> tuple[Array, tuple[Array, Array]]:
        # Time is recomputed from the chunk's start so that a long run gathers no rounding.
        times = t + (k * march.inner + jnp.arange(march.inner)) * h
        new, (observed, errors) = jax.lax.scan(one, state, times)
        return new, (net.readout @ observed[0], jnp.max(jnp.abs(errors), axis=0))

    end, (samples, errors) = jax.lax.scan(sample, y, jnp.arange(march.outer))
    last = t + march.steps * h
    shown = net.readout @ evaluate(net, last, end, ramp.at(last))[1]
    return end, jnp.concatenate([samples[1:], shown[None]]), jnp.max(errors, axis=0)


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
    persons = 0 if jnp.ndim(net.start) == 2 else None

    def lane(person: Network, state: Array, value: Array, slope: Array) -> tuple[Array, Array, Array]:
        return _chunk(march, person, state, t, h, Ramp(value, slope, ramp.since))

    return jax.vmap(lane, in_axes=(persons, 0, 0, 0))(net, y, ramp.value, ramp.slope)


def stack(networks: list[Network]) -> Network:
    """Networks of one layout as one, with a leading axis."""
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *networks)
