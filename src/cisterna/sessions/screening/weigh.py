"""Answers and words weighed together: words may raise an answer, never lower one, except a benign "unknown".

The result is the set of facts the rules look at, with a note for every fact that came from words and a
question for everything that has to be asked back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from cisterna.sessions.screening import findings as text
from cisterna.sessions.screening import words
from cisterna.sessions.screening.client import Client
from cisterna.sessions.screening.expression import Node
from cisterna.sessions.screening.lexicon import cues
from cisterna.sessions.screening.questions import limits, questions

_RECENT = 26.0


@dataclass(frozen=True)
class Ask:
    """Something to ask back: the question, why, and the field it fills ("" when free)."""

    question: str
    why: str
    field: str = ""


@dataclass
class Weighed:
    """Facts for the rules.

    Attributes
    ----------
    answers : dict
        Field to code or number after weighing.
    origin : dict
        Field to the words it was taken from, for every fact that did not come from a tick.
    contradicted : dict
        Field to the words that speak against a harmless tick.
    asks : list of Ask
    """

    client: Client
    answers: dict[str, str | float]
    origin: dict[str, str] = field(default_factory=dict)
    contradicted: dict[str, str] = field(default_factory=dict)
    asks: list[Ask] = field(default_factory=list)
    definitions: dict[str, Node] = field(default_factory=dict)
    epileptic: list[bool] = field(default_factory=list)

    def value(self, name: str) -> str | float | None:
        """Answer code or number of a field, of age and of blood pressure; None when missing."""
        if name == "age_years":
            return self.client.age_years
        if name == "age_months":
            return None if self.client.age_years is None else self.client.age_years * 12
        if name in ("systolic", "diastolic"):
            pressure = self.answers.get("blood_pressure")
            if not isinstance(pressure, str) or "/" not in pressure:
                return None
            return float(pressure.split("/")[name == "diastolic"])
        return self.answers.get(name)

    def limit(self, name: str) -> float:
        """Number of the limits table."""
        return limits()[name]

    def holds(self, name: str) -> bool | None:
        """Truth of a named definition; None when there is none."""
        node = self.definitions.get(name)
        return None if node is None else node.test(self)


def weigh(client: Client, definitions: dict[str, Node]) -> Weighed:
    """Join answers and words of one client.

    Parameters
    ----------
    client : Client
    definitions : dict
        Named conditions of the rule tables.

    Examples
    --------
    >>> said = "Last Tuesday I fell off the ladder on my head."
    >>> c = Client(age_years=62, answers={"head_injury": "no"}, free_text=said)
    >>> w = weigh(c, {})
    >>> w.answers["head_injury"], round(float(w.answers["head_injury_weeks"]), 1), sorted(w.contradicted)
    ('yes', 0.6, ['head_injury'])
    """
    weighed = Weighed(client, dict(client.answers), definitions=definitions)
    told = text.find(client)
    weighed.epileptic = [f.state == "now" for f in told if f.concept.name == "epilepsy"]
    for finding in told:
        if finding.state == "now":
            _take(weighed, finding)
    _take_numbers(weighed)
    _fill_times(weighed, told)
    _old_onset(weighed)
    _benign_thinner(weighed)
    _shy(weighed)
    return weighed


def _take(weighed: Weighed, finding: text.Finding) -> None:
    concept = finding.concept
    if concept.kind in ("event", "event_local", "loss"):
        _take_event(weighed, finding)
        return
    value = finding.value
    question = questions()[concept.field]
    known = weighed.client.answers.get(concept.field)
    if known in concept.unless or (concept.unless and any(weighed.epileptic)):
        _again(weighed, finding, str(known))
        return
    if concept.lasting and finding.passed and "yes_resolved" in question.codes:
        value = "yes_resolved"
    taken = _raise(weighed, concept.field, value, finding)
    if taken:
        for name, code in concept.also.items():
            _raise(weighed, name, code, finding)
        if concept.neuro and finding.weeks is not None and "symptom_onset_hours" not in weighed.answers:
            weighed.answers["symptom_onset_hours"] = finding.weeks * 168
        if concept.days and finding.weeks is not None and concept.days not in weighed.answers:
            weighed.answers[concept.days] = finding.weeks * 7


def _again(weighed: Weighed, finding: text.Finding, known: str) -> None:
    """A fresh seizure told beside a controlled epilepsy speaks against the tick."""
    days = None if finding.weeks is None else finding.weeks * 7
    time = weighed.answers.get(finding.concept.days)
    if (
        known == "controlled"
        and days is not None
        and days < limits()["seizure_free"]
        and (not isinstance(time, float) or time > days)
    ):
        weighed.answers[finding.concept.days] = days
        weighed.contradicted[finding.concept.days] = finding.words
        weighed.asks.append(
            Ask(questions()[finding.concept.days].text, f'told in words: "{finding.words}"', finding.concept.days)
        )


def _raise(weighed: Weighed, name: str, code: str, finding: text.Finding) -> bool:
    """Put a told code in place of a missing or less serious one; note contradiction with a harmless tick."""
    question = questions()[name]
    ticked = weighed.client.answers.get(name)
    now = weighed.answers.get(name)
    if isinstance(now, str) and question.rank(now) >= question.rank(code):
        return False
    stated = isinstance(ticked, str) and ticked != "unknown"
    harmless = stated and question.rank(str(ticked)) == 0
    named_only = finding.concept.kind in ("illness", "event", "event_local", "state")
    if stated and (not finding.strong or (named_only and not harmless)):
        if harmless:
            why = f'ticked {ticked}; the words may mean something else: "{finding.words}"'
            weighed.asks.append(Ask(question.text, why, name))
        return False
    weighed.answers[name] = code
    weighed.origin[name] = finding.words
    if harmless:
        weighed.contradicted[name] = finding.words
    if stated:
        weighed.asks.append(Ask(question.text, f'ticked {ticked}, told in words: "{finding.words}"', name))
    elif code != "stopped":
        weighed.asks.append(Ask(question.text, f'told in words: "{finding.words}"', name))
    return True


def _take_event(weighed: Weighed, finding: text.Finding) -> None:
    concept = finding.concept
    time = concept.time_field
    has_field = concept.field in questions()
    told = concept.in_time_unit(finding.weeks) if finding.weeks is not None else None
    ticked = weighed.client.answers.get(time) if time else None
    if isinstance(ticked, float):
        recent = finding.weeks is not None and finding.weeks < limits()["head_injury"]
        if not (finding.strong and recent and told is not None and told * 4 < ticked):
            return
        weighed.contradicted[time] = finding.words
        weighed.asks.append(Ask(questions()[time].text, f'{ticked:g} ticked, told in words: "{finding.words}"', time))
    if finding.weeks is not None and finding.weeks >= _RECENT:
        if concept.old_value and concept.field not in weighed.answers:
            weighed.answers[concept.field] = concept.old_value
            weighed.answers.setdefault(time, told if told is not None else text.old_weeks())
        return
    if finding.passed and finding.weeks is None and not finding.strong:
        return
    if has_field:
        before = weighed.answers.get(concept.field)
        if not _raise(weighed, concept.field, finding.value, finding) and before is None:
            return
        if before is not None and weighed.answers.get(concept.field) == before and before != finding.value:
            return
    elif time in weighed.client.answers and weighed.client.answers[time] == "none" and not finding.strong:
        return
    if not time:
        return
    known = weighed.answers.get(time)
    if told is not None and (not isinstance(known, float) or told < known):
        weighed.answers[time] = told
        weighed.origin.setdefault(time, finding.words)
    elif told is None and known is None and not has_field and finding.strong:
        weighed.answers[time] = "unknown"
        weighed.origin.setdefault(time, finding.words)
        weighed.asks.append(Ask(questions()[time].text, f'told in words without its time: "{finding.words}"', time))
    if weighed.client.answers.get(time) == "none" and not has_field:
        weighed.contradicted[time] = finding.words
        if known == "none" and told is None:
            weighed.answers[time] = "unknown"


def _take_numbers(weighed: Weighed) -> None:
    for name, value, means, said in text.told_numbers(weighed.client):
        if name == "fever_f":
            name, value = "fever_c", (value - 32) / 1.8
        question = questions()[name]
        if not weighed.client.asked(question.who) or weighed.answers.get(name) not in (None, "unknown"):
            continue
        if name == "pregnant_weeks" and weighed.answers.get("pregnant") == "no":
            continue
        weighed.answers[name] = value
        weighed.origin[name] = said
        for field_name, code in means.items():
            ticked = weighed.answers.get(field_name)
            if ticked in (None, "unknown"):
                weighed.answers[field_name] = code
                weighed.origin[field_name] = said
            elif ticked != code:
                weighed.contradicted[field_name] = said
    if weighed.answers.get("blood_pressure") in (None, "unknown") and not weighed.client.infant:
        pressure = text.pressure_told(weighed.client)
        if pressure:
            weighed.answers["blood_pressure"] = pressure
            weighed.origin["blood_pressure"] = "blood pressure told in words"


_TIMED = {
    "head_injury": "head_injury_weeks",
    "stroke_tia": "stroke_weeks",
    "intracranial_bleed": "bleed_weeks",
    "seizure": "last_seizure_days",
    "skull_fracture": "skull_fracture_weeks",
    "dvt": "dvt_weeks",
}


def _fill_times(weighed: Weighed, told: list[text.Finding]) -> None:
    """Words may tell when a ticked event was: an old one is then no flag any more."""
    for name, time in _TIMED.items():
        ticked = weighed.client.answers.get(name)
        if ticked in (None, "no", "none", "unknown", "uncontrolled") or weighed.answers.get(time) not in (None,):
            continue
        times = [
            f.weeks for f in told if f.concept.field == name and f.weeks is not None and f.state in ("now", "past")
        ]
        weeks = min(times) if times else text.old_weeks() if text.all_old(weighed.client) else None
        if weeks is not None:
            weighed.answers[time] = weeks * 7 if time.endswith("days") else weeks
            weighed.asks.append(Ask(questions()[time].text, "the time was taken from the words", time))


def _old_onset(weighed: Weighed) -> None:
    """An abrupt onset ticked beside no or a known stable headache is history when the words only tell of years ago."""
    onset = weighed.client.answers.get("headache_onset")
    quiet = weighed.answers.get("headache") in ("none", "known_stable")
    if onset in ("thunderclap", "sudden") and quiet and text.all_old(weighed.client):
        del weighed.answers["headache_onset"]
        weighed.asks.append(Ask(questions()["headache_onset"].text, "told of years ago; today too?", "headache_onset"))


def _benign_thinner(weighed: Weighed) -> None:
    """ "Blood thinner: unknown" that the words explain by supplements alone counts as none; it is still asked."""
    ticked = weighed.client.answers.get("anticoagulant")
    if weighed.answers.get("anticoagulant") != "unknown" or weighed.client.answers.get("bleeding_signs") == "yes":
        return
    said = words.normalise(weighed.client.free_text)
    supplements = str(weighed.client.answers.get("supplements", "")).lower()
    named = cues("supplements").search(said) or cues("supplements").search(supplements)
    if not named or cues("real_drug").search(said) or not cues("nothing_else").search(said):
        return
    if ticked is None and not supplements:
        return
    weighed.answers["anticoagulant"] = "none"
    weighed.answers["supplements_explain"] = "yes"
    weighed.origin.pop("anticoagulant", None)
    weighed.asks = [ask for ask in weighed.asks if ask.field != "anticoagulant"]
    weighed.asks.append(
        Ask(questions()["anticoagulant"].text, "only supplements are named in words; please confirm", "anticoagulant")
    )


def _shy(weighed: Weighed) -> None:
    said = words.normalise(weighed.client.free_text)
    match = cues("shy").search(said)
    if match:
        around = said[max(0, match.start() - 60) : match.end() + 60]
        weighed.asks.append(
            Ask(
                "You write that something was hard to tell or ticked differently. What is it, in your own words?",
                f'told in words: "...{around}..."',
            )
        )
        if re.search(r"\b(?:no|not|none|nothing)$", match.group(0)) and not weighed.contradicted:
            weighed.answers["ticked_otherwise"] = "yes"
