"""W-methods: linearly implicit Runge-Kutta schemes whose order holds for any matrix.

One matrix M = (I - gamma h J)^-1 serves many steps; it needs to resemble the Jacobian only as far as
stability asks. Stage i solves, with f autonomous in the augmented sense (the time column of the matrix is
left out, which a W-method allows),

    u_i = y + h sum_j alpha_ij k_j,
    k_i = M ( f(t + a_i h, u_i) + h J sum_j gamma_ij k_j ),

and the products with J are removed by the substitution of Hairer and Wanner (1996, section IV.7), so that a
stage costs one right-hand side and one product with M.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

Array = jax.Array


@dataclass(frozen=True)
class Scheme:
    """A W-method by its coefficients.

    Attributes
    ----------
    name : str
    order : int
        Order for any matrix.
    step : float
        Default step, s.
    alpha, gamma : tuple of tuples
        Lower triangular coefficients; the diagonal of gamma is the method's gamma.
    weights, embedded : tuple
        Weights of the result and of the lower-order result for the error estimate.
    source : str
    """

    name: str
    order: int
    step: float
    alpha: tuple[tuple[float, ...], ...]
    gamma: tuple[tuple[float, ...], ...]
    weights: tuple[float, ...]
    embedded: tuple[float, ...]
    source: str


_G2 = 1.0 - 1.0 / np.sqrt(2.0)
#: Two stages, order 2, L-stable with the exact matrix.
ROS2W = Scheme(
    name="ROS2-W",
    order=2,
    step=0.0015,
    alpha=((0.0, 0.0), (1.0, 0.0)),
    gamma=((_G2, 0.0), (-2.0 * _G2, _G2)),
    weights=(0.5, 0.5),
    embedded=(1.0, 0.0),
    source="Verwer et al. 1999 SIAM J Sci Comput 20:1456 doi:10.1137/S1064827597326651",
)
#: Four stages, order 3, with an error estimate.
ROS34PW2 = Scheme(
    name="ROS34PW2",
    order=3,
    step=0.005,
    alpha=(
        (0.0, 0.0, 0.0, 0.0),
        (8.7173304301691801e-01, 0.0, 0.0, 0.0),
        (8.4457060015369423e-01, -1.1299064236484185e-01, 0.0, 0.0),
        (0.0, 0.0, 1.0, 0.0),
    ),
    gamma=(
        (4.3586652150845900e-01, 0.0, 0.0, 0.0),
        (-8.7173304301691801e-01, 4.3586652150845900e-01, 0.0, 0.0),
        (-9.0338057013044082e-01, 5.4180672388095326e-02, 4.3586652150845900e-01, 0.0),
        (2.4212380706095346e-01, -1.2232505839045147e00, 5.4526025533510214e-01, 4.3586652150845900e-01),
    ),
    weights=(2.4212380706095346e-01, -1.2232505839045147e00, 1.5452602553351020e00, 4.3586652150845900e-01),
    embedded=(3.7810903145819369e-01, -9.6042292212423178e-02, 5.0e-01, 2.1793326075422950e-01),
    source="Rang and Angermann 2005 BIT 45:761 doi:10.1007/s10543-005-0035-y",
)
SCHEMES = {scheme.name: scheme for scheme in (ROS2W, ROS34PW2)}


@lru_cache(maxsize=8)
def _transformed(scheme: Scheme) -> tuple[np.ndarray, ...]:
    """(a, c, m, e, nodes, gamma): coefficients after u_i = h sum_j gamma_ij k_j."""
    gamma = np.array(scheme.gamma)
    inverse = np.linalg.inv(gamma)
    g = gamma[0, 0]
    a = np.array(scheme.alpha) @ inverse
    c = np.eye(len(gamma)) / g - inverse
    m = np.array(scheme.weights) @ inverse
    e = (np.array(scheme.weights) - np.array(scheme.embedded)) @ inverse
    return a, c, m, e, np.array(scheme.alpha).sum(axis=1), np.array(g)


def matrix(jacobian: Array, h: Array, scheme: Scheme) -> Array:
    """M = (I - gamma h J)^-1."""
    g = float(_transformed(scheme)[5])
    return jnp.linalg.inv(jnp.eye(jacobian.shape[-1]) - g * h * jacobian)


class Stages(NamedTuple):
    """What one step leaves behind.

    Attributes
    ----------
    moves : array (stages, states)
        U_i = h sum_j gamma_ij k_j.
    passed : array (stages, counted)
        Rates, at each stage, of what is only counted and acts on nothing.
    state : array (states,)
        At the end of the step.
    last : tuple
        What `look` gave there: the next step's first stage.
    """

    moves: Array
    passed: Array
    state: Array
    last: tuple[Array, Array, Array]


def places(scheme: Scheme) -> tuple[float, ...]:
    """Where in a step the state is looked at after its start: the further stages, and the end."""
    return (*(float(place) for place in _transformed(scheme)[4][1:]), 1.0)


def stages(
    first: tuple[Array, Array, Array],
    look: Callable[[Any, Array], tuple[Array, Array, Array]],
    given: Any,
    y: Array,
    h: Array,
    solve: Callable[[Array], Array],
    scheme: Scheme,
) -> Stages:
    """The stages of one step, as a loop, so that the law of a body is compiled once and not once a stage.

    Parameters
    ----------
    first : tuple
        What `look` gives at the start.
    look : callable (given, state) -> (rates, rates of what is counted, anything else)
    given : pytree
        What `look` needs at each of `places`, leading axis.
    y, h : array (states,), scalar
        State, step s.
    solve : callable
        Multiplication with M.
    """
    a, c, m, _, _, gamma = _transformed(scheme)
    after = np.vstack([a[1:], m])

    def stage(carry: Any, x: Any) -> tuple[Any, None]:
        moves, passed, _, (rate, counted, _) = carry
        i, before, forth, here = x
        push = h * rate + sum(before[j] * moves[j] for j in range(len(m) - 1))
        moves = moves.at[i].set(float(gamma) * solve(push))
        point = y + sum(forth[j] * moves[j] for j in range(len(m)))
        return (moves, passed.at[i].set(counted), point, look(here, point)), None

    begun = (jnp.zeros((len(m), y.size)), jnp.zeros((len(m), first[1].size)), y, first)
    found, _ = jax.lax.scan(stage, begun, (np.arange(len(m)), jnp.asarray(c), jnp.asarray(after), given))
    return Stages(*found)


def error(found: Stages, scheme: Scheme) -> Array:
    """Embedded estimate of a step's local error."""
    return jnp.asarray(_transformed(scheme)[3]) @ found.moves


def step(
    f: Callable[[Array, Array], Array], t: Array, y: Array, h: Array, m_inv: Array, scheme: Scheme
) -> tuple[Array, Array]:
    """One step of a W-method with a matrix at hand.

    Parameters
    ----------
    f : callable (t, y) -> dy/dt
    t, y, h : scalar, array (states,), scalar
        Time s, state, step s.
    m_inv : array (states, states)
        `matrix` at a state not too far away.

    Returns
    -------
    y_new, error : arrays (states,)
        Next state and the embedded estimate of its local error.
    """
    nothing = jnp.zeros(0)

    def look(time: Array, state: Array) -> tuple[Array, Array, Array]:
        return f(time, state), nothing, nothing

    times = t + jnp.array(places(scheme)) * h
    found = stages(look(t, y), look, times, y, h, lambda r: m_inv @ r, scheme)
    return found.state, error(found, scheme)
