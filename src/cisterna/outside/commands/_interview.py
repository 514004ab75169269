"""The screening interview: question after question on the terminal, each answer checked at once."""

from __future__ import annotations

import sys
from typing import Any

from cisterna.ground.errors import CisternaError
from cisterna.outside import terminal
from cisterna.sessions.screening import Client
from cisterna.sessions.screening.questions import Question, questions
from cisterna.sessions.screening.rules import definitions
from cisterna.sessions.screening.weigh import weigh

_BACK = "back"
_HOW = "Enter leaves a question open, ? means not known, 'back' returns to the question before, Ctrl-C stops."


def interview() -> Client:
    """Ask everything that concerns the client and return what was told.

    Raises
    ------
    CisternaError
        The input ended before the last question: half an interview gives no verdict.
    """
    screen = terminal.err()
    screen.title("Screening", "answers stay on this computer; nothing is stored")
    screen.hint(_HOW)
    client = Client(age_years=_age(), sex=_sex())
    asked: list[str] = []
    while (question := _next(client, asked)) is not None:
        answer = _ask(question)
        if answer == _BACK:
            if asked:
                client.answers.pop(asked.pop(), None)
            continue
        asked.append(question.id)
        if answer is not None:
            client.answers[question.id] = answer
    client.free_text = _line("In your own words: what brings you, and is there anything else? ")
    return client


def _next(client: Client, asked: list[str]) -> Question | None:
    """The first question that concerns the client, is due by the answers so far, and was not asked yet."""
    facts = weigh(client, definitions())
    for question in questions().values():
        due = question.id not in asked and client.asked(question.who)
        if due and (question.when is None or question.when.test(facts)):
            return question
    return None


def _ask(question: Question) -> Any:
    """An answer, None when left open, or the word that goes back."""
    terminal.err().blank()
    terminal.err().paragraph(question.text)
    while True:
        said = _line(f"  [{question.choices}] ")
        if said.lower() == _BACK:
            return _BACK
        answer, wrong = question.read(said)
        if not wrong:
            return answer
        terminal.err().hint("  " + wrong.removeprefix(f"{question.id}: ").replace("treated as missing", "please again"))


def _age() -> float | None:
    while True:
        said = _line("Age in years (decimals for infants): ").replace(",", ".")
        if not said or said == "?":
            return None
        try:
            age = float(said)
        except ValueError:
            age = -1.0
        if 0 <= age <= 120:
            return age
        terminal.err().hint("  a number from 0 to 120, please")


def _sex() -> str:
    while True:
        said = _line("Sex (f, m, Enter to leave open): ").lower()[:1]
        if said in ("f", "m", "", "?"):
            return said.replace("?", "")


def _line(prompt: str) -> str:
    stream = terminal.err()
    print(stream.text(prompt), end="", file=stream.stream, flush=True)
    said = sys.stdin.readline()
    if not said:
        print(file=stream.stream)
        mend = "answer to the last question, or give a file: cisterna screen FILE.json"
        raise CisternaError("the interview ended early: no verdict", mend=mend)
    return said.strip()
