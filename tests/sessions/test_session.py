"""A whole session, shortened: both worlds, paired touch, stations, causes, files; and what it refuses."""

import json
import re

import numpy as np
import pytest

from cisterna.conditions import condition
from cisterna.ground.errors import CisternaError
from cisterna.model.person import Person
from cisterna.outside.session_file import answer, recording_of, write
from cisterna.recordings.recording import Recording
from cisterna.sessions.plans import session_library, session_protocol
from cisterna.sessions.session import SessionPlan, run_session

SHORTER = {'for = "8 min"': 'for = "40 s"', 'for = "3 min"': 'for = "30 s"', 'for = "7 min"': 'for = "70 s"'}


@pytest.fixture(scope="module")
def brief(tmp_path_factory):
    """The session that ships with every step cut short."""
    text = session_library()["short"]
    for long, cut in SHORTER.items():
        text = text.replace(long, cut)
    text = re.sub(r'for = "[456] min"', 'for = "20 s"', text)
    file = tmp_path_factory.mktemp("session") / "brief.toml"
    file.write_text(text)
    return str(file)


@pytest.fixture(scope="module")
def result(brief):
    return run_session(SessionPlan(person=Person.typical(), protocol=brief, seed=3))


def test_the_session_that_ships_lasts_45_to_60_minutes():
    total = sum(step.duration for step in session_protocol("short").steps)
    assert 45 * 60 <= total <= 60 * 60


def test_both_worlds_stand_side_by_side(result):
    assert list(result.worlds) == ["established", "as-taught"]
    established, taught = result.worlds.values()
    assert established.hypotheses == () and taught.hypotheses == ("H-SUT", "H-PRESSURESTAT")
    assert np.array_equal(established.run.run.times, taught.run.run.times)
    assert any(row.status == "required" for row in taught.person.parameters.changed.values())
    assert not established.person.parameters.changed


def test_before_the_first_touch_the_pair_is_the_same_to_the_last_bit(result):
    for outcome in result.worlds.values():
        first = min(held.start for held in outcome.holds)
        quiet = outcome.run.run.times <= first
        assert quiet.any() and np.all(outcome.run.touch[quiet] == 0.0)


def test_a_touch_off_the_head_changes_no_pressure(result):
    by_name = {held.technique: held for held in result.first.holds}
    assert by_name["dural_traction"].icp == 0.0


def test_the_dynamic_touch_agrees_with_the_static_answer(result):
    """Paired runs of the body against g . F / C of the condensed skull, in the established world."""
    for held in result.first.holds:
        static = sum(effect.icp.value for effect in held.effects.values())
        if static:
            assert held.icp == pytest.approx(static, rel=0.35), held.technique


def test_posture_moves_pressure_and_touch_does_not(result):
    causes = {cause.name: cause.value for cause in result.first.causes}
    assert causes["position"] > 3.0
    assert abs(causes["touch"]) < 1e-3


def test_the_taught_rhythm_is_there_only_as_taught(result):
    established, taught = result.worlds.values()
    assert established.rhythm is None
    assert taught.rhythm is not None and taught.rhythm.value >= 0.3
    rate = float(re.search(r"([\d.]+)/min", taught.rhythm.label)[1])
    assert 6.0 <= rate <= 12.0


def test_observed_values_have_the_shape_used_everywhere(result):
    rows = answer(result)["observed"]
    assert {frozenset(row) for row in rows} == {frozenset({"id", "value", "unit", "low", "high", "inside", "source"})}
    assert all(row["inside"] for row in rows), [row["id"] for row in rows if not row["inside"]]


def test_seven_stations_before_and_after(result):
    for outcome in result.worlds.values():
        assert len(outcome.before.findings) == len(outcome.after.findings) == 7
    assert result.first.before["vault"].d_cranial < 0.01


def test_files(result, tmp_path):
    page, recording = write(result, tmp_path, seconds=1.0, date="1 Jan 2026")
    html = page.read_text()
    assert "clears nobody" in html and "as-taught" in html and "<script" not in html
    assert not re.search(r'(?:src|href)="https?:', html)
    back = Recording.open(recording)
    assert np.array_equal(back.values("icp"), recording_of(result).values("icp"))
    assert back.unit("icp") == "mmHg" and back["icp"].attrs["origin"] == "simulated"
    json.dumps(answer(result), default=float)


@pytest.mark.parametrize("name", ["csf_leak", "spinal_block"])
def test_nothing_runs_past_a_stop(brief, name):
    with pytest.raises(CisternaError, match="no session"):
        run_session(SessionPlan(person=Person.typical(), protocol=brief, conditions=(condition(name),), doctor="yes"))


def test_physician_first_needs_an_answer(brief):
    plan = SessionPlan(person=Person.typical(), protocol=brief, conditions=(condition("chiari"),))
    with pytest.raises(CisternaError, match="physician"):
        run_session(plan)


def test_a_pressure_of_the_model_raises_the_verdict(brief):
    """A person whose ICP at rest is beyond the limit is stopped though every answer is harmless."""
    person = Person.typical().with_values({"r_out_granulations": "80 mmHg/(mL/min)", "r_out_lymph": "200 mmHg/(mL/min)",
                                           "r_out_spinal_roots": "400 mmHg/(mL/min)"})  # fmt: skip
    with pytest.raises(CisternaError, match="no session"):
        run_session(SessionPlan(person=person, protocol=brief))


def test_an_infant_is_not_held_by_the_head(brief):
    client = {"id": "x", "age_years": 1.2, "answers": {}}
    with pytest.raises(CisternaError):
        run_session(SessionPlan(person=Person.typical(1.2), protocol=brief, client=client))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[step]]\ndo = "hold"\ntechnique = "frontal_lft"\nfor = "1 min"\n', "frontal_lift"),
        ('[[step]]\ndo = "hold"\ntechnique = "cv4"\nfor = "60"\n', "unit"),
        ('[[step]]\ndo = "hod"\ntechnique = "cv4"\nfor = "60 s"\n', "hold"),
        ('[[step]]\ndo = "hold"\ntechnique = "cv4"\nforce = "5 mmHg"\nfor = "60 s"\n', "force"),
    ],
)
def test_a_wrong_session_file_is_told_with_its_line(tmp_path, text, words):
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    with pytest.raises(CisternaError) as caught:
        session_protocol(str(file))
    assert words in str(caught.value) and "line" in str(caught.value)


def test_a_wrong_session_name_gets_the_nearest():
    with pytest.raises(CisternaError, match="shrt") as caught:
        session_protocol("shrt")
    assert "short" in str(caught.value)
