"""What a value from outside may be: the stated range tells which numbers are impossible."""

import pytest

from cisterna.ground.bounds import impossible, reversed_field
from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.ground.units import parse


@pytest.mark.parametrize(
    ("key", "text", "refused"),
    [
        ("hr_rest", "0 1/min", True),
        ("hr_rest", "-10 1/min", True),
        ("hr_rest", "220 1/min", False),
        ("rr_rest", "0 1/min", True),
        ("map_supine", "-50 mmHg", True),
        ("map_supine", "0 mmHg", True),
        ("map_supine", "20 mmHg", False),
        ("ga_Pcv", "-1 mmHg", False),  # below the pressure of the air, and real
        ("ga_Pcv", "-30 mmHg", True),
        ("csf_production", "0 mL/min", False),
        ("csf_production", "-0.1 mL/min", True),
        ("csf_production", "50 mL/min", False),
        ("r_out_granulations", "0 mmHg/(mL/min)", True),
        ("csf_vol_aqueduct", "0 mL", True),
    ],
)
def test_the_stated_range_tells_what_is_impossible(key, text, refused):
    assert bool(impossible(default_parameters().peek(key).with_value(text))) is refused


def test_no_shipped_value_is_impossible():
    rows = default_parameters()
    assert [key for key in rows if impossible(rows.peek(key))] == []


def test_a_law_with_one_sign_keeps_it():
    assert reversed_field(2.0, -2.0, "mmHg s/mL") and not reversed_field(2.0, -2.0, "mmHg")
    assert not reversed_field(2.0, 0.0, "mL")


def test_a_decimal_comma_is_recognised():
    with pytest.raises(CisternaError, match="decimal comma") as caught:
        parse("0,5 mL/min")
    assert "'0.5 mL/min'" in caught.value.mend


def test_the_span_of_a_number_without_a_unit_has_none():
    rows = default_parameters()
    assert rows.peek("inflow_offset_most").span == "0.1 to 0.3"
    assert rows.peek("hr_rest").span == "55 to 85 1/min"
