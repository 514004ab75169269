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
    step=0.0025,
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


def stages(
    f: Callable[[int, Array], Array], y: Array, h: Array, solve: Callable[[Array], Array], scheme: Scheme
) -> list[Array]:
    """Stages U_i = h sum_j gamma_ij k_j of one step.

    Parameters
    ----------
    f : callable (i, y) -> dy/dt
        Rates at stage i, which stands at `nodes` (i) of the step.
    y, h : array (states,), scalar
        State, step s.
    solve : callable
        Multiplication with M.
    """
    a, c, m, _, _, gamma = _transformed(scheme)
    found: list[Array] = []
    for i in range(len(m)):
        point, extra = y, None
        for j in range(i):
            if a[i, j] != 0.0:
                point = point + a[i, j] * found[j]
            if c[i, j] != 0.0:
                extra = c[i, j] * found[j] + (0.0 if extra is None else extra)
        push = h * f(i, point)
        found.append(float(gamma) * solve(push if extra is None else push + extra))
    return found


def nodes(scheme: Scheme) -> tuple[float, ...]:
    """Place of each stage in a step, as a share of it."""
    return tuple(float(place) for place in _transformed(scheme)[4])


def weighted(weights: np.ndarray | tuple[float, ...], terms: list[Array]) -> Array:
    """Sum of stages with weights known beforehand."""
    parts = [float(weight) * term for weight, term in zip(weights, terms, strict=True) if weight != 0.0]
    return sum(parts[1:], start=parts[0])


def advanced(y: Array, found: list[Array], scheme: Scheme) -> tuple[Array, Array]:
    """Next state and the embedded estimate of its local error, from the stages."""
    _, _, m, e, _, _ = _transformed(scheme)
    return y + weighted(m, found), weighted(e, found)


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
    places = nodes(scheme)
    found = stages(lambda i, point: f(t + places[i] * h, point), y, h, lambda r: m_inv @ r, scheme)
    return advanced(y, found, scheme)
