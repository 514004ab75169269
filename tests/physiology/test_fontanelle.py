"""Fontanelle: closed form of the cubic, volume per force against motion per pressure, figures of a touch."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.ground.units import from_internal, to_internal
from cisterna.physiology.fontanelle import (
    Membrane,
    anterior_fontanelle,
    bulge,
    bulge_compliance,
    bulge_pressure,
    bulge_volume,
    press,
)

P = default_parameters()
NEWBORN = anterior_fontanelle(0.0, P)
FIVE_GF = to_internal(5.0, "gf")
ONE_CM2 = math.sqrt(1.0 / math.pi)


def test_newton_meets_the_closed_form_of_the_cubic():
    for tension in (0.0001, 0.01, 1.0, 100.0):
        membrane = NEWBORN._replace(tension=to_internal(tension, "N/mm"))
        pressure = np.concatenate([[0.0], np.geomspace(1e-4, 100, 40), -np.geomspace(1e-4, 100, 40)])
        k1 = 4 * membrane.tension / membrane.radius**2
        k3 = 8 / 3 * membrane.stretch / ((1 - membrane.poisson) * membrane.radius**4)
        wanted = 2 * np.sqrt(k1 / (3 * k3)) * np.sinh(np.arcsinh(1.5 * pressure / k1 * np.sqrt(3 * k3 / k1)) / 3)
        np.testing.assert_allclose(bulge(membrane, pressure), wanted, rtol=1e-10)
        np.testing.assert_allclose(bulge_pressure(membrane, wanted), pressure, rtol=1e-10, atol=1e-13)


def test_tense_is_stiffer_by_the_two_thirds_power():
    slack = NEWBORN._replace(tension=0.0)
    ratio = bulge_compliance(slack, 8.0) / bulge_compliance(slack, 1.0)
    assert float(ratio) == pytest.approx(8 ** (-2 / 3), rel=1e-9)


def test_compliance_is_the_slope_of_volume():
    def volume(pressure):
        return bulge_volume(NEWBORN, bulge(NEWBORN, pressure))

    for pressure in (-3.0, 0.0, 0.5, 2.8, 20.0):
        compliance = float(bulge_compliance(NEWBORN, pressure))
        assert compliance == pytest.approx(float(jax.grad(volume)(pressure)), rel=1e-9)
    step = 1e-5
    difference = (volume(2.8 + step) - volume(2.8 - step)) / (2 * step)
    assert float(bulge_compliance(NEWBORN, 2.8)) == pytest.approx(float(difference), rel=1e-7)


def test_newborn_figures():
    # Prototype: 0.008-0.026 mL/mmHg; own pulse 40-130 um/mmHg at ICP 2.8 +- 1.4.
    icp = P["icp_newborn"]
    for pressure in (icp.value, icp.high):
        assert 0.008 < float(bulge_compliance(NEWBORN, pressure)) < 0.026
    area = 0.5 * math.pi * NEWBORN.radius**2
    for pressure in (icp.low, icp.value, icp.high):
        motion = float(bulge_compliance(NEWBORN, pressure)) / area
        assert 40 < from_internal(motion, "um") < 130


@pytest.mark.parametrize("stretch", ["8 N/mm", "4 N/mm", "2 N/mm"])
def test_five_grams_on_a_square_centimetre(stretch):
    # Prototype: dent 0.15-0.45 mm, 14-47 uL, dICP 0.02-0.04 mmHg with PVI 8.2.
    membrane = anterior_fontanelle(0.0, P.override({"fontanelle_Et": stretch}))
    touch = press(membrane, 2.8, FIVE_GF, ONE_CM2)
    assert 0.15 < from_internal(float(touch.dent), "mm") < 0.5
    assert 14 < -from_internal(float(touch.volume), "uL") < 48
    assert 0.02 < -float(touch.volume) / (0.4343 * 8.2 / 2.8) < 0.04


def test_volume_per_small_force_is_motion_per_pressure_of_the_patch():
    # Betti: the mean motion of the patch per pressure, a paraboloid's, is 1 - r^2 / (2 a^2) of the centre's.
    share = (ONE_CM2 / NEWBORN.radius) ** 2
    centre = float(bulge_compliance(NEWBORN, 2.8)) / (0.5 * math.pi * NEWBORN.radius**2)
    per_force = jax.grad(lambda force: press(NEWBORN, 2.8, force, ONE_CM2).volume)(0.0)
    assert -float(per_force) == pytest.approx(centre * (1 - share / 2), rel=1e-9)


def test_a_patch_as_wide_as_the_membrane_is_a_pressure():
    force = 1.0
    touch = press(NEWBORN, 2.8, force, 5.0)
    lowered = bulge(NEWBORN, 2.8 - force / (math.pi * NEWBORN.radius**2))
    assert float(touch.dent) == pytest.approx(float(bulge(NEWBORN, 2.8) - lowered), rel=1e-9)


def test_a_tight_drum_dents_by_its_tension_alone():
    drum = Membrane(1.0, 1e5, 1.0, 0.3)
    touch = press(drum, 0.0, 1.0, 0.3)
    wanted = (0.5 + math.log(1 / 0.3)) / (2 * math.pi * 1e5)  # exact for a disc load on a stretched membrane
    assert float(touch.dent) == pytest.approx(wanted, rel=1e-6)


def test_no_touch_is_exactly_nothing_and_the_solve_is_finite_at_zero():
    touch = press(NEWBORN, 2.8, 0.0, ONE_CM2)
    assert float(touch.dent) == 0.0 and float(touch.volume) == 0.0
    assert float(bulge(NEWBORN, 0.0)) == 0.0
    assert np.isfinite(float(jax.grad(lambda p: bulge(NEWBORN, p))(0.0)))
    assert float(jnp.sign(bulge(NEWBORN, -2.0))) == -1.0


def test_it_closes_with_age():
    areas = [math.pi * anterior_fontanelle(age, P).radius ** 2 for age in (0.0, 0.5, 1.0)]
    assert areas[0] == pytest.approx(P.value("fontanelle_area"))
    assert areas[0] > areas[1] > areas[2] > 0.0
    assert areas[1] == pytest.approx(areas[0] * (1 - 0.5 / 1.15))
    assert anterior_fontanelle(1.15, P) is None and anterior_fontanelle(40.0, P) is None
    with pytest.raises(CisternaError):
        anterior_fontanelle(-0.1, P)
