"""The coherent unit system: known conversions, closure, refusals."""

import math

import pytest

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.ground.units import convert, from_internal, parse, quantity, to_internal, volume_power


@pytest.mark.parametrize(
    ("value", "unit", "internal"),
    [
        (1.0, "mmHg", 1.0),
        (10.0, "cmH2O", 7.35559),
        (5.0, "gf", 3.67780),
        (1.0, "N", 75.0062),
        (1.0, "N/mm", 750.062),
        (1.0, "MPa", 7500.62),
        (1000.6, "kg/m3", 7.5051e-4),
        (0.0008, "Pa s", 6.0005e-6),
        (1.0, "mmHg/(mL/min)", 60.0),
        (250.0, "mm2", 2.5),
        (66.0, "1/min", 1.1),
        (90.0, "deg", math.pi / 2),
        (0.00072, "mL/(mmHg mm)", 0.0072),
    ],
)
def test_known_conversions(value, unit, internal):
    assert to_internal(value, unit) == pytest.approx(internal, rel=1e-4)
    assert from_internal(to_internal(value, unit), unit) == pytest.approx(value, rel=1e-12)


def test_wave_speed_through_the_public_units():
    """c = sqrt(A / (rho C')) of the reference table: 4.7 m/s with 120 mm2 and 0.00072 mL/(mmHg mm)."""
    p = default_parameters()
    c = math.sqrt(to_internal(120, "mm2") / (p.value("csf_density") * p.value("c_spinal_per_len")))
    assert convert(c, "cm/s", "m/s") == pytest.approx(4.7, abs=0.05)


def test_every_parameter_unit_is_understood():
    for row in default_parameters().values():
        assert math.isfinite(row.internal), row.id


def test_a_bare_number_is_refused_where_a_unit_is_needed():
    with pytest.raises(CisternaError, match="needs a unit"):
        quantity("4", "mL", "volume")
    with pytest.raises(CisternaError, match="wrong kind"):
        quantity("4 mmHg", "mL", "volume")
    assert quantity("3", "1") == 3.0


@pytest.mark.parametrize("text", ["", "five gf", "1.5 mL/fortnite", "1.5 mm Hgg"])
def test_nonsense_is_refused_with_a_mend(text):
    with pytest.raises(CisternaError):
        parse(text)


def test_minus_sign_of_print_is_a_minus():
    assert parse("−4 mL") == (-4.0, "mL")


def test_volume_power_of_units():
    assert volume_power("mL/mmHg") == pytest.approx(1)
    assert volume_power("mmHg s2/mL") == pytest.approx(-1)
    assert volume_power("cm") == pytest.approx(1 / 3)
    assert volume_power("1/min") == 0
