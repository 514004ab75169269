"""The questionnaire as a conversation: only what concerns this client, follow-ups only where needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from cisterna.sessions.screening.client import Client, read_client
from cisterna.sessions.screening.engine import screen
from cisterna.sessions.screening.questions import AGE, SEX, WORDS, Question, questions
from cisterna.sessions.screening.rules import definitions
from cisterna.sessions.screening.weigh import weigh

_TRIES = 2
"""How often an unreadable answer is asked again before it counts as missing."""


def questions_for(client: Mapping | Client) -> list[Question]:
    """Questions still open for a client, given what is answered so far.

    Core questions that concern the client and follow-ups whose condition holds; answered ones are left out.

    Examples
    --------
    >>> names = [q.id for q in questions_for({"age_years": 50, "sex": "m", "answers": {"headache": "new"}})]
    >>> "headache_onset" in names, "pregnant" in names, "fontanelle" in names
    (True, False, False)
    """
    told = client if isinstance(client, Client) else read_client(client)
    weighed = weigh(replace(told, free_text=""), definitions())
    found = []
    for question in questions().values():
        if question.id in told.answers or not told.asked(question.who):
            continue
        if question.when.test(weighed) if question.when else question.core:
            found.append(question)
    return found


def interview(ask: Callable[[Question], str], *, client_id: str = "client") -> dict:
    """Ask a client and return the answers in the form `screen` reads.

    Parameters
    ----------
    ask : callable
        Gets a Question, returns the answer as typed; "" leaves it open.
    client_id : str
        Any name that tells nobody who it is.

    Returns
    -------
    dict
        id, age_years, sex, answers, free_text. To be screened with ``complete=True``.

    Notes
    -----
    Ends early when an answer already means an emergency: help first, paper later.

    Examples
    --------
    >>> quiet = {"age_years": "40", "sex": "m", "answered_by": "self"}
    >>> told = interview(lambda q: quiet.get(q.id, q.codes[0] if q.codes else "none"))
    >>> from cisterna.sessions.screening import screen
    >>> screen(told, complete=True).verdict
    'no_listed_contraindication'
    """
    told: dict = {"id": client_id, "answers": {}}
    answers: dict[str, str | float] = told["answers"]
    for question in (AGE, SEX):
        told[question.id] = _answer(ask, question)
    skipped: set[str] = set()
    while True:
        open_now = [q for q in questions_for(told) if q.id not in skipped]
        if not open_now:
            break
        question = open_now[0]
        value = _answer(ask, question)
        if value is None:
            skipped.add(question.id)
        else:
            answers[question.id] = value
            if screen(told).urgency == "emergency":
                return told
    told["free_text"] = str(_answer(ask, WORDS) or "")
    _ask_back(ask, told, skipped)
    return told


def _answer(ask: Callable[[Question], str], question: Question) -> str | float | None:
    """One question, asked again when the answer cannot be read."""
    shown = question
    for _ in range(_TRIES + 1):
        typed = str(ask(shown) or "").strip()
        value, wrong = question.read(typed)
        if not wrong:
            return value
        told = wrong.replace(" Treated as not known.", "").replace("; treated as not known", "")
        shown = replace(question, text=f"{question.text} ({told})")
    return None


def _ask_back(ask: Callable[[Question], str], told: dict, skipped: set[str]) -> None:
    """What the words opened is asked once, each field once."""
    done = set(told["answers"]) | skipped | {"age_years"}
    for item in screen(told).asks:
        if not item.field or item.field in done or item.field not in questions():
            continue
        question = questions()[item.field]
        done.add(item.field)
        value = _answer(ask, replace(question, text=f"{question.text} ({item.why})"))
        if value is not None:
            told["answers"][item.field] = value
