"""Contraindication screening: interview or file in, verdict with reasons out.

FILE holds one client as a JSON object {"id", "age_years", "sex", "answers": {...}, "free_text"}, a list of them,
or one a line (.jsonl). Without FILE you are asked. With --json one object {"id", "verdict", "urgency", "reasons"}
is printed for each client, one a line when the file is a list or .jsonl.

This is not medical advice and clears nobody.

    cisterna screen
    cisterna screen client.json
    cisterna screen clients.jsonl --json
    cisterna screen client.json --complete --letter letter.txt
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cisterna.ground.errors import CisternaError
from cisterna.outside import terminal
from cisterna.outside.terminal import Cell, Mark

if TYPE_CHECKING:
    from cisterna.sessions.screening import Question, Screening

#: Up to so many clients are told in full.
FULL = 3
_KIND = {"stop": "stop", "physician_first": "physician", "care": "care", "no_listed_contraindication": "none_listed"}


def command(
    file: Annotated[str, typer.Argument(help="Clients: a file .json or .jsonl.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object for each client.")] = False,
    letter: Annotated[str, typer.Option("--letter", help="Write a letter to the physician to this file.")] = "",
    complete: Annotated[
        bool, typer.Option("--complete", help="A core question left open means physician first (as when asked).")
    ] = False,
) -> None:
    from cisterna.sessions import screening

    if file:
        clients = screening.read_clients(file)
        several = len(clients) > 1 or file.lower().endswith(".jsonl")
    else:
        clients, several, complete = [_interview()], False, True
    if letter and len(clients) != 1:
        mend = "screen one client at a time"
        raise CisternaError("a letter is about one client", found=f"{len(clients)} clients", mend=mend)
    for number, client in enumerate(clients, 1):
        client.setdefault("id", f"client {number}")
    # All are judged before anything is printed or written.
    results = [screening.screen(client, complete=complete) for client in clients]
    if letter:
        terminal.write_text(letter, screening.letter(results[0], clients[0]) + "\n")
    if as_json:
        for result in results:
            terminal.emit(result.as_dict(), line=several)
        return
    if len(results) <= FULL:
        for result in results:
            _full(result)
    else:
        _table(results)
    screen = terminal.out()
    if letter:
        screen.fact("letter", letter)
    screen.line(screening.DISCLAIMER)


def _interview() -> dict:
    from cisterna.sessions import screening

    screen = terminal.err()
    screen.title("Screening", "answers stay on this computer; nothing is stored")
    screen.hint("Enter leaves a question open, ? means not known, Ctrl-C stops.")
    return screening.interview(_ask)


def _ask(question: Question) -> str:
    """The answer as typed. The end of the input is no answer: half an interview gives no verdict."""
    screen = terminal.err()
    screen.blank()
    screen.paragraph(question.text)
    print(screen.text(f"  [{question.choices}] "), end="", file=screen.stream, flush=True)
    said = sys.stdin.readline()
    if not said:
        screen.blank()
        mend = "answer to the last question, or give a file: cisterna screen FILE.json"
        raise CisternaError("the interview ended early: no verdict", mend=mend)
    return said.strip()


def _full(result: Screening) -> None:
    from cisterna.sessions.screening.engine import condition_text

    screen = terminal.out()
    # "stop: no session; the cause comes first. Medical help now ..." -> word and rest.
    sentence = result.sentence()
    cut = next((k for k, c in enumerate(sentence) if c in ":."), len(sentence))
    screen.title(result.id)
    screen.verdict(Mark(_KIND[result.verdict], sentence[:cut]), sentence[cut + 1 :].strip())
    facts = [("because", reason) for reason in result.reasons[1:]]
    kept = [name for name in result.conditions if result.allows_session or name in result.unmet]
    facts += [("condition", condition_text(name)) for name in kept]
    facts += [("ask", f"{ask.question} ({ask.why})") for ask in result.asks]
    facts += [("note", note) for note in result.notes]
    for label, text in facts:
        screen.fact(label, text, indent=2)
    screen.blank()


def _table(results: list[Screening]) -> None:
    screen = terminal.out()
    rows: list[list[Cell]] = []
    for result in results:
        verdict = Mark(_KIND[result.verdict], result.verdict.replace("_", " "))
        rows.append([result.id, verdict, result.urgency.replace("_", " "), "; ".join(result.reasons[:1])])
    screen.table(["client", "verdict", "help", "first reason"], rows)
    screen.blank()
