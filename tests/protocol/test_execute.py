"""Running a protocol on the small bodies: closed form, recording, provenance, observing again."""

import json

import numpy as np
import pytest

from cisterna.ground.errors import CisternaError
from cisterna.model.bodies.one import closed_form
from cisterna.protocol.execute import at_rest, infused, run
from cisterna.protocol.protocol import Observation, Protocol, Subject
from cisterna.protocol.read import load_protocol
from cisterna.protocol.reading import observe
from cisterna.protocol.step import Step, step
from cisterna.protocol.steps.bolus import Bolus
from cisterna.protocol.steps.infusion import Infusion
from cisterna.protocol.steps.rest import Rest
from cisterna.protocol.tally import totals
from cisterna.protocol.words import plan_of


@pytest.fixture(scope="module")
def one():
    return run(load_protocol("one_infusion"), seed=7)


def test_the_whole_course_follows_the_closed_form(one):
    p = one.person.parameters
    t = one.recording.time("icp")
    during = (t > 60.0) & (t < 60.0 + 41 * 60.0)
    exact = closed_form(
        t[during] - 60.0, p.peek("k_elast_healthy").internal, p.peek("one_reference").internal,
        p.peek("csf_production").internal, 1.5 / 60.0, p.peek("r_out_healthy_elderly").internal,
    )  # fmt: skip
    assert np.abs(one.recording.values("icp")[during] - np.asarray(exact)).max() < 1e-4


def test_observed_has_exactly_the_agreed_keys(one):
    data = json.loads(one.as_json())
    assert list(data) == ["observed"] and data["observed"] == one.observed
    for row in one.observed:
        assert list(row) == [
            "id", "value", "unit", "low", "high", "inside", "source", "range", "role", "status", "group", "basis",
        ]  # fmt: skip
        assert row["inside"] is True and row["source"].startswith("computed")
    assert totals(one.observed) == (0, 0, 5, 5)  # limits of our own


def test_recording_holds_steps_and_volume(one):
    rec = one.recording
    assert [event.label for event in rec.events] == ["rest", "infusion"]
    assert rec.rate("icp") == pytest.approx(1.0 / (rec.time("icp")[1] - rec.time("icp")[0]))
    assert rec.values("volume_infused")[-1] == pytest.approx(1.5 * 41, rel=1e-9)
    assert rec.provenance["seed"] == 7 and rec.provenance["step"] == 0.05
    assert rec.provenance["protocol"]["title"] == load_protocol("one_infusion").title
    assert rec.provenance["largest_step_error"] < 1e-9 and rec.provenance["sources"]


def test_the_same_observations_in_the_saved_recording(one, tmp_path):
    path = one.recording.save(tmp_path / "one.nc")
    from cisterna.recordings.recording import Recording

    again = observe(load_protocol("one_infusion").observe, Recording.open(path))
    assert [row["value"] for row in again] == pytest.approx([row["value"] for row in one.observed])


def test_changed_parameters_stand_in_the_provenance():
    subject = Subject(body="one", set={"csf_production": "0.7 mL/min", "csf.elastance_coefficient": "0.2 1/mL"})
    seen = Observation(id="p", signal="icp", window=("rest",), unit="cmH2O")
    done = run(Protocol(person=subject, steps=(Rest(duration="10 s"),), observe=(seen,)))
    assert done.value("p") == pytest.approx((6.5 + 0.7 * 8.6) * 1.3595, rel=1e-4)
    assert {row["id"]: row["value"] for row in done.provenance["changed"]} == pytest.approx(
        {"csf_production": 0.7, "csf.elastance_coefficient": 0.2}
    )
    assert all(row["status"] == "set" for row in done.provenance["changed"])


def test_bolus_and_pvi_in_one_space():
    # One exponential space: pressure over its reference rises by exp(k V); the PVI of absolute pressures follows.
    seen = (
        Observation(id="rise", signal="icp", measure="max", window=("rest 2",)),
        Observation(id="pvi", signal="icp", measure="pvi", window=("rest 2", "+0.1 s"), baseline=("rest",)),
        Observation(id="none", signal="icp", measure="max", window=("rest 2",), low=0.0, high=1.0, source="assumed: x"),
    )
    steps = (Rest(duration="10 s"), Bolus(volume="2 mL", over="0.5 s"), Rest(duration="5 s"))
    done = run(Protocol(person=Subject(body="one"), steps=steps, observe=seen, resolution="5 ms"))
    k, reference, rest = 0.089, 6.5, 6.5 + 0.35 * 8.6
    peak = reference + (rest - reference) * np.exp(2.0 * k)
    assert done.value("rise") == pytest.approx(peak, rel=1e-3)
    assert done.value("pvi") == pytest.approx(2.0 / np.log10(peak / rest), rel=2e-2)
    assert done.observed[2]["inside"] is False and done.observed[0]["inside"] is None


def test_volume_infused_is_exact_between_samples():
    steps = (Infusion(rate="1.5 mL/min", duration="60 s"), Bolus(volume="4 mL", over="3 s", at="10 s"))
    line = run(Protocol(person=Subject(body="one"), steps=steps)).timeline
    assert infused(line, np.array([5.0, 11.5, 60.0])) == pytest.approx([0.125, 0.2875 + 2.0, 1.5 + 4.0])


def test_volume_infused_under_a_rate_that_rises():
    @step
    class Ramped(Step):
        name = "ramped"
        summary = "a rate that rises evenly"

        def apply(self, schedule, start, context):
            schedule.ramp("infusion", 0.1, start, 10.0)
            return start + 20.0

    line = run(Protocol(person=Subject(body="one"), steps=(Ramped(),))).timeline
    assert infused(line, np.array([5.0, 10.0, 20.0])) == pytest.approx([0.125, 0.5, 1.5])


def test_a_body_already_at_rest_gives_the_same_run():
    protocol = Protocol(
        person=Subject(body="one"), steps=(Rest(duration="5 s"), Infusion(rate="1 mL/min", duration="20 s"))
    )
    body = at_rest(protocol.person.person())
    first, second = run(protocol), run(protocol, body=body)
    assert np.array_equal(first.recording.values("icp"), second.recording.values("icp"))


def test_a_body_that_oscillates_by_itself_begins_from_its_own_state():
    body = at_rest(load_protocol("plateau_waves").person.person())
    assert "no stable resting state" in body.note
    assert np.array_equal(body.start.rest.state, np.asarray(body.net.start))


def test_progress_is_told():
    seen = []
    run(load_protocol("one_infusion"), lambda t, end, block: seen.append((t, end)))
    assert seen[-1] == pytest.approx((2520.0, 2520.0)) and len(seen) > 10


def test_wrong_protocols_in_python_name_the_step_and_the_observation():
    with pytest.raises(CisternaError) as caught:
        run(Protocol(person=Subject(body="one"), steps=(Rest(duration="5 s"), Bolus(volume="1 L", over="20 h"))))
    assert "step 2 ('bolus')" in str(caught.value)
    seen = Observation(id="x", signal="ipc", window=("rest",))
    with pytest.raises(CisternaError) as caught:
        run(Protocol(person=Subject(body="one"), steps=(Rest(duration="5 s"),), observe=(seen,)))
    assert "observation 'x', signal" in str(caught.value) and "'icp'" in str(caught.value)


def test_the_plan_in_words():
    text = plan_of(load_protocol("one_infusion"))
    assert "  1 min  42 min  infusion  1.5 mL/min infused, 61.5 mL in all" in text
    assert "22.31 to 22.32 mmHg" in text
