"""`screen`: answers and words to a verdict with urgency, reasons, questions to ask back and conditions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from cisterna.ground.errors import CisternaError
from cisterna.sessions.screening.client import Client, read_client
from cisterna.sessions.screening.questions import Question, questions, read_table
from cisterna.sessions.screening.rules import URGENCIES, VERDICTS, Rule, definitions, fired
from cisterna.sessions.screening.weigh import Ask, Weighed, weigh

DISCLAIMER = "This is not medical advice and clears nobody."
_IN_WORDS = {
    "stop": "stop: no session; the cause comes first",
    "physician_first": "physician first: no session until a doctor has answered",
    "care": "care: a session is possible, adapted",
    "no_listed_contraindication": "no listed contraindication reported",
}
_HELP = {
    "emergency": "Medical help now: call the emergency number.",
    "same_day": "See a doctor today.",
    "routine": "See a doctor within days or weeks, before a session.",
    "none": "",
}


@dataclass(frozen=True)
class Screening:
    """The result for one client.

    Attributes
    ----------
    verdict : str
        stop | physician_first | care | no_listed_contraindication.
    urgency : str
        Medical help: emergency | same_day | routine | none. Emergency always goes with stop.
    reasons : tuple of str
        "source: why", gravest first.
    asks : tuple of Ask
        Questions to ask back.
    conditions : tuple of str
        Ids of ``conditions.csv`` a session has to keep.
    unmet : tuple of str
        Conditions already told not to be met (no guardian present): no session until they are.
    notes : tuple of str
        Answers that could not be read, and how they were taken.
    rules : tuple of str
        Ids of the rules that held.
    """

    id: str
    verdict: str
    urgency: str
    reasons: tuple[str, ...] = ()
    asks: tuple[Ask, ...] = ()
    conditions: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    facts: dict[str, str | float] = field(default_factory=dict, compare=False, repr=False)

    @property
    def allows_session(self) -> bool:
        """Whether nothing listed stands against a session; never a clearance."""
        return self.verdict in ("care", "no_listed_contraindication") and not self.unmet

    def sentence(self) -> str:
        """One line: verdict in words, urgency in words, first reason."""
        parts = [_IN_WORDS[self.verdict] + "."]
        if _HELP[self.urgency]:
            parts.append(_HELP[self.urgency])
        if self.reasons:
            parts.append("Because of " + self.reasons[0] + ".")
        if self.unmet:
            parts.append("Not before: " + "; ".join(condition_text(c) for c in self.unmet) + ".")
        return " ".join(parts)

    def as_dict(self) -> dict:
        """id, verdict, urgency, reasons: the form of the vignettes."""
        return {"id": self.id, "verdict": self.verdict, "urgency": self.urgency, "reasons": list(self.reasons)}

    def require_session(self) -> None:
        """Raise when a session may not start.

        Raises
        ------
        CisternaError
            Verdict stop or physician_first, or a condition that is told not to be met.
        """
        if not self.allows_session:
            raise CisternaError(
                "no session: " + _IN_WORDS[self.verdict]
                if not self.unmet or self.verdict in ("stop", "physician_first")
                else "no session: a condition is not met",
                where=self.id,
                found="; ".join(self.reasons[:3] if self.verdict in ("stop", "physician_first") else self.unmet),
                mend=_HELP[self.urgency] or "; ".join(condition_text(c) for c in self.unmet),
            )


def condition_text(name: str) -> str:
    """A session condition in words."""
    return _condition_texts().get(name, name)


@cache
def _condition_texts() -> dict[str, str]:
    return {row["id"]: row["text"] for row in read_table("conditions.csv")}


def screen(client: Mapping | Client, *, complete: bool = False) -> Screening:
    """Screen one client.

    Parameters
    ----------
    client : mapping or Client
        Keys id, age_years, sex, answers {field: value}, free_text.
    complete : bool
        False (files, vignettes): a field that is absent was not asked or left empty and changes nothing;
        only an answer ``unknown`` that could hide something does. True (interview, session): every core
        question that concerns the client must be answered; one still open means physician_first.

    Returns
    -------
    Screening

    Raises
    ------
    CisternaError
        The client is no object of the expected form.

    Examples
    --------
    >>> s = screen({"id": "A", "age_years": 45, "sex": "m", "answers": {"shunt": "working", "headache": "none"}})
    >>> s.verdict, s.urgency, s.reasons[0]
    ('physician_first', 'routine', 'practice 6: shunt in place')
    >>> screen({"id": "B", "age_years": 30, "answers": {"headache": "none"}}).sentence()
    'no listed contraindication reported.'
    """
    told = read_client(client)
    weighed = weigh(told, definitions())
    hits = fired(weighed)
    findings = [(rule.verdict, rule.urgency, rule.sentence) for rule in hits if rule.reason]
    asks = list(weighed.asks)
    findings += _unknown(weighed, hits, asks)
    findings += _special(weighed, told)
    findings += _contradicted(weighed)
    if complete:
        findings += _open_core(weighed, told, asks)
    verdict = max((f[0] for f in findings), key=VERDICTS.index, default=VERDICTS[0])
    urgency = max((f[1] for f in findings), key=URGENCIES.index, default="none")
    findings.sort(key=lambda f: (-VERDICTS.index(f[0]), -URGENCIES.index(f[1])))
    shown = tuple(dict.fromkeys(text for v, _, text in findings if VERDICTS.index(v) >= 1 or "contradiction" in text))
    conditions = tuple(dict.fromkeys(c for rule in hits for c in rule.conditions))
    unmet = tuple(
        name
        for name, field_name in (("guardian_present", "guardian_present"), ("child_assent", "child_assent"))
        if name in conditions and weighed.answers.get(field_name) == "no"
    )
    return Screening(
        told.id,
        verdict,
        urgency,
        shown,
        tuple(dict.fromkeys(asks)),
        conditions,
        unmet,
        tuple(told.notes),
        tuple(rule.id for rule in hits),
        dict(weighed.answers),
    )


def _unknown(weighed: Weighed, hits: list[Rule], asks: list[Ask]) -> list[tuple[str, str, str]]:
    """An answer "unknown" that could hide a stop or a doctor-first is judged as doctor first and asked back."""
    found = []
    for name, value in weighed.answers.items():
        question = questions().get(name)
        if value != "unknown" or question is None or not weighed.client.asked(question.who):
            continue
        asks.append(Ask(question.text, "answered unknown", name))
        verdict, urgency = question.if_unknown
        if verdict:
            found.append((verdict, urgency, f"ask: {name} not known"))
    return found


def _contradicted(weighed: Weighed) -> list[tuple[str, str, str]]:
    """A harmless tick that the words contradict counts like "unknown"; what the words say is judged besides."""
    found = []
    for name, words in weighed.contradicted.items():
        verdict, urgency = questions()[name].if_unknown
        reason = f'contradiction: {name} ticked otherwise, told in words ("{words}")'
        found.append((verdict or "no_listed_contraindication", urgency or "none", reason))
    return found


def _special(weighed: Weighed, client: Client) -> list[tuple[str, str, str]]:
    found = []
    if client.age_years is None and "age_months_corrected" not in client.answers:
        found.append(("physician_first", "routine", "ask: age not told; the age preset is required"))
        weighed.asks.append(Ask("How old is the client?", "the age preset is required", "age_years"))
    if weighed.answers.get("supplements_explain") == "yes":
        found.append(
            ("care", "none", "ask: blood thinner not known, only supplements told; lightest touch until confirmed")
        )
    if weighed.answers.get("ticked_otherwise") == "yes":
        found.append(("physician_first", "routine", "ask: the words say that an answer was ticked otherwise than true"))
    return found


def _open_core(weighed: Weighed, client: Client, asks: list[Ask]) -> list[tuple[str, str, str]]:
    """Core questions that concern this client and are still open."""
    names = [
        q for q in core_questions(client) if q.id not in weighed.answers and (q.when is None or q.when.test(weighed))
    ]
    asks.extend(Ask(question.text, "not answered yet", question.id) for question in names)
    if not names:
        return []
    shown = ", ".join(q.id for q in names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    return [("physician_first", "routine", f"ask: not answered yet: {shown}")]


def core_questions(client: Mapping | Client) -> list[Question]:
    """Core questions that concern a client, in order."""
    told = client if isinstance(client, Client) else read_client(client)
    return [q for q in questions().values() if q.core and told.asked(q.who)]


def report(screenings: list[Screening] | Screening) -> str:
    """Results in words, the disclaimer once at the end.

    Examples
    --------
    >>> print(report(screen({"id": "A", "age_years": 30, "answers": {"touch_aversion": "yes"}})))
    A: care: a session is possible, adapted. Because of practice 6: touch aversion.
      condition  touch areas, order and a stop word are agreed before and kept
    This is not medical advice and clears nobody.
    """
    items = [screenings] if isinstance(screenings, Screening) else list(screenings)
    lines = []
    for item in items:
        lines.append(f"{item.id}: {item.sentence()}")
        lines += [f"  because    {reason}" for reason in item.reasons[1:]]
        lines += [
            f"  condition  {condition_text(name)}"
            for name in item.conditions
            if item.allows_session or name in item.unmet
        ]
        lines += [f"  ask        {ask.question} ({ask.why})" for ask in item.asks]
        lines += [f"  note       {note}" for note in item.notes]
    return "\n".join([*lines, DISCLAIMER])
