"""The reference table: what the body `axis` gives in four experiments, beside published ranges.

Takes a minute or so: rest, supine and seated, a bolus, an infusion.

    cisterna table
    cisterna table --json --quiet
"""

from __future__ import annotations

from typing import Annotated

import typer

from cisterna.outside import terminal
from cisterna.outside.commands._observed import show_observed
from cisterna.outside.terminal import Progress


def command(
    as_json: Annotated[bool, typer.Option("--json", help='Print {"observed": [...]}.')] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="No progress.")] = False,
) -> None:
    from cisterna.model.solver.machine import enable_cache, one_processor
    from cisterna.protocol.execute import REFERENCE, reference_table

    one_processor()
    enable_cache()
    with Progress("reference table", quiet) as step:

        def tell(name: str, share: float) -> None:
            step((REFERENCE.index(name) + share) / len(REFERENCE), name)

        rows = reference_table(progress=tell)
    if as_json:
        terminal.emit({"observed": rows})
        return
    screen = terminal.out()
    screen.title("Reference table", "typical adult, body axis; computed beside published ranges")
    screen.blank()
    show_observed(screen, rows)
