"""W-methods: order of convergence for any matrix, stiff decay, linear invariants."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg

import cisterna.physiology  # noqa: F401 - sets double precision
from cisterna.model.solver.scheme import ROS2W, ROS34PW2, SCHEMES, matrix, step

TURN = np.array([[-1.0, 4.0, 0.0], [-4.0, -1.0, 0.5], [0.3, 0.0, -2.0]])
PUSH = np.array([1.0, -0.5, 2.0])


def _march(scheme, n, jacobian, end=1.0):
    def f(t, y):
        return jnp.asarray(TURN) @ y + jnp.asarray(PUSH) * jnp.cos(3.0 * t)

    h = end / n
    m = matrix(jnp.asarray(jacobian), jnp.array(h), scheme)
    y, t = jnp.array([1.0, 0.0, -1.0]), 0.0
    one = jax.jit(lambda t, y: step(f, t, y, jnp.array(h), m, scheme)[0])
    for _ in range(n):
        y = one(jnp.array(t), y)
        t += h
    return np.asarray(y)


def _exact(end=1.0):
    """Augment with cos and sin of the forcing: one matrix exponential."""
    big = np.zeros((5, 5))
    big[:3, :3] = TURN
    big[:3, 3] = PUSH
    big[3, 4], big[4, 3] = -3.0, 3.0
    return (scipy.linalg.expm(big * end) @ np.array([1.0, 0.0, -1.0, 1.0, 0.0]))[:3]


@pytest.mark.parametrize("scheme", list(SCHEMES.values()), ids=list(SCHEMES))
@pytest.mark.parametrize("kind", ["exact", "none", "wrong"])
def test_order_holds_for_any_matrix(scheme, kind):
    jacobian = {"exact": TURN, "none": 0 * TURN, "wrong": TURN.T * 0.7 - np.eye(3)}[kind]
    steps = np.array([20, 40, 80])
    errors = [np.abs(_march(scheme, int(n), jacobian) - _exact()).max() for n in steps]
    order = np.polyfit(np.log(1.0 / steps), np.log(errors), 1)[0]
    assert order > scheme.order - 0.15


@pytest.mark.parametrize("scheme", [ROS2W, ROS34PW2], ids=lambda s: s.name)
def test_a_stiff_mode_decays_in_one_step(scheme):
    stiff = jnp.array([[-1e7]])
    m = matrix(stiff, jnp.array(0.01), scheme)
    y, _ = step(lambda t, y: stiff @ y, jnp.array(0.0), jnp.array([1.0]), jnp.array(0.01), m, scheme)
    assert abs(float(y[0])) < 1e-3


@pytest.mark.parametrize("scheme", [ROS2W, ROS34PW2], ids=lambda s: s.name)
def test_linear_invariants_are_kept_to_rounding(scheme):
    flow = jnp.array([[-1.0, 2.0], [1.0, -2.0]])  # columns sum to zero: volume is conserved

    def f(t, y):
        return flow @ jnp.sin(y) * (1.0 + jnp.cos(t))

    m = matrix(flow * 0.8, jnp.array(0.1), scheme)
    y = jnp.array([3.0, 1.0])
    one = jax.jit(lambda t, y: step(f, t, y, jnp.array(0.1), m, scheme)[0])
    for k in range(200):
        y = one(jnp.array(0.1 * k), y)
    assert float(y.sum()) == pytest.approx(4.0, abs=1e-13)
