"""Free text: negation, other people, time, contradiction, and what words may and may not change."""

import csv
import json
import random
from pathlib import Path

import pytest

from cisterna.sessions.screening import screen
from cisterna.sessions.screening.client import Client
from cisterna.sessions.screening.findings import find
from cisterna.sessions.screening.rules import VERDICTS, definitions
from cisterna.sessions.screening.weigh import weigh
from cisterna.sessions.screening.when import find_times
from cisterna.sessions.screening.words import Sentence, denied, normalise, sentences

HERE = Path(__file__).parent


def _rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def _told(words: str, **answers) -> dict:
    return {"id": "w", "age_years": 40, "sex": "f", "answers": answers, "free_text": words}


@pytest.mark.parametrize("row", _rows("phrases.csv"), ids=lambda row: row["words"][:40])
def test_a_phrase_means_its_answer(row):
    client = Client(age_years=40, sex="f", free_text=row["words"], answers={"answered_by": "self"})
    answers = weigh(client, definitions()).answers
    if row["expected"] == "-":
        assert screen(client).verdict in ("no_listed_contraindication", "care"), answers
        return
    name, _, value = row["expected"].partition("=")
    got = answers.get(name)
    assert abs(got - float(value)) < 1.5 if isinstance(got, float) else got == value, answers


def test_quiet_words_of_healthy_people_raise_nothing():
    wrong = []
    for row in _rows("quiet.csv"):
        answers = {"answered_by": row["by"], "medical_check": "yes"}
        result = screen({"age_years": float(row["age"]), "sex": "f", "answers": answers, "free_text": row["words"]})
        if result.verdict not in ("care", "no_listed_contraindication"):
            wrong.append((row["words"], result.reasons))
    assert not wrong


def test_alarming_words_alone_are_mostly_understood():
    right = 0
    rows = _rows("phrases_verdict.csv")
    for row in rows:
        age = 73 if "73" in row["words"] else 34
        verdict = screen({"age_years": age, "sex": "f", "answers": {}, "free_text": row["words"]}).verdict
        right += verdict == "stop" if row["expected"] == "stop" else verdict in ("stop", "physician_first")
    assert right >= 0.95 * len(rows)


@pytest.mark.parametrize(
    ("text", "word", "expected"),
    [
        ("no fever", "fever", True),
        ("never had fever", "fever", True),
        ("no rash, stiff neck or fever", "fever", True),
        ("fever: no", "fever", True),
        ("fever I have not", "fever", True),
        ("no doctor yet and fever since monday", "fever", False),
        ("not better, fever is high", "fever", False),
        ("i do not know why but fever came", "fever", False),
        ("no sleep because of fever", "fever", False),
    ],
)
def test_denial(text, word, expected):
    text = normalise(text)
    start = text.index(word)
    assert denied(Sentence(text), start, start + len(word)) is expected


def test_a_question_answered_with_no_is_denied():
    parts = sentences(normalise("Fever? No. Arm numb? Yes."))
    assert [part.answered_no for part in parts if "fever" in part.text or "numb" in part.text] == [True, False]


@pytest.mark.parametrize(
    ("text", "kind", "weeks"),
    [
        ("ten days ago", "past", 10 / 7),
        ("half a year ago", "past", 26),
        ("since two day", "lasting", 2 / 7),
        ("as a child", "past", 1000),
        ("in 2009", "past", 1000),
        ("yesterday", "past", 0.2),
        ("in july", "past", None),
        ("gone since", "over", None),
    ],
)
def test_time_in_words(text, kind, weeks):
    mark = next(t for t in find_times(text) if t.kind == kind)
    assert mark.weeks == (None if weeks is None else pytest.approx(weeks))


@pytest.mark.parametrize(
    "words",
    [
        "My mother had a stroke last week and my father has an aneurysm.",
        "My brother fell on his head yesterday.",
        "My husband had a stroke in March. He can not speak since then.",
    ],
)
def test_another_persons_illness_is_not_the_clients(words):
    assert screen(_told(words)).verdict == "no_listed_contraindication"


def test_a_relative_who_reports_about_the_client_is_heard():
    assert screen(_told("My husband says one side of my mouth hangs since this morning.")).urgency == "emergency"


def test_a_parent_writes_about_the_child_not_about_herself():
    base = {"age_years": 0.6, "answers": {"answered_by": "parent", "age_months_corrected": 7, "medical_check": "yes"}}
    assert (
        screen(base | {"free_text": "(mother) I had pre-eclampsia and a seizure at birth. She laughs."}).verdict
        == "care"
    )
    assert (
        screen(base | {"free_text": "(mother) Since yesterday she is floppy and hard to wake."}).urgency == "emergency"
    )


def test_old_is_old_and_yesterday_is_now():
    assert screen(_told("I fell off the ladder on my head five years ago.")).verdict == "no_listed_contraindication"
    assert screen(_told("I fell off the ladder on my head yesterday.")).verdict == "physician_first"
    assert screen(_told("As a child I had seizures.")).verdict == "no_listed_contraindication"


def test_words_against_a_tick_are_a_contradiction_and_judged_safe():
    result = screen(_told("Last Tuesday I slipped off the ladder on my head.", head_injury="no"))
    assert result.verdict == "physician_first"
    assert any("contradiction: head_injury" in reason for reason in result.reasons)
    assert any(ask.field == "head_injury" for ask in result.asks)


def test_a_passed_deficit_still_counts_but_not_after_years():
    now = screen(_told("My arm went dead for ten minutes yesterday, then it was fine.", new_weakness_numbness="no"))
    assert (now.verdict, now.urgency) == ("stop", "emergency")
    assert screen(_told("My arm went dead once, six years ago.")).verdict == "no_listed_contraindication"


def test_an_unknown_thinner_explained_by_supplements_is_asked_not_refused():
    said = "Unknown because of fish oil and vitamin E. I take no other medicine."
    benign = screen(_told(said, anticoagulant="unknown", supplements="fish oil"))
    assert benign.verdict == "care" and any(ask.field == "anticoagulant" for ask in benign.asks)
    assert screen(_told("Fish oil, and a pill for the heart.", anticoagulant="unknown")).verdict == "physician_first"
    assert screen(_told(said, anticoagulant="unknown", bleeding_signs="yes")).verdict == "physician_first"
    assert screen(_told(said, anticoagulant="doac")).verdict == "physician_first", "words never lower a clear answer"


def test_words_supply_the_time_of_an_old_event_that_was_ticked_without_it():
    assert (
        screen(_told("Fell off the swing when I was seven.", head_injury="yes")).verdict == "no_listed_contraindication"
    )
    assert screen(_told("Fell off the swing.", head_injury="yes")).verdict == "physician_first"


def test_a_shy_tick_is_asked_back():
    result = screen(_told("I ticked no because of the woman at the desk.", bladder_bowel_change="no"))
    assert result.verdict == "physician_first" and result.asks


def test_words_never_lower_a_verdict():
    own = [json.loads(line) for line in (HERE / "vignettes_own.jsonl").read_text(encoding="utf-8").splitlines()]
    texts = [row["words"] for row in _rows("quiet.csv")]
    draw = random.Random(7)
    for vignette in own[::3]:
        answers = vignette["answers"]
        times = {"head_injury", "stroke_tia", "seizure", "intracranial_bleed", "skull_fracture", "dvt"}
        if answers.get("anticoagulant") == "unknown" or times & set(answers):
            continue
        bare = screen({**vignette, "free_text": ""})
        with_words = screen({**vignette, "free_text": draw.choice(texts)})
        assert VERDICTS.index(with_words.verdict) >= VERDICTS.index(bare.verdict), vignette["id"]


@pytest.mark.parametrize(
    "text", ["head " * 4000, "no, " * 5000, "(" * 20000, "39.5 " * 4000, "\u202e\U0001f600\x07" * 3000]
)
def test_hostile_text_is_read_in_bounded_time(text):
    assert screen(_told(text)).verdict in VERDICTS


@pytest.mark.parametrize(
    ("words", "verdict"),
    [
        ("Hydrocephalus was found last week, it has not been treated.", "stop"),
        ("Hydrocephalus since birth, treated with a valve in 1990.", "physician_first"),
        ("An aneurysm of 9 mm, coiling is planned in May.", "stop"),
        ("An aneurysm of 9 mm, coiled in May two years ago.", "physician_first"),
        ("A lumbar puncture is booked for next week.", "no_listed_contraindication"),
        ("They did a lumbar puncture last week.", "stop"),
        ("Back operation was offered, I declined.", "no_listed_contraindication"),
        ("Back operation three weeks ago.", "stop"),
    ],
)
def test_planned_or_refused_is_not_done(words, verdict):
    assert screen(_told(words)).verdict == verdict


def test_hints_count_only_beside_an_unknown():
    said = "When it is very bad I think the tram would be quick."
    assert screen(_told(said, suicidal_thoughts="unknown")).urgency == "emergency"
    assert screen(_told(said, suicidal_thoughts="none")).verdict == "no_listed_contraindication"
    assert screen(_told("I love my life.", suicidal_thoughts="unknown")).verdict == "physician_first"


def test_medical_words_are_read_with_a_letter_wrong_and_common_words_left_alone():
    assert screen(_told("I take xaralto.")).verdict == "physician_first"
    assert screen(_told("They found an anurysm of 9 mm.")).verdict == "stop"
    for word in ("conclusion", "strike", "numbers", "forces", "pleasure", "direction", "structure"):
        assert normalise(word) == word


def test_a_likeness_is_no_other_person_and_two_sentences_may_belong_together():
    assert screen(_told("My hand writes like a child since Wednesday.")).urgency == "emergency"
    assert screen(_told("I keep the insulin of my late husband. One night I may use all of it.")).verdict == "stop"


def test_what_would_be_is_not_what_is():
    assert screen(_told("If I had a stroke I would come to you.")).verdict == "no_listed_contraindication"


def test_findings_carry_their_state():
    states = {
        f.concept.name: f.state for f in find(Client(age_years=50, free_text="No fever. I am afraid of a stroke."))
    }
    assert states["fever"] == "denied" and states["stroke"] == "feared"
