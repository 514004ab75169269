"""The claims of the therapy: list, one in full, or run as an experiment with a verdict.

    cisterna claims
    cisterna claims --json
    cisterna claims show C-055
    cisterna claims run E1 --fast --seed 1
    cisterna claims run C-055 --json
"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from cisterna.ground.errors import UnknownName
from cisterna.outside import terminal
from cisterna.outside.terminal import Cell, Mark, Progress

if TYPE_CHECKING:
    from cisterna.claims.claim import Statement
    from cisterna.recordings.recording import Recording

command = typer.Typer(invoke_without_command=True)

_STATES: dict[str, Cell] = {"works": Mark("ok", "works"), "later": "later"}


@command.callback()
def every(
    context: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help='Print {"claims": [...]}, all columns.')] = False,
) -> None:
    if context.invoked_subcommand is not None:
        return
    from cisterna.claims.table import claims_table

    rows = claims_table()
    if as_json:
        terminal.emit({"claims": [asdict(row) for row in rows]})
        return
    screen = terminal.out()
    cells: list[list[Cell]] = [
        [row.id, _STATES[row.state], row.mode, Mark(row.grade, row.grade), row.claim] for row in rows
    ]
    heads = ["claim", "state", "mode", "grade", "says"]
    if not screen.tty:  # a pipe has room for the evidence too
        heads.append("evidence")
        for line, row in zip(cells, rows, strict=True):
            line.append(row.evidence)
    screen.table(heads, cells)
    screen.blank()
    grades = Counter(row.grade for row in rows)
    works = sum(row.state == "works" for row in rows)
    screen.line(f"{len(rows)} claims: {', '.join(f'{n} {grade}' for grade, n in grades.items())}; {works} work today")
    screen.hint("one in full: cisterna claims show C-055")


@command.command("show")
def show(
    name: Annotated[str, typer.Argument(help="A row of the table, e.g. C-055.", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """One claim in full: evidence, prediction, state.

    \b
        cisterna claims show C-055
    """
    from cisterna.claims.table import claim_row

    row = claim_row(name)
    if as_json:
        terminal.emit(asdict(row))
        return
    screen = terminal.out()
    screen.title(row.id, row.topic)
    screen.fact("claim", row.claim)
    screen.fact("grade", Mark(row.grade, row.grade))
    screen.fact("state", _STATES[row.state])
    for label, text in (
        ("because", row.reason),
        ("try", row.command),
        ("mode", row.mode),
        ("evidence", f"{row.evidence} ({row.source_status})"),
        ("prediction", row.prediction),
    ):
        if text:
            screen.fact(label, text)


@command.command("run")
def run(
    name: Annotated[str, typer.Argument(help="An experiment (E1) or a row of the table (C-055).", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole answer as one JSON object.")] = False,
    fast: Annotated[bool, typer.Option("--fast", help="Main case only, half the draws.")] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of the draws; the same seed gives the same answer.")] = 0,
    rhythm: Annotated[
        str, typer.Option("--rhythm", help="What makes the rhythm in the world as taught: pressurestat or prm.")
    ] = "pressurestat",
    extensions: Annotated[
        list[str] | None, typer.Option("--with", metavar="FILE.py", help="Claims of your own; may be repeated.")
    ] = None,
    recordings: Annotated[
        list[str] | None,
        typer.Option("--recording", metavar="FILE", help="What E4 and E5 are judged by; may be repeated."),
    ] = None,
    channels: Annotated[
        str, typer.Option("--channels", help="Names of the channels, e.g. head=CH1,sacrum=CH2,breath=RESP,abp=ART.")
    ] = "",
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    """Run a claim and judge it.

    The verdict in the established body and in the world as taught, single switches turned over, and what it
    would take to change the answer.

    \b
        cisterna claims run E1
        cisterna claims run C-055 --fast --json
        cisterna claims run E4
        cisterna claims run E4 --recording two.csv --channels head=A,sacrum=B,breath=RESP,heart=PPG,abp=ABP

    E4 and E5 are decided by recordings only; without any the verdict is "undecided: no data", with what is needed.
    """
    from cisterna.claims.claim import claim
    from cisterna.claims.run import run_claim
    from cisterna.model.solver.machine import enable_cache
    from cisterna.worlds.world import RHYTHMS

    if rhythm not in RHYTHMS:
        raise UnknownName("rhythm", rhythm, list(RHYTHMS))
    asked = claim(name, extensions or [])
    given = [_load(file, channels) for file in recordings or []]
    enable_cache()
    with Progress(f"claim {asked.name}", quiet) as step:
        parts = _parts(asked, fast)
        done = 0

        def tell(words: str) -> None:
            nonlocal done
            step(min(done / parts, 1.0), words.removeprefix(f"{asked.name}: "))
            done += 1

        verdict = run_claim(asked, seed=seed, fast=fast, rhythm=rhythm, progress=tell, recordings=given)
    if as_json:
        terminal.emit(verdict.as_dict())
        return
    screen = terminal.out()
    for line in verdict.text().splitlines():
        if line.startswith("verdict "):
            screen.fact("verdict", Mark(verdict.verdict.partition(":")[0], verdict.verdict))
        else:
            print(screen.text(line), file=screen.stream)


def _parts(asked: Statement, fast: bool) -> int:
    """Steps of a run, for the progress line."""
    from cisterna.claims.claim import Claim

    if not isinstance(asked, Claim):
        return 2 if fast else 6
    return 1 + 2 * len(asked.switches) + (1 if fast else len(asked.cases()))


def _load(file: str, channels: str) -> Recording:
    """A recording with its channels named; a name pair keeps the other channels out."""
    from cisterna.outside.commands._pairs import pairs
    from cisterna.recordings.load import load

    return load(file, channels=pairs(channels.split(","), "--channels") if channels else None)
