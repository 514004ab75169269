"""E1, touch and pressure: closed form, body run in time, the prototype's figures, and the verdict."""

import json

import numpy as np
import pytest

from cisterna.claims.bench import Bench
from cisterna.claims.book.e1_touch_and_pressure import TouchAndPressure
from cisterna.claims.run import run_claim
from cisterna.model.solver.machine import enable_cache
from cisterna.physiology.skull import skull_port
from cisterna.worlds.world import apply_world

E1 = TouchAndPressure()


@pytest.fixture(scope="module", autouse=True)
def _programs():
    enable_cache()


@pytest.fixture(scope="module")
def verdict():
    return run_claim("E1", seed=0, fast=True)


@pytest.fixture(scope="module")
def benches():
    """Established bodies by case, each with its rest found once."""
    shared = {}
    return {
        name: Bench(name, "established", case.person, case.settings, shared=shared) for name, case in E1.cases().items()
    }


def table(found, title):
    return next(t for t in found if title in t.title)


def test_closed_form_and_body_run_in_time_agree_and_no_force_does_nothing(verdict):
    in_time, static, null = verdict.checks
    assert in_time.first[1] == pytest.approx(in_time.second[1], rel=0.02)
    assert static.first[1] == pytest.approx(static.second[1], rel=1e-6)
    assert null.second[1] == 0.0


def test_five_grams_on_an_adult_head_do_what_the_prototype_found(verdict):
    """mechanics 5: 0.004-0.011 uL, 3e-6..1e-5 mmHg, dent 8-13 nm; at 1000 gf below 2e-3 mmHg."""
    loads = table(verdict.cases[0].tables["established"], "loads")
    rows = {row[0]: row for row in loads.rows}
    assert 0.004 < rows[5.0][1] < 0.011 and 3e-6 < rows[5.0][2] < 1e-5
    assert 1e-3 < rows[1000.0][2] < 2e-3
    for row in loads.rows:  # linear in the load
        assert row[1:] == pytest.approx(tuple(cell * row[0] / 5.0 for cell in rows[5.0][1:]), rel=1e-9)
    stations = table(verdict.cases[0].tables["established"], "head stations")
    vault = next(row for row in stations.rows if row[0] == "vault.R")
    assert 0.005 < vault[4] < 0.015 and len(stations.rows) == 34
    assert max(row[3] for row in stations.rows) == pytest.approx(rows[5.0][2], rel=1e-9)


def test_the_area_of_the_contact_changes_the_skin_and_hardly_the_bone(verdict):
    areas = table(verdict.cases[0].tables["established"], "contact areas")
    small, large = areas.rows[0], areas.rows[-1]
    assert (small[0], large[0]) == (1.0, 100.0)
    assert small[1] == pytest.approx(3.68, rel=0.01)  # 5 gf on 1 cm2 is 3.7 mmHg
    assert small[3] / large[3] > 30.0 and small[2] / large[2] < 5.0


def test_as_taught_the_bone_moves_10_um_but_pressure_is_bounded_by_betti(verdict):
    """dICP <= F g / C_skull: the softer the suture, the more volume and the more compliance, with one g."""
    loads = table(verdict.cases[0].tables["as-taught"], "loads")
    person = apply_world(E1.cases()["adult, healthy"].person, "as-taught")
    port = skull_port(person.age, person.parameters)
    most = float(np.linalg.norm(np.asarray(port.touch), axis=1).max())
    five = next(row for row in loads.rows if row[0] == 5.0)
    assert five[2] < most * 3.678 / float(port.compliance)
    stations = table(verdict.cases[0].tables["as-taught"], "head stations")
    assert next(row for row in stations.rows if row[0] == "vault.R")[4] == pytest.approx(10.0, rel=0.05)
    # The same bound is the ceiling of the scan: no suture modulus reaches the level.
    suture = next(n for n in verdict.cases[0].needs if n.key.id == "skull_suture_E")
    twenty = 4.0 * most * 3.678 / float(port.compliance)
    assert suture.value is None and suture.ceiling == pytest.approx(twenty, rel=0.05) and suture.taught == 0.0015


def test_the_verdict_and_what_it_would_take(verdict):
    main = verdict.cases[0]
    assert verdict.verdict == "contradicted" and main.worlds["established"].contradicts == 1.0
    force = next(n for n in main.needs if n.key.id == "force")
    # Linear in the force: the needed multiple is the level over the value.
    assert force.multiple == pytest.approx(0.5 / verdict.value, rel=0.01) and not force.inside
    assert main.joint.distance > 3.0
    turned = {(f.world, f.turned): f.reading.value for f in verdict.flips}
    assert turned[("established", "on")] == pytest.approx(main.worlds["as-taught"].value, rel=1e-6)
    assert turned[("as-taught", "off")] == pytest.approx(main.worlds["established"].value, rel=1e-6)
    assert verdict.unmoved == ("H-PRESSURESTAT", "H-PRM")
    json.dumps(verdict.as_dict(), allow_nan=False)
    assert max(len(line) for line in verdict.text().splitlines()) <= 80


def test_more_force_more_pressure_and_a_stiffer_body_more(benches):
    healthy, raised = benches["adult, healthy"], benches["adult, ICP 30, PVI 10"]
    assert raised.rest.icp == pytest.approx(30.0, abs=0.6) and raised.rest.pvi == pytest.approx(10.0, abs=0.4)
    one = {"force": np.ones(1)}
    low, high = (float(E1.measure(b, one)[0]) for b in (healthy, raised))
    assert high / low == pytest.approx(healthy.rest.compliance / raised.rest.compliance, rel=1e-6)
    # Softer bone or a smaller residual can only help the claim.
    assert float(E1.measure(healthy, {"skull_bone_E": np.array([0.5])})[0]) > low
    assert float(E1.measure(healthy, {"residual": np.array([0.2])})[0]) > low


def test_the_open_fontanelle_yields_as_the_prototype_found(benches):
    """mechanics 5: 5 gf on 1 cm2: dent 0.15-0.45 mm, 14-47 uL, 0.02-0.04 mmHg; and that it is never loaded."""
    bench = benches["newborn, on the fontanelle"]
    rows = {row[0]: row for row in table(E1.tables(bench), "fontanelle").rows}
    assert 150.0 < rows[5.0][3] < 450.0 and 14.0 < rows[5.0][1] < 47.0 and 0.02 < rows[5.0][2] < 0.045
    assert "never" in E1.cases()["newborn, on the fontanelle"].note
    bone = {row[0]: row for row in table(E1.tables(benches["newborn, on the bone"]), "loads").rows}
    assert 7e-5 < bone[5.0][2] < 1e-3 < rows[5.0][2]
