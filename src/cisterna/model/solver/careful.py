"""A chunk that is looked at before it is accepted: done again in finer steps where the default step does not serve.

Steps are fixed, so that a run costs the same everywhere and lanes keep identical steps; after a jump of an input or of
a number the body rings faster than the step, and a wall can turn so stiff that the matrix from before no longer serves.
Such a chunk is finite or not, accurate or not; if not, it is parted, each part with its own matrix.
"""

from __future__ import annotations

from typing import Any

import jax
import numpy as np

from cisterna.ground.errors import CisternaError
from cisterna.model.network import Network
from cisterna.model.solver.march import March, Ramp, chunk, chunk_many

#: Largest local error estimate in a run at the default step, mL or mL/s: ten times that of a resting adult.
TOLERANCE = 0.01
#: A chunk that fails is done again in this many parts, each with steps as many times finer; a part that fails as well
#: is done again likewise: this deep while it is not finite, and this deep while it is finite and not accurate.
PARTS, DEEP, ACCURATE = 10, 3, 2


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
        Lanes are done again together.
    t, h : float
        Start and step, s.
    ramp : Ramp
        Inputs.
    limit : float
        Largest local error estimate of any volume (mL) or flow (mL/s) in a step.
    deep : int
        How often the chunk has been parted already.

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
    finite = np.isfinite(samples).all() and np.isfinite(np.asarray(end)).all()
    if finite and (errors.max() <= limit or deep == ACCURATE):
        return end, samples, errors
    if deep == DEEP:
        raise _left(net, np.asarray(end), t)
    blocks = []
    z, errors = y, np.zeros(np.shape(y))
    for k in range(PARTS):
        start = t + k * march.steps * h / PARTS
        z, block, error = advance(march, net, z, start, h / PARTS, ramp, limit=limit, deep=deep + 1)
        blocks.append(block)
        errors = np.maximum(errors, error)
    # A part has all the samples of a chunk, on a finer grid.
    return z, np.concatenate(blocks, axis=-2)[..., PARTS - 1 :: PARTS, :], errors


def _left(net: Network, y: np.ndarray, t: float) -> LeftRange:
    names = net.layout.state_names
    bad = [name for i, name in enumerate(names) if not np.isfinite(y[..., i]).all()]
    return LeftRange(
        "the body left its range: a state is no longer finite",
        where=f"at {t:.1f} s, {', '.join(bad[:3]) or 'a signal'}",
        mend="use milder inputs or parameters inside their ranges",
    )
