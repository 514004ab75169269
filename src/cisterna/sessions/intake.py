"""Intake of a simulated person: the questionnaire answered for somebody who does not exist."""

from __future__ import annotations

from typing import Any

from cisterna.model.condition import Condition


def virtual_client(age: float, sex: str, conditions: tuple[Condition, ...] = ()) -> dict[str, Any]:
    """Answers of a simulated person: every core question harmless, plus what the conditions bring.

    A report says that these answers were generated. A real client's answers come from a file or an interview.
    """
    from cisterna.sessions.screening.engine import core_questions
    from cisterna.sessions.screening.questions import questions

    client: dict[str, Any] = {"id": "simulated", "age_years": age, "sex": sex, "answers": {}, "free_text": ""}
    minor = age < 18.0
    client["answers"]["answered_by"] = "parent" if minor else "self"
    known = questions()
    for question in core_questions(client):
        if question.id != "answered_by" and question.codes:
            client["answers"][question.id] = question.codes[0]
    for made in conditions:
        for name, value in made.answers.items():
            if name in known:
                client["answers"][name] = value
        client["free_text"] = " ".join(filter(None, [client["free_text"], made.words]))
    return client
