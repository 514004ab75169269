"""Solving with I - gamma h J by parts, instead of by one dense inverse.

The flow of a column acts on itself and on volumes, a viscous branch on itself and on pressures: both are diagonal
in themselves. They are eliminated entry by entry, flows after branches because a branch pushes on a flow, and what
is left (volumes, reflexes) is a small dense matrix. With c the core, q the columns and w the branches,

    d_w k_w = r_w + g J_wc k_c
    d_q k_q = r_q + g J_qc k_c + g J_qw k_w              d = 1 - g diag J,   g = gamma h
    S k_c   = r_c + g J_cq (r_q + g J_qw r_w / d_w) / d_q + g J_cw r_w / d_w
    S       = I - g J_cc - g J_cq (g J_qc + g J_qw g J_wc / d_w) / d_q - g J_cw g J_wc / d_w

The blocks keep their pattern. It is the same linear system, so a W-method keeps its order and its linear
invariants. A law that couples columns or branches among themselves puts them into the core.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import scipy.linalg  # noqa: F401 - JAX inverts with its LAPACK: loaded here and not within the first run

from cisterna.model.dependence import coloured, dependence
from cisterna.model.network import Imposed, Layout, Network, look, members, moving
from cisterna.model.sparse import Packed, Product, pattern_of, pick, product, take

Array = jax.Array


@dataclass(frozen=True)
class Parts:
    """How the states of a layout are parted.

    Attributes
    ----------
    core, columns, branches : arrays of int
        Places of the states kept in the dense matrix, and of the eliminated ones.
    back : array of int
        Where each state stands when core, columns and branches follow each other.
    products : dict
        Pattern of each block of the Jacobian, by the letters of its rows and columns.
    """

    core: np.ndarray
    columns: np.ndarray
    branches: np.ndarray
    back: np.ndarray
    products: dict[str, Product]


@lru_cache(maxsize=64)
def parts(layout: Layout) -> Parts:
    """Part the states of a layout."""
    n = moving(layout)
    pattern = dependence(layout)
    first = len(layout.stored)
    q = np.arange(first, first + len(members(layout.columns)))
    w = np.arange(first + q.size, first + q.size + len(members(layout.tissues)))
    if _coupled(pattern, w, w) or pattern[np.ix_(w, q)].any():
        w = w[:0]
    if _coupled(pattern, q, q):
        q = q[:0]
    c = np.setdiff1d(np.arange(n), np.concatenate([q, w]))
    back = np.argsort(np.concatenate([c, q, w]))
    rows = {"c": c, "q": q, "w": w, "l": np.arange(n, len(pattern))}
    blocks = {}
    for name in ("cq", "qc", "qw", "wc"):
        block = pattern[np.ix_(rows[name[0]], rows[name[1]])]
        blocks[name] = product(pattern_of(block), block.shape[1])
    # A branch acts on the core through flows without inertia, and through columns.
    direct = pattern[np.ix_(c, w)]
    blocks["cw"] = product(pattern_of(direct), w.size)
    blocks["l"] = product(pattern_of(pattern[n:]), n)
    return Parts(c, q, w, back, blocks)


def _coupled(pattern: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> bool:
    block = pattern[np.ix_(rows, columns)]
    return bool((block & ~np.eye(rows.size, dtype=bool)).any())


@lru_cache(maxsize=64)
def _seeds(layout: Layout) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(tangents, for each entry of the Jacobian the tangent that holds it, pattern)."""
    pattern = dependence(layout)
    colour = coloured(pattern)
    seeds = np.zeros((int(colour.max(initial=0)) + 1, pattern.shape[1]))
    seeds[colour, np.arange(pattern.shape[1])] = 1.0
    return seeds, colour, pattern


def slopes(net: Network, given: Imposed, y: Array) -> Array:
    """Derivative of all rates by the states before the ledgers, by as many tangents as the pattern needs.

    Parameters
    ----------
    net : Network
    given : Imposed
        Inputs of the instant.
    y : array (states without ledgers,)

    Returns
    -------
    array (states, states without ledgers)
    """
    seeds, colour, pattern = _seeds(net.layout)

    def rates(state: Array) -> Array:
        return jnp.concatenate(look(net, given, state)[:2])

    # One tangent after the other: as one loop of small operations that is faster than all at once, and compiles sooner.
    found = jax.lax.map(lambda seed: jax.jvp(rates, (y,), (seed,))[1], jnp.asarray(seeds))
    return jnp.where(pattern, found.T[:, colour], 0.0)


class Factors(NamedTuple):
    """I - gamma h J, ready to be solved with; see the module.

    Attributes
    ----------
    core : array (core, core)
        Inverse of S.
    column, branch : arrays
        1 / d of each eliminated state.
    cq, cw, qc, qw, wc : Packed
        Blocks of g J; the rows of qc, qw and wc divided by d.
    ledger : Packed
        h times the rows of the ledgers.
    """

    core: Array
    column: Array
    branch: Array
    cq: Packed
    cw: Packed
    qc: Packed
    qw: Packed
    wc: Packed
    ledger: Packed


def factors(layout: Layout, jacobian: Array, h: Any, gamma: float) -> Factors:
    """Eliminate columns and branches.

    Parameters
    ----------
    layout : Layout
    jacobian : array (states, states without ledgers)
        As `slopes` gives it.
    h : scalar
        Step, s.
    gamma : float
        Of the scheme.
    """
    of, n = parts(layout), jacobian.shape[1]
    g = gamma * h * jacobian[:n]
    c, q, w = of.core, of.columns, of.branches
    flat = g.reshape(-1)

    def block(rows: np.ndarray, columns: np.ndarray) -> Array:
        return pick(flat, rows[:, None] * n + columns)

    column = 1.0 / (1.0 - pick(flat, q * (n + 1)))
    branch = 1.0 / (1.0 - pick(flat, w * (n + 1)))
    wc = branch[:, None] * block(w, c)
    qw = column[:, None] * block(q, w)
    qc = column[:, None] * block(q, c)
    cq, cw = block(c, q), block(c, w)
    core = jnp.eye(c.size) - block(c, c) - cq @ (qc + qw @ wc) - cw @ wc
    pack = {"cq": cq, "cw": cw, "qc": qc, "qw": qw, "wc": wc}
    return Factors(
        core=_inverse(core),
        column=column,
        branch=branch,
        ledger=of.products["l"].pack(h * jacobian[n:]),
        **{name: of.products[name].pack(block) for name, block in pack.items()},
    )


def _inverse(matrix: Array) -> Array:
    """Inverse by LU; the plain operations, a third of what `jnp.linalg.inv` takes to trace."""
    both, _, order = jax.lax.linalg.lu(matrix)
    found = jax.lax.linalg.triangular_solve(
        both, jnp.eye(matrix.shape[0])[order], left_side=True, lower=True, unit_diagonal=True
    )
    return jax.lax.linalg.triangular_solve(both, found, left_side=True, lower=False)


def solve(layout: Layout, by: Factors, r: Array) -> Array:
    """(I - gamma h J)^-1 r."""
    of = parts(layout)
    ways = of.products
    rc, rq, rw = (take(r, rows) for rows in (of.core, of.columns, of.branches))
    w = by.branch * rw
    q = by.column * rq
    kc = by.core @ (rc + ways["cq"](by.cq, q + ways["qw"](by.qw, w)) + ways["cw"](by.cw, w))
    kw = w + ways["wc"](by.wc, kc)
    kq = q + ways["qc"](by.qc, kc) + ways["qw"](by.qw, kw)
    return take(jnp.concatenate([kc, kq, kw]), of.back)
