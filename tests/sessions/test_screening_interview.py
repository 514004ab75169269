"""The interview asks what concerns the client, follows up where needed, and ends when help comes first."""

import pytest

from cisterna.ground.errors import CisternaError
from cisterna.sessions.screening import interview, questions_for, screen
from cisterna.sessions.screening.questions import question, questions


class Person:
    """Answers from a table, the harmless answer otherwise; keeps what was asked."""

    def __init__(self, **answers: str) -> None:
        self.answers, self.asked = answers, []

    def __call__(self, asked) -> str:
        self.asked.append(asked.id)
        harmless = asked.codes[0] if asked.codes else "none"
        return self.answers.get(asked.id, "" if asked.id == "free_text" else harmless)


@pytest.mark.parametrize(("age", "sex"), [(40, "m"), (35, "f"), (70, "f")])
def test_a_healthy_adult_is_asked_25_to_35_questions(age, sex):
    person = Person(age_years=str(age), sex=sex)
    told = interview(person)
    assert 25 <= len(person.asked) <= 35, len(person.asked)
    result = screen(told, complete=True)
    assert result.verdict == "no_listed_contraindication" and not result.asks


def test_follow_ups_come_only_where_needed():
    person = Person(age_years="30", sex="f", headache="new", pregnant="yes")
    interview(person)
    assert {"headache_onset", "headache_position", "pregnant_weeks", "blood_pressure"} <= set(person.asked)
    assert not {"inr", "aneurysm_size_mm", "fontanelle", "stroke_weeks", "postpartum_weeks"} & set(person.asked)


def test_a_gate_opens_its_questions():
    person = Person(age_years="50", sex="m", brain_gate="yes", shunt="working")
    told = interview(person)
    assert {"shunt", "chiari", "iih"} <= set(person.asked) and screen(told, complete=True).verdict == "physician_first"


def test_an_emergency_ends_the_questions():
    person = Person(age_years="50", sex="m", headache="new", headache_onset="thunderclap")
    told = interview(person)
    assert person.asked[-1] == "headache_onset" and screen(told).urgency == "emergency"


def test_an_infant_is_asked_infant_questions_and_needs_a_guardian():
    person = Person(
        age_years="0.3",
        sex="f",
        answered_by="parent",
        medical_check="yes",
        gestation_weeks="40",
        age_months_corrected="4",
        guardian_present="yes",
        birth="normal",
    )
    told = interview(person)
    assert {"fontanelle", "guardian_present", "feeding"} <= set(
        person.asked
    ) and "suicidal_thoughts" not in person.asked
    assert screen(told, complete=True).verdict == "care"


def test_an_unreadable_answer_is_asked_again_then_left_open():
    seen = []

    def ask(asked):
        if asked.id == "headache":
            seen.append(asked.text)
            return "terible"
        return Person(age_years="40", sex="m")(asked)

    told = interview(ask)
    assert len(seen) == 3 and "no answer 'terible'" in seen[1] and "headache" not in told["answers"]
    assert screen(told, complete=True).verdict == "physician_first"


def test_what_the_words_open_is_asked_back():
    person = Person(age_years="62", sex="m", free_text="I take apixaban.", inr="none")
    told = interview(person)
    assert screen(told, complete=True).verdict == "physician_first"
    person = Person(age_years="45", sex="m", free_text="I had an operation on the spine.")
    interview(person)
    assert person.asked[-1] == "spine_surgery_weeks"


def test_questions_are_whole():
    assert all(q.text.endswith("?") for q in questions().values())
    assert not any(q.id == "headache" for q in questions_for({"age_years": 40, "answers": {"headache": "none"}}))
    with pytest.raises(CisternaError, match="did you mean 'headache'"):
        question("hedache")
