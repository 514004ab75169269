"""Bridging veins and lacunae: yield about rest, collapse when emptied, stretch when filled."""

import jax
import numpy as np
import pytest

from cisterna.ground.parameter import default_parameters
from cisterna.model.assemble import assemble
from cisterna.model.person import Person
from cisterna.model.regions.brain_blood import swells_into
from cisterna.model.regions.ventricles import production_shares
from cisterna.physiology.blood import BridgingVeins, Lacunae

P = default_parameters()
_SHARED = {key: P[f"whole_lacuna_{key}"].internal for key in ("floor", "rest", "stiffness")}
_ENDS = {"capacity": P["axis_lacuna_volume"].internal, "room": P["whole_lacuna_room"].internal}
VEINS = BridgingVeins(**_SHARED, **_ENDS, resistance=P["whole_collapse"].internal)


def test_pressure_rises_with_volume_and_both_ends_resist():
    """Monotone from empty to engorged, where an exponential alone would yield without end."""
    volume = np.linspace(-0.97 * _ENDS["capacity"], 3.0 * _ENDS["room"], 4000)
    pressure = np.asarray(VEINS.pressure(volume, {}))
    assert (np.diff(pressure) > 0).all()
    bare = np.asarray(Lacunae(**_SHARED).pressure(volume, {}))
    assert bare[-1] < -_SHARED["floor"] and pressure[-1] > 50.0
    assert pressure[0] < bare[0] - 50.0


def test_at_rest_value_and_compliance_are_those_of_the_exponential():
    slope = jax.grad(lambda law, v: law.pressure(v, {}), argnums=1)
    bare = Lacunae(**_SHARED)
    assert float(VEINS.pressure(0.0, {})) == pytest.approx(-_SHARED["rest"])
    assert float(slope(VEINS, 0.0)) == pytest.approx(float(slope(bare, 0.0)))


def test_shares_of_swelling_and_of_production_add_up_to_one():
    """What is left of the pulsation goes to the vault, what the choroid plexus does not make the tissue does."""
    assert sum(swells_into(P).values()) == pytest.approx(1.0, abs=1e-12)
    shares = production_shares(P.override({"csf_choroid_fraction": 0.6}))
    assert sum(shares.values()) == pytest.approx(1.0, abs=1e-12)
    assert shares["cortex"] == pytest.approx(0.4)


@pytest.mark.parametrize(
    ("value", "words"),
    [({"whole_swell_cortex": 0.8, "whole_swell_cisterns": 0.3}, "whole_swell_cortex"),
     ({"csf_choroid_fraction": 0.1}, "whole_made_fourth")],
)  # fmt: skip
def test_shares_that_take_more_than_there_is_are_refused(value, words):
    with pytest.raises(Exception, match="take more than there is") as refused:
        assemble(Person.typical(body="whole").with_values(value).blueprint())
    assert words in str(refused.value)
