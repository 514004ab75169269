"""The experiments that ship, each run once; the reference table."""

import math

import numpy as np
import pytest

from cisterna.protocol.clock import Clock
from cisterna.protocol.execute import TABLES, at_rest, run
from cisterna.protocol.protocol import Observation, Protocol, Subject
from cisterna.protocol.read import library, load_protocol
from cisterna.protocol.reading import observe
from cisterna.protocol.steps.infusion import Infusion
from cisterna.protocol.steps.rest import Rest
from cisterna.protocol.steps.touch import Touch
from cisterna.protocol.tally import totals

# Rows of what a body must show at least, each named by what it needs.
REQUIRED = {
    "rest_icp", "rest_pulse", "rest_pulse_f1", "rest_stroke_c2", "rest_breath", "posture_supine", "posture_seated",
    "bolus4_rise", "bolus4_pvi", "infusion_rise", "infusion_rout",
}  # fmt: skip

# One timeline serves two: `upright_flow` is read from the run of `supine_seated`.
RUN = [name for name in library() if name != "upright_flow"]


@pytest.fixture(scope="module")
def axis():
    return at_rest(Subject().person())


@pytest.fixture(scope="module")
def results(axis):
    """Every protocol that ships, run once; those of one person from one resting state."""
    done, resting = {}, {repr(Subject()): axis}
    for name in RUN:
        protocol = load_protocol(name)
        person = protocol.person
        if repr(person) not in resting:
            resting[repr(person)] = at_rest(person.person())
        done[name] = run(protocol, body=resting[repr(person)])
    return done


@pytest.mark.parametrize("name", RUN)
def test_every_experiment_runs_and_says_where_it_lies(results, name):
    for row in results[name].observed:
        assert row["value"] is not None and math.isfinite(row["value"]), row
        if row["inside"] is not None:
            over = row["low"] is None or row["value"] >= row["low"]
            assert row["inside"] is (over and (row["high"] is None or row["value"] <= row["high"]))
            assert row["source"]


def test_the_reference_table_is_inside(results):
    rows = {row["id"]: row for name in TABLES["axis"] for row in results[name].observed}
    assert REQUIRED <= set(rows)
    outside = [key for key in REQUIRED if rows[key]["inside"] is not True]
    assert not outside, [(key, rows[key]) for key in outside]


def test_plateau_waves_come_and_go_with_resistance_and_stiffness(results):
    assert results["plateau_waves"].value("plateau_exist") == 1.0
    assert results["plateau_none"].value("plateau_none") == 0.0
    assert totals([*results["plateau_waves"].observed, *results["plateau_none"].observed])[:2] == (2, 2)


def test_flow_is_held_between_limits_of_arterial_pressure(results):
    flow = [results["autoregulation"].value(f"cbf_map{p}") for p in (40, 60, 80, 120, 140)]
    assert flow == sorted(flow) and flow[0] < 0.9 and abs(flow[2] - 1.0) < 0.1 and abs(flow[3] - 1.0) < 0.1


def test_withdrawal_mirrors_injection(results):
    # One exponential law: the ratio of a withdrawal is about the inverse of that of an injection.
    up, down = results["bolus4"].value("bolus4_rise"), results["withdraw4"].value("withdraw4_ratio")
    assert up * down == pytest.approx(1.0, abs=0.25) and down < 1.0 < up


def test_seated_pressure_at_the_needle_stands_on_the_fluid_column(results):
    done = results["supine_seated"]
    p = done.person.parameters
    column = p.in_unit("csf_density", "mmHg s2/cm2") * p.in_unit("standard_gravity", "cm/s2") * (51.5 + 4.0)
    below = done.value("posture_lumbar") - done.value("posture_seated")
    assert below == pytest.approx(column, rel=0.02)


def test_sitting_up_calms_the_oscillation_and_the_flow(results):
    flow, posture = load_protocol("upright_flow"), results["supine_seated"]
    assert flow.steps == load_protocol("supine_seated").steps
    for row in observe(flow.observe, posture.recording, posture.timeline.clock):
        assert 0.0 < row["value"] < 1.0, row


def test_the_coarse_step_of_the_infusion_is_fine_enough(results, axis):
    seen = Observation(id="early", signal="icp", window=("infusion + 30 s", "+1 breath"))
    steps = (Rest(duration="2 min"), Infusion(rate="1.5 mL/min", duration="35 s"))
    fine = run(Protocol(steps=steps, observe=(seen,), resolution="5 ms"), body=axis).value("early")
    shipped = results["infusion"]
    assert shipped.provenance["step"] == 0.02
    coarse = observe([seen], shipped.recording, shipped.timeline.clock)[0]["value"]
    assert coarse == pytest.approx(fine, rel=2e-4)


def test_found_beats_and_breaths_give_what_scheduled_ones_give(results):
    done = results["rest"]
    found = observe(load_protocol("rest").observe, done.recording)
    for known, row in zip(done.observed, found, strict=True):
        assert row["value"] == pytest.approx(known["value"], rel=0.03), row["id"]


def test_a_touch_of_nothing_changes_nothing_and_a_real_one_is_linear(axis):
    def pressed(force):
        hand = {"force": force, "direction": "medial", "hold": "2 s", "ramp": "1 s"}
        steps = (
            Touch(station="parietal.L", **hand), Touch(station="parietal.R", with_previous=True, **hand),
            Rest(duration="1 s"),
        )  # fmt: skip
        return run(Protocol(steps=steps), body=axis).recording

    nothing, light, ten = (pressed(f"{force} gf") for force in (0, 5, 50))
    rise, larger = (rec.values("icp") - nothing.values("icp") for rec in (light, ten))
    assert np.array_equal(nothing.values("icp"), pressed("0 gf").values("icp"))
    assert 0.0 < rise.max() < 1e-3  # mmHg
    assert larger.max() == pytest.approx(10.0 * rise.max(), rel=1e-2)
    assert light["force(parietal.R)"].values.max() == pytest.approx(5.0)
    assert [event.label for event in light.events if "force" in event.label] == [
        "force(parietal.L): 5 gf medial", "force(parietal.R): 5 gf medial",
    ]  # fmt: skip


def test_without_a_rhythm_there_is_none_to_read():
    from cisterna.ground.errors import CisternaError

    rec = run(Protocol(person=Subject(body="one"), steps=(Rest(duration="5 s"),))).recording
    seen = Observation(id="x", signal="icp", measure="peak_to_peak", window=("rest",))
    with pytest.raises(CisternaError, match="needs a beat"):
        observe([seen], rec, Clock())
