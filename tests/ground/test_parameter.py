"""Parameters: provenance is complete, overrides are checked, use is remembered."""

import pytest

from cisterna.ground.errors import CisternaError
from cisterna.ground.parameter import default_parameters, read_rows
from cisterna.ground.sources import cite, doi_share
from cisterna.ground.units import same_dimension

HEAD = "id,symbol,name,value,low,high,unit,population,source,status,evidence,range_kind,level_ref,note\n"
ROW = "x,x,thing,1,0,2,mL,adult,assumed: test,assumed,derived,tuning,none,\n"


def test_every_row_has_unit_source_and_range():
    rows = default_parameters()
    assert len(rows) > 400
    for row in rows.values():
        assert row.source and row.unit and row.inside
        if row.status == "assumed":
            assert "assumed" in row.source, f"{row.id} is assumed but does not say so"


def test_override_takes_any_unit_of_the_kind_and_is_remembered():
    p = default_parameters().override({"csf_production": "0.00833333 mL/s"})
    assert p.peek("csf_production").value == pytest.approx(0.5, rel=1e-5)
    assert p.peek("csf_production").status == "set"
    assert list(p.changed) == ["csf_production"]
    assert default_parameters().peek("csf_production").value == 0.35


@pytest.mark.parametrize("value", ["3 mmHg", "nan mL/min", "much", "inf mL/min"])
def test_impossible_override_is_refused(value):
    with pytest.raises(CisternaError):
        default_parameters().override({"csf_production": value})


def test_wrong_name_gets_the_nearest():
    with pytest.raises(CisternaError, match="csf_prodution") as caught:
        default_parameters().value("csf_prodution")
    assert "csf_production" in str(caught.value)


def test_what_ran_is_what_is_cited():
    p = default_parameters()
    p.value("icp_supine")
    assert list(p.used) == ["icp_supine"]
    assert "Norager" in cite(p.used, p)[0]


def test_share_with_a_doi_is_a_share():
    assert 0.3 < doi_share(default_parameters()) < 1.0


@pytest.mark.parametrize(
    "bad",
    [
        ROW.replace(",1,0,2,", ",5,0,2,"),
        ROW.replace("assumed: test", ""),
        ROW.replace(",assumed,derived", ",guessed,derived"),
        ROW.replace(",1,0,2,", ",one,0,2,"),
        ROW + ROW,
    ],
)
def test_a_bad_row_is_refused_with_its_line(bad):
    with pytest.raises(CisternaError, match=r"x|row"):
        read_rows(HEAD + bad, "test.csv")


def test_units_of_one_quantity_agree_between_files():
    p = default_parameters()
    for a, b in (
        ("r_out_granulations", "r_out_healthy_elderly"),
        ("axis_residual_compliance", "c_total_rest"),
    ):
        assert same_dimension(p.peek(a).unit, p.peek(b).unit)
