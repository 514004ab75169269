"""Contraindication screening: interview or file in, verdict with reasons out.

FILE holds one client as a JSON object {"id", "age_years", "sex", "answers": {...}, "free_text"}, a list of them,
or one a line (.jsonl); - reads standard input. Without FILE you are asked. With --json one object
{"id", "verdict", "urgency", "reasons"} is printed for each client, one a line when the file holds several.

This is not medical advice and clears nobody.

    cisterna screen
    cisterna screen client.json
    cisterna screen clients.jsonl --json
    cisterna screen client.json --letter letter.txt
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cisterna.ground.errors import CisternaError
from cisterna.outside import terminal
from cisterna.outside.terminal import Mark

if TYPE_CHECKING:
    from cisterna.sessions.screening import Client, Screening

#: Largest file of clients, bytes.
LARGEST = 50_000_000
#: Up to so many clients are told in full.
FULL = 3
_KIND = {"stop": "stop", "physician_first": "physician", "care": "care", "no_listed_contraindication": "none_listed"}


def command(
    file: Annotated[str, typer.Argument(help="Clients: .json, .jsonl, or - for standard input.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, one object for each client.")] = False,
    letter: Annotated[str, typer.Option("--letter", help="Write a letter to the physician to this file.")] = "",
    complete: Annotated[
        bool, typer.Option("--complete", help="A core question left open means physician first (as when asked).")
    ] = False,
) -> None:
    from cisterna.sessions.screening import screen

    if file:
        several, clients = read_clients(file)
    else:
        from cisterna.outside.commands._interview import interview

        several, clients, complete = False, [interview()], True
    if letter and len(clients) != 1:
        mend = "screen one client at a time"
        raise CisternaError("a letter is about one client", found=f"{len(clients)} clients", mend=mend)
    results = [screen(client, complete=complete) for client in clients]
    if letter:
        _letter(results[0], clients[0], letter)
    if as_json:
        for result in results:
            terminal.emit(result.as_dict(), line=several)
        return
    if len(results) <= FULL:
        for result in results:
            _full(result)
    else:
        _table(results)
    _disclaimer()


def read_clients(name: str) -> tuple[bool, list[Any]]:
    """(whether the file is a list, its clients); every one is parsed before any is judged.

    Raises
    ------
    CisternaError
        No such file, not UTF-8, not JSON (with the line), an answer given twice, no client at all.
    """
    text, where = _text(name), "standard input" if name == "-" else name
    try:
        whole = _parse(text, where)
    except json.JSONDecodeError as error:
        if "\n" in text.strip() and (name.endswith("l") or name == "-"):
            return True, _lines(text, where)
        found = f"line {error.lineno}, column {error.colno}: {error.msg}"
        mend = "one JSON object, a list of them, or a file .jsonl with one a line"
        raise CisternaError("the file is not JSON", where, found, mend) from None
    clients = whole if isinstance(whole, list) else [whole]
    if not clients:
        raise CisternaError("the file holds no client", where)
    return isinstance(whole, list) or name.endswith(".jsonl"), clients


def _lines(text: str, where: str) -> list[Any]:
    clients = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            clients.append(_parse(line, f"{where}, line {number}"))
        except json.JSONDecodeError as error:
            found = f"column {error.colno}: {error.msg}"
            raise CisternaError("a line is not JSON", f"{where}, line {number}", found, "one object a line") from None
    return clients


def _parse(text: str, where: str) -> Any:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for key in {key for key, _ in pairs}:
            if sum(key == other for other, _ in pairs) > 1:
                # JSON would silently keep the last: an answer could hide another.
                raise CisternaError(f"'{key[:60]}' is given twice", where, mend="keep the right one")
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=once)
    except RecursionError:
        raise CisternaError("the file is nested too deeply for a client", where) from None


def _text(name: str) -> str:
    try:
        if name == "-":
            return sys.stdin.read()
        file = Path(name)
        if not file.is_file():
            raise CisternaError("no such file", where=name, mend="give a file with clients, or none to be asked")
        if file.stat().st_size > LARGEST:
            raise CisternaError("the file is too large for clients", where=name, mend="50 MB at most")
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise CisternaError("the file is not UTF-8 text", where=name, mend="save it as UTF-8") from None
    except (OSError, ValueError) as error:
        raise CisternaError("the file cannot be read", where=repr(name)[:120], found=str(error)[:120]) from None


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
    rows = [
        [r.id, Mark(_KIND[r.verdict], r.verdict.replace("_", " ")), r.urgency.replace("_", " "), "; ".join(r.reasons[:1])]
        for r in results
    ]
    screen.table(["client", "verdict", "help", "first reason"], rows)
    screen.blank()


def _disclaimer() -> None:
    from cisterna.sessions.screening import DISCLAIMER

    terminal.out().line(DISCLAIMER)
