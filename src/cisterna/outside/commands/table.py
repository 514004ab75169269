"""The reference table: what a body gives in its experiments, beside the reference.

Rest, posture, a bolus and a withdrawal, an infusion, breath and carbon dioxide; takes half a minute or so. Outcomes of
the reference are counted, one vote a group; inputs, bounds, parameters and limits without a source are shown beside.
Rows that are not met are shown as they come out: see docs/whole.md.

    cisterna table
    cisterna table --body axis
    cisterna table --json --quiet
"""

from __future__ import annotations

from typing import Annotated

import typer

from cisterna.outside import terminal
from cisterna.outside.commands._observed import show_observed
from cisterna.outside.terminal import Progress


def command(
    body: Annotated[str, typer.Option("--body", help="whole or axis.")] = "whole",
    as_json: Annotated[bool, typer.Option("--json", help='Print {"observed": [...]}.')] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    from cisterna.model.solver.machine import enable_cache, one_processor

    one_processor()  # before NumPy starts a thread for every processor it sees
    from cisterna.protocol.execute import TABLES, reference_table

    names = TABLES.get(body, ())
    enable_cache()
    with Progress("reference table", quiet) as step:

        def tell(name: str, share: float) -> None:
            step((names.index(name) + share) / len(names), name)

        rows = reference_table(body, progress=tell)
    if as_json:
        terminal.emit({"observed": rows})
        return
    screen = terminal.out()
    screen.title("Reference table", f"typical adult, body {body}; computed beside the reference")
    screen.blank()
    show_observed(screen, rows)
