"""The screening as a whole: answers, completeness, conditions, model numbers, letter, score."""

import json
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cisterna.ground.errors import CisternaError
from cisterna.sessions.screening import DISCLAIMER, letter, raise_with_model, read_client, report, score, screen
from cisterna.sessions.screening.engine import core_questions
from cisterna.sessions.screening.questions import questions
from cisterna.sessions.screening.rules import URGENCIES, VERDICTS

HERE = Path(__file__).parent
QUIET = {"id": "Q", "age_years": 40, "sex": "m", "answers": {"headache": "none", "fever": "no"}}


def _lines(path: Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_vignettes_of_the_shared_set(shared):
    result = score(_lines(shared / "domain" / "vignettes_dev.jsonl"))
    assert result.count == 60
    assert result.stop[0] == result.stop[1] and result.emergency[0] == result.emergency[1], result.text()
    assert result.verdict[0] >= 0.95 * result.verdict[1], result.text()
    assert result.quiet_kept[0] == result.quiet_kept[1] and result.doctor_kept[0] == result.doctor_kept[1]


@pytest.mark.parametrize("name", ["vignettes_own.jsonl", "vignettes_fresh.jsonl"])
def test_own_vignettes(name):
    """`vignettes_fresh` was written after the rules, batch by batch, each scored before anything was changed."""
    result = score(_lines(HERE / name))
    assert result.count >= 60
    assert result.stop[0] == result.stop[1] and result.emergency[0] == result.emergency[1], result.text()
    assert result.verdict[0] >= 0.97 * result.verdict[1], result.text()


def test_the_score_sees_a_missed_stop_and_tells_it_in_words():
    vignette = QUIET | {"verdict": "stop", "urgency": "emergency", "reasons": ["made up"]}
    result = score([vignette])
    assert result.stop == (0, 1) and result.emergency == (0, 1) and result.verdict == (0, 1)
    assert "expected stop/emergency (made up), got no_listed_contraindication/none" in result.misses[0]
    assert result.text().count(DISCLAIMER) == 1


def test_unreadable_answers_are_noted_and_never_count_as_harmless():
    answers = {
        "hedache": "new",
        "fever": "perhaps",
        "inr": "high",
        "blood_pressure": "abc",
        "fever_c": 377,
        "stroke_weeks": [1],
        "head_injury_weeks": float("nan"),
        "shunt": "workng",
    }
    result = screen({"id": "n", "age_years": 40, "answers": answers})
    assert result.verdict in ("physician_first", "stop") and len(result.notes) == 8
    notes = " ".join(result.notes)
    assert "read as 'headache'" in notes and "did you mean 'working'?" in notes
    for name, value in (("fever", "perhaps"), ("shunt", "workng"), ("stroke_tia", 3), ("seizure", ["first"])):
        one = screen(QUIET | {"answers": {name: value}})
        assert one.verdict == "physician_first" and [ask.field for ask in one.asks] == [name], name
    beside = screen({"id": "b", "age_years": 40, "fever": "yes", "headache": "none", "answers": {}})
    assert beside.verdict == "stop" and "stands beside the answers" in beside.notes[0]
    assert screen(QUIET | {"answers": {"remarks": "none", "colour": "blue"}}).verdict == "no_listed_contraindication"


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [
        ("stroke_weeks", "3 months", 13.0),
        ("head_injury_weeks", "ten days", 10 / 7),
        ("aneurysm_size_mm", "0.9 cm", 9.0),
        ("fever_c", "101.3 F", 38.5),
        ("inr", "4,8", 4.8),
        ("lumbar_puncture_days", "2 weeks", 14.0),
        ("blood_pressure", "205 over 120 mmHg", "205/120"),
        ("anticoagulant", "Eliquis", "doac"),
        ("bleed_weeks", "~ 6", 6.0),
        ("pregnancy_bleeding", "yes", "now"),
    ],
)
def test_odd_units_and_words_are_read(name, written, value):
    read = read_client({"age_years": 40, "answers": {name: written}})
    assert read.answers[name] == (value if isinstance(value, str) else pytest.approx(value, abs=0.01)), read.notes


def test_age_in_other_units():
    assert read_client({"age_years": "3 months"}).age_years == pytest.approx(0.25, abs=0.01)
    assert read_client({"age_years": "41"}).age_years == 41 and read_client({"age_years": "old"}).age_years is None


@pytest.mark.parametrize("raw", [[1], "x", {"answers": [1]}, {"answers": "none"}, 5])
def test_what_is_no_client_is_refused(raw):
    with pytest.raises(CisternaError):
        screen(raw)


def test_unknown_that_could_hide_a_stop_is_physician_first_and_absence_is_not():
    assert screen({"age_years": 40, "answers": {}}).verdict == "no_listed_contraindication"
    for name in ("anticoagulant", "saddle_numbness", "shunt", "new_weakness_numbness", "suicidal_thoughts"):
        result = screen({"age_years": 40, "answers": {name: "unknown"}})
        assert result.verdict == "physician_first" and result.reasons[0].startswith("ask:"), name
        assert [ask.field for ask in result.asks] == [name]


def test_complete_asks_for_the_core_and_is_content_when_it_is_answered():
    assert screen(QUIET, complete=True).verdict == "physician_first"
    answers = {q.id: q.codes[0] if q.codes else 0 for q in core_questions(QUIET)}
    assert screen(QUIET | {"answers": answers}, complete=True).verdict == "no_listed_contraindication"
    answers.pop("stroke_tia")
    open_one = screen(QUIET | {"answers": answers}, complete=True)
    assert open_one.verdict == "physician_first" and "stroke_tia" in open_one.reasons[0]


def test_age_is_required():
    assert "age" in screen({"answers": {"headache": "none"}}).reasons[0]


def test_infant_conditions_and_guardian():
    infant = {
        "age_years": 0.5,
        "answers": {"age_months_corrected": 6, "medical_check": "yes", "guardian_present": "yes"},
    }
    result = screen(infant)
    assert result.allows_session
    assert {"no_load_on_fontanelle", "no_neck_flexion", "no_neck_rotation", "guardian_present", "infant_preset"} <= set(
        result.conditions
    )
    alone = screen({"age_years": 0.5, "answers": infant["answers"] | {"guardian_present": "no"}})
    assert alone.unmet == ("guardian_present",) and not alone.allows_session
    assert (alone.verdict, alone.urgency) == ("stop", "none") and "guardian" in alone.reasons[0]
    with pytest.raises(CisternaError, match="no session"):
        alone.require_session()


def test_a_session_cannot_start_past_a_stop():
    screen(QUIET).require_session()
    for answers in ({"fever": "yes"}, {"shunt": "working"}):
        with pytest.raises(CisternaError, match="no session"):
            screen({"age_years": 40, "answers": answers}).require_session()


def test_model_numbers_raise_and_never_lower():
    quiet = screen(QUIET)
    assert raise_with_model(quiet, {"icp_peak": 19.9, "dicp": 9.0}).verdict == quiet.verdict
    assert raise_with_model(quiet, {"icp_peak": 20.0}).verdict == "physician_first"
    assert raise_with_model(quiet, {"icp_peak": 22.0}).verdict == "stop"
    assert raise_with_model(quiet, {"compliance": 0.4}).verdict == "physician_first"
    stop = screen({"age_years": 40, "answers": {"fever": "yes", "neck_stiffness": "yes"}})
    low = raise_with_model(stop, {"icp_peak": -5.0, "dicp": 0.0})
    assert (low.verdict, low.urgency, low.reasons) == (stop.verdict, stop.urgency, stop.reasons)
    high = raise_with_model(stop, {"icp_peak": 20.5})
    assert (high.verdict, high.urgency) == ("stop", "emergency") and len(high.reasons) == len(stop.reasons) + 1
    with pytest.raises(CisternaError, match="did you mean 'icp_peak'"):
        raise_with_model(quiet, {"icp_peek": 1.0})
    with pytest.raises(CisternaError, match="finite"):
        raise_with_model(quiet, {"dicp": float("nan")})


def test_words_of_every_verdict_clear_nobody():
    texts = [report([screen(QUIET), screen({"age_years": 40, "answers": {"chiari": "yes"}})])]
    told = {"id": "L", "age_years": 40, "answers": {"chiari": "yes"}, "free_text": 'I said "hello".'}
    texts.append(letter(screen(told), told))
    for text in texts:
        assert text.count(DISCLAIMER) == 1
        assert not re.search(r"\b(?:cleared|proceed|diagnosis of)\b", text)
    assert "no listed contraindication reported" in texts[0]
    assert set(screen(QUIET).as_dict()) == {"id", "verdict", "urgency", "reasons"}


def test_the_letter_tells_facts_reasons_plan_and_wishes():
    told = {
        "id": "L7",
        "age_years": 66,
        "sex": "f",
        "answers": {"anticoagulant": "doac", "inr": 2.5, "neck_pain": "known"},
        "free_text": "Apixaban since 2020.",
    }
    text = letter(screen(told), told)
    for part in (
        "66 years old, female",
        "anticoagulant: doac",
        "inr: 2.5",
        "Apixaban since 2020",
        "practice 6: anticoagulants",
        "about 5 gf",
        "What we would like to know",
        "No session takes place until you have answered",
    ):
        assert part in text
    infant = {"age_years": 0.25, "answers": {"fever": "yes"}}
    assert "3 months old" in letter(screen(infant), infant)


def test_random_answers_never_break_it():
    draw = random.Random(3)
    names = list(questions())
    for _ in range(300):
        answers = {}
        for name in draw.sample(names, 12):
            question = questions()[name]
            answers[name] = draw.choice([*question.codes, question.high, question.low, "unknown", None, "x", True])
        result = screen(
            {"age_years": draw.choice([0.1, 1, 9, 30, 80, None]), "sex": draw.choice("fm"), "answers": answers}
        )
        assert result.verdict in VERDICTS and result.urgency in URGENCIES
        assert result.urgency != "emergency" or result.verdict == "stop"
        assert result.verdict in ("care", "no_listed_contraindication") or result.reasons
        assert result.sentence()


def test_import_is_light():
    code = (
        "import sys, time; start = time.process_time(); import cisterna.sessions.screening; "
        "print(time.process_time() - start, any(m in sys.modules for m in ('jax', 'numpy', 'scipy', 'pint', 'xarray')))"
    )
    seconds, heavy = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert heavy == "False" and float(seconds) < 0.3
