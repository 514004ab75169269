"""Contact: closed-form creep, exactness of the step, a stiff integrator as witness, held hands, power."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.ground.units import from_internal, to_internal
from cisterna.physiology.contact import (
    advance,
    advance_held,
    contact_at,
    creep,
    displacement,
    half_space_stiffness,
    layer_stiffness,
    rest,
)
from cisterna.physiology.stations import station

P = default_parameters()
VAULT = contact_at(station("vault.R"))
FIVE_GF = to_internal(5.0, "gf")


def test_a_held_force_creeps_by_the_closed_form():
    place = station("vault.R")
    time = np.array([0.0, 0.5, 5.0, 60.0, 600.0])
    moved = displacement(VAULT, np.concatenate([[0.0], time]), np.full(6, FIVE_GF))[1:]
    (f1, t1), (f2, t2) = place.creep
    wanted = FIVE_GF / place.stiffness * (1 + f1 * (1 - np.exp(-time / t1)) + f2 * (1 - np.exp(-time / t2)))
    np.testing.assert_allclose(moved, wanted, rtol=1e-13)
    np.testing.assert_allclose(creep(VAULT, time)[:, 0] * FIVE_GF, wanted, rtol=1e-13)
    # The table: 1.26 N/mm, so 39 um at once and 30 % more in the end.
    assert from_internal(float(moved[0]), "um") == pytest.approx(39, rel=0.01)
    assert float(creep(VAULT, 1e5)[0] / VAULT.give[0]) == pytest.approx(1.3)


def test_the_step_is_exact_whatever_its_size():
    time = np.array([0.0, 3.0, 10.0, 40.0])
    force = FIVE_GF * np.array([[0.0, 0.0, 0.0], [1.0, 0.2, -0.3], [0.4, 0.0, 0.5], [0.4, 1.0, 0.0]])
    fine = np.unique(np.concatenate([np.linspace(0.0, 40.0, 3001), time]))
    dense = np.stack([np.interp(fine, time, column) for column in force.T], axis=1)
    coarse, finer = displacement(VAULT, time, force), displacement(VAULT, fine, dense)
    np.testing.assert_allclose(coarse, finer[np.searchsorted(fine, time)], rtol=1e-10)


def test_the_step_agrees_with_an_independent_integrator():
    time = np.array([0.0, 2.0, 7.0, 30.0, 100.0])
    force = FIVE_GF * np.array([0.0, 1.0, 0.3, 0.3, -0.5])
    give, share, tau = float(VAULT.give[0]), np.asarray(VAULT.share), np.asarray(VAULT.tau)

    def rate(t, z):
        return (share * give * np.interp(t, time, force) - z) / tau

    run = solve_ivp(rate, (0.0, 100.0), np.zeros(2), t_eval=time, rtol=1e-10, atol=1e-16, max_step=0.5)
    wanted = give * force + run.y.sum(axis=0)
    np.testing.assert_allclose(displacement(VAULT, time, force), wanted, rtol=1e-7, atol=1e-12)


def test_a_step_of_no_time_is_a_jump():
    branches, moved = advance(VAULT, rest(VAULT), jnp.zeros(3), jnp.array([1.0, 0.0, 2.0]), 0.0)
    np.testing.assert_array_equal(branches, 0.0)
    np.testing.assert_allclose(moved, VAULT.give * jnp.array([1.0, 0.0, 2.0]))
    slope = jax.grad(lambda h: advance(VAULT, rest(VAULT), jnp.zeros(3), jnp.ones(3), h)[1][0])(0.0)
    assert np.isfinite(float(slope))


def test_no_force_moves_nothing():
    assert float(jnp.abs(displacement(VAULT, np.arange(5.0), np.zeros(5))).max()) == 0.0


def test_a_held_hand_is_the_inverse_of_a_pushing_one():
    rng = np.random.default_rng(1)
    branches, before = rest(VAULT), jnp.zeros(3)
    mirrored, felt = rest(VAULT), jnp.zeros(3)
    for step in (0.1, 2.0, 30.0, 0.0):
        force = jnp.asarray(rng.normal(size=3))
        branches, moved = advance(VAULT, branches, before, force, step)
        mirrored, felt = advance_held(VAULT, mirrored, felt, moved, step)
        np.testing.assert_allclose(felt, force, rtol=1e-10)
        before = force


def test_recoil_turns_into_about_the_taught_force():
    # A hand that does not give way, over 70 um of recoil at the head: 0.03-0.1 N.
    _, force = advance_held(VAULT, rest(VAULT), jnp.zeros(3), jnp.array([to_internal(70, "um"), 0.0, 0.0]), 0.1)
    assert 0.03 < from_internal(float(force[0]), "N") < 0.1


def test_a_closed_loop_of_force_costs_work():
    time = np.linspace(0.0, 240.0, 20001)
    force = FIVE_GF * np.sin(2 * np.pi * time / 40.0)
    moved = np.asarray(displacement(VAULT, time, force))
    late = time >= 120.0
    loop = np.sum(0.5 * (force[late][1:] + force[late][:-1]) * np.diff(moved[late]))
    # Loss of a Kelvin chain: pi F^2 J f w tau / (1 + (w tau)^2) per cycle and branch.
    w, (share, tau) = 2 * np.pi / 40.0, (np.asarray(VAULT.share), np.asarray(VAULT.tau))
    wanted = 3 * np.pi * FIVE_GF**2 * float(VAULT.give[0]) * np.sum(share * w * tau / (1 + (w * tau) ** 2))
    assert loop == pytest.approx(wanted, rel=0.03)


def test_area_decides_and_a_soft_mass_below_gives_way():
    place = station("vault.R")
    assert float(contact_at(place, area=place.area).give[0]) == pytest.approx(1 / place.stiffness, rel=0.01)
    palm = contact_at(place, area=P.value("touch_area_palm"))
    assert float(VAULT.give[0] / palm.give[0]) > 10  # a palm is 10-150 times stiffer than a fingertip
    belly, ribs = station("abdomen"), station("ribs.R")
    assert belly.soft_below and not ribs.soft_below and not station("fontanelle").soft_below
    below = half_space_stiffness(P.value("tissue_muscle_E"), belly.area)
    wanted = 1 / belly.stiffness + 1 / below[0]
    assert float(contact_at(belly, P).give[0]) == pytest.approx(wanted, rel=1e-12)
    np.testing.assert_array_equal(contact_at(ribs, P).give, contact_at(ribs).give)


def test_a_deep_layer_is_a_half_space():
    modulus, area = 100.0, 3.0
    normal, _ = layer_stiffness(modulus, area, 1e6)
    assert normal == pytest.approx(half_space_stiffness(modulus, area)[0], rel=1e-5)


def test_gradient_of_creep_agrees_with_a_difference():
    def end(share):
        return displacement(VAULT._replace(share=share), jnp.array([0.0, 5.0, 60.0]), jnp.ones(3))[-1]

    slope, step = jax.grad(end)(VAULT.share), 1e-6
    for i in range(2):
        nudge = jnp.zeros(2).at[i].set(step)
        difference = (end(VAULT.share + nudge) - end(VAULT.share - nudge)) / (2 * step)
        assert float(slope[i]) == pytest.approx(float(difference), rel=1e-6)


def test_mistakes_are_told():
    with pytest.raises(CisternaError, match="do not fit"):
        displacement(VAULT, np.arange(3.0), np.zeros(4))
    with pytest.raises(CisternaError, match="positive"):
        contact_at(station("vault.R"), area=0.0)
