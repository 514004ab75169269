"""A letter to the physician in plain words: what was reported, why we ask, what is planned, what we want to know."""

from __future__ import annotations

from collections.abc import Mapping

from cisterna.sessions.screening.client import Client, read_client
from cisterna.sessions.screening.engine import DISCLAIMER, Screening
from cisterna.sessions.screening.questions import questions

_URGENCY = {
    "emergency": "We have asked the client to call the emergency number or to come to you at once.",
    "same_day": "We have asked the client to see a doctor today.",
    "routine": "No session takes place until you have answered.",
    "none": "This letter is for your information.",
}
_PLAN = (
    "Planned, if you see no objection: light touch with the hands on head, neck, back and pelvis, about 5 gf (0.05 N), "
    "held for minutes, the client dressed, lying on the back or side. Measured hands of practitioners press more than "
    "that at times. No thrust, no stretching of the neck. The evidence for a benefit is weak; the method replaces no "
    "treatment."
)


def letter(screening: Screening, client: Mapping | Client) -> str:
    """Letter about one screening.

    Parameters
    ----------
    screening : Screening
        Result of `screen` for this client.
    client : mapping or Client
        What was told. The letter repeats it and draws no diagnosis.

    Examples
    --------
    >>> told = {"id": "A7", "age_years": 45, "sex": "m", "answers": {"shunt": "working", "headache": "none"}}
    >>> from cisterna.sessions.screening import screen
    >>> text = letter(screen(told), told)
    >>> print(text.splitlines()[0])
    To the physician of client A7
    >>> "shunt" in text, text.count("This is not medical advice and clears nobody.")
    (True, 1)
    """
    told = client if isinstance(client, Client) else read_client(client)
    lines = [f"To the physician of client {told.id}", "", _opening(told), ""]
    lines += ["What the client reported (as told, not examined by us):", *_facts(told)]
    if told.free_text.strip():
        lines += ["", "In the client's own words:", f'  "{_short(told.free_text)}"']
    if screening.reasons:
        lines += [
            "",
            "Why we ask (our list of contraindications, with source; these are reasons for caution, not findings):",
            *(f"  - {reason}" for reason in screening.reasons),
        ]
    lines += ["", _URGENCY[screening.urgency], "", _PLAN, "", "What we would like to know:", *_wishes(screening)]
    if screening.asks:
        lines += [
            "",
            "Not clear to us from the questionnaire:",
            *(f"  - {ask.question} ({ask.why})" for ask in _unique(screening)),
        ]
    return "\n".join([*lines, "", "With thanks", "", DISCLAIMER])


def _opening(client: Client) -> str:
    age = (
        "age not told"
        if client.age_years is None
        else f"{client.age_years * 12:.0f} months old"
        if client.infant
        else f"{client.age_years:.0f} years old"
    )
    sex = {"f": ", female", "m": ", male"}.get(client.sex, "")
    return (
        "Dear colleague in care, a client of ours (" + age + sex + ") asked for a session of light manual touch. "
        "Before a session we ask about reasons for caution and found some we cannot judge."
    )


def _facts(client: Client) -> list[str]:
    rows = []
    for name, value in client.answers.items():
        question = questions()[name]
        if question.group == "gates":
            continue
        shown = (
            f"{value:g} {question.unit}".rstrip(" 1")
            if isinstance(value, float) and question.unit == "1"
            else f"{value:g} {question.unit}"
            if isinstance(value, float)
            else str(value).replace("_", " ")
        )
        rows.append(f"  - {name.replace('_', ' ')}: {shown}")
    return rows or ["  - no answer was given"]


def _wishes(screening: Screening) -> list[str]:
    wishes = [
        "  - Is there a reason against light touch or lying still for about 50 minutes?",
        "  - Are there positions, areas or movements to avoid?",
    ]
    if screening.verdict == "stop":
        wishes.insert(0, "  - Please examine first; we do nothing before the cause is treated. When may we ask again?")
    if any("anticoagulant" in r or "bleeding" in r for r in screening.reasons):
        wishes.append("  - Is the blood clotting in its target range?")
    if any(word in r for r in screening.reasons for word in ("neck", "spine", "cord", "Down", "laxity")):
        wishes.append("  - Is the neck stable?")
    return wishes


def _unique(screening: Screening) -> list:
    seen: dict[str, object] = {}
    for ask in screening.asks:
        seen.setdefault(ask.question, ask)
    return list(seen.values())


def _short(text: str, longest: int = 600) -> str:
    text = " ".join(text.split()).replace('"', "'")
    return text if len(text) <= longest else text[:longest].rsplit(" ", 1)[0] + " ..."
