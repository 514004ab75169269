"""The rules by which a table of observed values is counted."""

import pytest

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters
from cisterna.protocol.protocol import Observation
from cisterna.protocol.ranges import experiments, published
from cisterna.protocol.reading import standing
from cisterna.protocol.tally import counts, stands_as, told, totals, votes


def row(key, inside):
    return {"id": key, "inside": inside, **standing(published(key) if key else None)}


def test_a_group_has_one_vote_that_any_of_its_rows_wins():
    lost = [row("ref_supine", False), row("sit_supine", False), row("perf_balance", False)]
    assert votes(lost) == {"icp_rest": False} and totals(lost)[:2] == (0, 1)
    assert totals([*lost, row("inf_healthy_rest", True)])[:2] == (1, 1)
    assert totals([row("bolus4_rise", True), row("withdraw4_ratio", True)])[:2] == (1, 1)


def test_a_row_read_at_several_places_is_met_when_all_hold():
    assert totals([row("akt_up", True), row("akt_up", True)])[:2] == (1, 1)
    assert totals([row("akt_up", True), row("akt_up", False)])[:2] == (0, 1)


@pytest.mark.parametrize("role", ["input", "bound", "claim", "later"])
def test_no_other_role_is_counted(role):
    for key, reference in experiments().items():
        if reference["role"] == role:
            assert not counts(row(key, True)), key


def test_parameters_and_limits_of_our_own_stand_beside():
    beside = [row("p_sss_normal", True), row("p_sss_upright", False), {"inside": True, **OWN}, row("", None)]
    assert totals(beside) == (0, 0, 2, 3) and "none is an outcome" in told(totals(beside))
    assert [stands_as(r) for r in beside] == ["parameter, read", "parameter, assumed", "own limits", ""]


OWN = {"range": "", "role": "own", "status": "assumed", "group": "", "basis": "own"}


def test_computed_from_an_assumed_row_is_no_source():
    assert default_parameters().peek("icp_pulse_amp_fund").status == "computed"
    assert published("icp_pulse_amp_fund").basis == published("icp_pulse_amp").basis == "assumed"
    assert stands_as(row("icp_pulse_amp_fund", True)) == "parameter, computed from assumed"
    assert published("pvi_adult").basis == "published" and published("pc_c2_sv").basis == "own band"


def test_an_observation_may_only_lower_its_row_to_an_input():
    with pytest.raises(CisternaError, match="cannot have this role"):
        Observation(id="x", signal="icp", window=("rest",), range="ref_supine", role="outcome")
