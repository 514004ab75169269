"""A chunk that is looked at before it is accepted: done again in finer steps where the default step does not serve.

Steps are fixed, so that a run costs the same everywhere and lanes keep identical steps; after a jump of an input or of
a number the body rings faster than the step, and a wall can turn so stiff that the matrix from before no longer serves.
Such a chunk is finite or not, accurate or not; if not, it is halved, each half with its own matrix, so that fine steps
are taken where they are needed and nowhere else.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.model.network import Network
from cisterna.model.solver.march import March, Ramp, chunk, chunk_many

#: Largest local error estimate in a run at the default step, mL or mL/s: ten times that of a resting adult.
TOLERANCE = 0.01
#: A chunk that fails is halved, and each half done with steps half as long; a half that fails is halved again: this
#: deep while it is not finite (steps a thousand times finer), and this deep while it is finite and not accurate.
DEEP, ACCURATE = 10, 7


class LeftRange(CisternaError):
    """A state is no longer finite, however fine the steps."""


def advance(
    march: March, net: Network, y: Any, t: float, h: float, ramp: Ramp, *, limit: float = np.inf, deep: int = 0
) -> tuple[jax.Array, np.ndarray, np.ndarray]:
    """One accepted chunk.

    Parameters
    ----------
    march : March
    net : Network
    y : array (states,) or (lanes, states)
        Lanes of one body are done again together and keep identical steps; lanes of a stack of bodies each by itself.
    t, h : float
        Start and step, s.
    ramp : Ramp
        Inputs.
    limit : float
        Largest local error estimate of any volume (mL) or flow (mL/s) in a step.
    deep : int
        How often the chunk has been halved already.

    Returns
    -------
    end : array, as y
    samples : array ([lanes,] outer, signals)
        On the grid of the whole chunk, internal units.
    errors : array, as y
        Largest local error estimate of each state.

    Raises
    ------
    LeftRange
        Which states, and when.
    """
    go = chunk_many if np.ndim(y) == 2 else chunk
    end, out, error = go(march, net, y, np.float64(t), np.float64(h), ramp)
    samples, errors = np.asarray(out), np.asarray(error)
    if _serves(np.asarray(end), samples, errors, limit, deep):
        return end, samples, errors
    if deep == DEEP:
        raise _left(net, np.asarray(end), t)
    if np.ndim(net.start) == 2:
        made = np.array(end), np.array(samples), np.array(errors)
        for k in range(len(made[0])):
            if not _serves(made[0][k], made[1][k], made[2][k], limit, deep):
                # By NumPy: with JAX every line would be a small program to compile.
                body, own, value, slope = jax.tree.map(
                    lambda x, k=k: np.asarray(x)[k], (net, y, ramp.value, ramp.slope)
                )
                alone = _halved(march, body, own, t, h, Ramp(value, slope, ramp.since), limit, deep)
                for all_lanes, lane in zip(made, alone, strict=True):
                    all_lanes[k] = lane
        return jnp.asarray(made[0]), made[1], made[2]
    return _halved(march, net, y, t, h, ramp, limit, deep)


def _serves(end: np.ndarray, samples: np.ndarray, errors: np.ndarray, limit: float, deep: int) -> bool:
    finite = bool(np.isfinite(samples).all() and np.isfinite(end).all())
    # Half as long a step may err half as much: errors then add up to no more in a second.
    return finite and (bool(errors.max() <= limit * 0.5**deep) or deep == ACCURATE)


def _halved(
    march: March, net: Network, y: Any, t: float, h: float, ramp: Ramp, limit: float, deep: int
) -> tuple[jax.Array, np.ndarray, np.ndarray]:
    """A chunk as two halves."""
    blocks = []
    z, errors = y, np.zeros(np.shape(y))
    for start in (t, t + march.steps * h / 2.0):
        z, block, error = advance(march, net, z, start, h / 2.0, ramp, limit=limit, deep=deep + 1)
        blocks.append(block)
        errors = np.maximum(errors, error)
    # A half has as many samples as the chunk, on a grid twice as fine.
    return z, np.concatenate(blocks, axis=-2)[..., 1::2, :], errors


def _left(net: Network, y: np.ndarray, t: float) -> LeftRange:
    names = net.layout.state_names
    bad = [name for i, name in enumerate(names) if not np.isfinite(y[..., i]).all()]
    return LeftRange(
        "the body left its range: a state is no longer finite",
        where=f"at {t:.1f} s, {', '.join(bad[:3]) or 'a signal'}",
        mend="use milder inputs or parameters inside their ranges",
    )
